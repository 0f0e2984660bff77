//! Model-predictive control over sample paths: the number of jobs is found by playing what may come, with
//! the pool's own dynamics, and not by a formula.
//!
//! A path goes from the present rate to the nowcast's median at lead time and along the forecast's, raised
//! from lead time on by an error of its own. Errors are Laplace distributed, such that the rate that the
//! plan prepares for is exceeded as often as the objective allows: so the margin, which late events steer,
//! calibrates both alike. The fewest jobs are taken with which no more events are late, over all paths,
//! than the objective allows (a chance constraint by scenarios; Calafiore & Campi, The scenario approach to
//! robust control design, 2006).

use scaleiq_core::estimation::{Estimate, START_SPREAD};
use scaleiq_core::forecast::{HORIZONS, Q50};
use scaleiq_core::policy::{Choice, Observation, Policy, Stage};
use scaleiq_core::settings::Settings;
use scaleiq_core::units::Jobs;

/// Paths above the median. Those below it are taken for one, the median: nothing is late there first.
const PATHS: usize = 24;
/// Mean errors between two paths.
const APART: f32 = 0.5;
/// Steps in which a path is played.
const STEPS: usize = 48;

/// Fewest jobs by sample paths.
#[derive(Clone, Copy, Debug)]
pub struct SamplePaths;

impl Policy for SamplePaths {
    fn choose(&mut self, s: &Estimate, _: &Observation, settings: &Settings) -> Choice {
        let have = s.current_jobs();
        let fewest = if s.idle { Jobs(0) } else { Paths::of(s, settings).fewest() };
        let large = settings.parameters.planner.cheap.large;
        let fits = fewest <= have && have.as_f32() <= large * fewest.as_f32();
        Choice::new(Stage::Plan, if fits { have } else { fewest })
    }
}

/// What may come of an estimate.
struct Paths<'a> {
    s: &'a Estimate,
    settings: &'a Settings,
    step_s: f32,
    /// Jobs kept busy by one mean error at lead time.
    error: f32,
    steps: [Step; STEPS],
}

/// A step of all paths.
#[derive(Clone, Copy, Default)]
struct Step {
    /// Jobs that the median path keeps busy.
    need: f32,
    /// Part of an error that is there by now.
    part: f32,
    /// Share of the jobs on their way that are up.
    coming: f32,
    /// Share of those asked for now that are.
    new: f32,
}

impl<'a> Paths<'a> {
    fn of(s: &'a Estimate, settings: &'a Settings) -> Self {
        let lead_s = Settings::lead_s(s.start_up_s);
        let step_s = (2.0 * lead_s + settings.sla_s) / STEPS as f32;
        let step = |step: usize| {
            let at_s = (step as f32 + 0.5) * step_s;
            Step {
                need: s.offered_load(median_rate(s, settings, lead_s, at_s)),
                part: (at_s / lead_s).min(1.0),
                // They have been so for half of their time: nobody tells for how long.
                coming: up(at_s, 0.5 * s.start_up_s),
                new: up(at_s, s.start_up_s),
            }
        };
        let prepared = s.offered_load((s.high_rate - s.lead_rates[Q50]).max(0.0));
        let tail = (0.5 / settings.objective.late_share()).ln().max(1.0);
        Self { s, settings, step_s, error: prepared / tail, steps: std::array::from_fn(step) }
    }

    /// The fewest jobs with which no more events are late than the objective allows; the most that may be,
    /// if there are none.
    fn fewest(&self) -> Jobs {
        let limits = self.settings.limits;
        let allowed = self.settings.objective.late_share();
        let (mut low, mut high) = (limits.min().0.max(1), limits.max().0.max(1));
        while low < high {
            let middle = low + (high - low) / 2;
            if self.late(Jobs(middle)) <= allowed {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        Jobs(low)
    }

    /// Share of the events that are late with `jobs`, the mean over all paths.
    fn late(&self, jobs: Jobs) -> f32 {
        let below = 0.5 * self.played(jobs, 0.0);
        let above = (0..PATHS).map(|path| {
            let from = APART * path as f32;
            let chance = 0.5 * ((-from).exp() - (-from - APART).exp());
            chance * self.played(jobs, from + 0.5 * APART)
        });
        below + above.sum::<f32>()
    }

    /// Share of the events that are late with `jobs` on the path that is so many mean errors above the
    /// median.
    fn played(&self, jobs: Jobs, errors: f32) -> f32 {
        let Self { s, settings, step_s, error, steps } = self;
        let ready = s.ready.min(jobs).as_f32();
        let coming = s.wanted.min(jobs).as_f32() - ready;
        let new = jobs.0.saturating_sub(s.wanted.0) as f32;
        let changed = jobs.0.abs_diff(s.wanted.0) as f32;
        let stopped_s = s.standstill_s(changed) * s.ready.as_f32();
        let mut backlog_s = s.backlog_events * s.work_s + stopped_s;
        let (mut all, mut late) = (0.0, 0.0);
        for step in steps {
            let need = (step.need + errors * error * step.part).max(0.0);
            let working = ready + coming * step.coming + new * step.new;
            backlog_s = (backlog_s + (need - working) * step_s).max(0.0);
            all += need;
            if backlog_s > settings.sla_s * working {
                late += need;
            }
        }
        if all > 0.0 { late / all } else { 0.0 }
    }
}

/// The median rate so many seconds from now: from the present one to that of lead time, and on along the
/// forecast.
fn median_rate(s: &Estimate, settings: &Settings, lead_s: f32, at_s: f32) -> f32 {
    let interval_s = settings.interval.seconds() as f32;
    let later = HORIZONS.iter().zip(s.horizon_rates);
    let later = later.map(|(steps, rates)| (*steps as f32 * interval_s, rates.q50));
    let mut before = (0.0, s.rate.0);
    for then in std::iter::once((lead_s, s.lead_rates[Q50])).chain(later) {
        if then.0 <= before.0 {
            continue;
        }
        if at_s <= then.0 {
            return before.1 + (at_s - before.0) / (then.0 - before.0) * (then.1 - before.1);
        }
        before = then;
    }
    before.1
}

/// Share of jobs asked for now that are up after `at_s`, where half of them take `median_s`: the logarithm
/// of that time is nearly normal, and its distribution nearly logistic.
fn up(at_s: f32, median_s: f32) -> f32 {
    let off = (at_s / median_s.max(1e-3)).max(1e-6).ln() / START_SPREAD;
    1.0 / (1.0 + (-1.702 * off).exp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_of_the_jobs_are_up_after_the_median_time() {
        assert!((up(60.0, 60.0) - 0.5).abs() < 1e-6);
        assert!(up(0.0, 60.0) < 1e-3 && up(120.0, 60.0) > 0.97);
    }
}
