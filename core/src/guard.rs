//! The guard has the last word on every number of jobs.
//!
//! It trusts no policy: whatever is proposed is bounded by what the present needs, by what the
//! forecast can justify, by how fast a pool may change, and by the user's limits.

use crate::decision::{Change, Constraint, MAX_CHANGES};
use crate::estimation::Estimate;
use crate::learned::learned;
use crate::parameters::GuardParams;
use crate::policy::reactive_jobs;
use crate::settings::Settings;
use crate::units::{Jobs, UnixSeconds};
use crate::window::Window;
use heapless::Vec;

/// Parts of the scale-down window that are told apart.
const PARTS: usize = 17;

/// Remembers recent proposals for the scale-down window.
#[derive(Clone, Debug, Default)]
pub struct Guard {
    proposals: Window<PARTS>,
    /// When the number of jobs was last let change, and to what.
    changed: Option<(UnixSeconds, Jobs)>,
}
learned!(Guard { proposals, changed });

/// A number on its way through the guard.
struct Passage {
    jobs: Jobs,
    changes: Vec<Change, MAX_CHANGES>,
}

impl Passage {
    fn set(&mut self, by: Constraint, to: Jobs) {
        if to != self.jobs {
            // As many places as constraints, each of which is applied once.
            let _ = self.changes.push(Change { by, from: self.jobs, to });
            self.jobs = to;
        }
    }
}

impl Guard {
    /// The number of jobs that may stand, and what changed it.
    pub fn check(
        &mut self,
        proposed: Jobs,
        s: &Estimate,
        settings: &Settings,
    ) -> (Jobs, Vec<Change, MAX_CHANGES>) {
        let mut passage = Passage { jobs: proposed, changes: Vec::new() };
        let have = s.current_jobs();
        let p = &settings.parameters.guard;

        if s.has_forecast && s.wait_s() < p.ceiling_wait * settings.sla_s {
            passage.set(Constraint::Ceiling, passage.jobs.min(ceiling(s, settings)));
        }
        passage.set(Constraint::ReactiveFloor, passage.jobs.max(reactive_floor(s, settings)));
        if let Some(most) = s.max_jobs {
            passage.set(Constraint::Useless, passage.jobs.min(most));
        }

        let windows = if s.changes_are_costly() { costly_windows(have, p) } else { 1 };
        let window_s = settings.scale_down_window_s.saturating_mul(windows);
        self.proposals.raise(s.at, passage.jobs.as_f32(), window_s);
        if passage.jobs < have {
            let since = s.at.plus(-i64::from(window_s));
            // One step down a window: what it does must show first.
            let settled = self.changed.is_none_or(|(at, _)| at <= since);
            let highest = self.proposals.highest_since(since).map_or(have, Jobs::round);
            let held = if settled { highest } else { have };
            passage.set(Constraint::ScaleDownWindow, held.min(have).max(passage.jobs));
        }
        if s.frozen {
            passage.set(Constraint::Frozen, passage.jobs.max(have));
        }
        if s.overdue {
            passage.set(Constraint::Overdue, passage.jobs.min(have));
        }
        let most = Jobs::round(have.as_f32() * settings.max_step_up);
        let most = most.max(Jobs(have.0.saturating_add(p.min_step_up)));
        passage.set(Constraint::StepUp, passage.jobs.min(most));
        let fewest = fewest(have, settings);
        passage.set(Constraint::StepDown, passage.jobs.max(fewest));
        passage.set(Constraint::Limits, settings.limits.clamp(passage.jobs));
        if self.changed.is_none_or(|(_, jobs)| jobs != passage.jobs) {
            self.changed = Some((s.at, passage.jobs));
        }
        (passage.jobs, passage.changes)
    }

    /// Takes `jobs` as let through at `at`.
    pub fn resume(&mut self, jobs: Jobs, at: UnixSeconds) {
        self.changed = Some((at, jobs));
    }

    /// Without sight, for which `by` is the reason: `held` instead of `wanted`, within limits.
    #[must_use]
    pub fn hold(
        by: Constraint,
        wanted: Jobs,
        held: Jobs,
        settings: &Settings,
    ) -> (Jobs, Vec<Change, MAX_CHANGES>) {
        let mut passage = Passage { jobs: held, changes: Vec::new() };
        // Told also where it changes nothing: it is why nothing changes.
        let _ = passage.changes.push(Change { by, from: wanted, to: held });
        passage.set(Constraint::Limits, settings.limits.clamp(passage.jobs));
        (passage.jobs, passage.changes)
    }
}

/// Scale-down windows that jobs are kept for where changes are costly.
fn costly_windows(have: Jobs, p: &GuardParams) -> u32 {
    let more = have.0.checked_div(p.jobs_a_window).unwrap_or(p.max_windows);
    p.costly_windows.saturating_add(more).min(p.max_windows)
}

/// More than this nothing justifies: the forecast's 0.99 quantile, the highest rate of the last days,
/// where the present trend leads, or the reactive rule. None of it rests on the margin.
fn ceiling(s: &Estimate, settings: &Settings) -> Jobs {
    let rate = s.max_rate.max(s.trend_rate).max(s.later_rate);
    Jobs::ceil(s.offered_load(rate)).max(reactive_jobs(s, settings))
}

/// Fewest jobs to which `have` may be lowered at once. The last one may go.
fn fewest(have: Jobs, settings: &Settings) -> Jobs {
    if have.0 <= 1 { Jobs(0) } else { Jobs::ceil(have.as_f32() * settings.max_step_down) }
}

/// Jobs below which the present rate and backlog would make events wait too long before the next
/// jobs could come: what the forecast says cannot lower it (promise S-7).
fn reactive_floor(s: &Estimate, settings: &Settings) -> Jobs {
    // More jobs are no help where the pool stands still, nor while those that start stop it.
    let stopped = s.stalled || (s.changes_are_costly() && s.starting.0 > 0);
    let backlog_s = if stopped { 0.0 } else { s.backlog_events * s.work_s };
    let ahead_s = s.catch_up_s(settings.catch_up_s, settings);
    let jobs = (s.offered_load(s.rate.0) * ahead_s + backlog_s)
        / (ahead_s + settings.parameters.guard.floor_wait * settings.sla_s);
    // An event that waits for no job at all waits for ever.
    let least = Jobs(u32::from(s.backlog_events > 0.0));
    Jobs::ceil(jobs - 1e-3).max(least)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::examples::{estimate, settings};
    use crate::units::JobLimits;
    use proptest::prelude::*;

    fn check(proposed: u32, s: &Estimate) -> (Jobs, Vec<Change, MAX_CHANGES>) {
        Guard::default().check(Jobs(proposed), s, &settings())
    }

    #[test]
    fn a_fitting_number_passes_unchanged() {
        let (jobs, changes) = check(11, &estimate(10, 100.0, 0.0));
        assert_eq!((jobs, changes.len()), (Jobs(11), 0));
    }

    #[test]
    fn the_floor_serves_the_present_and_works_a_backlog_off() {
        // 10 jobs for 90 s and 390 s of work, with 42 s of wait to spare.
        let (jobs, changes) = check(1, &estimate(10, 100.0, 3900.0));
        assert_eq!(jobs, Jobs(10));
        let (jobs, _) = check(1, &estimate(10, 100.0, 9000.0));
        assert_eq!(jobs, Jobs(14));
        assert_eq!(changes[0].by, Constraint::ReactiveFloor);
    }

    #[test]
    fn no_more_than_the_forecast_can_justify() {
        let (jobs, changes) = check(150, &estimate(10, 100.0, 0.0));
        // 1.7 times the rate is justified here.
        assert_eq!(jobs, Jobs(17));
        assert_eq!(changes[0].by, Constraint::Ceiling);
    }

    #[test]
    fn scale_down_waits_for_its_window() {
        let mut guard = Guard::default();
        let settings = settings();
        let mut s = estimate(20, 100.0, 0.0);
        assert_eq!(guard.check(Jobs(17), &s, &settings).0, Jobs(17));
        s.at = s.at.plus(60);
        s.wanted = Jobs(17);
        assert_eq!(guard.check(Jobs(12), &s, &settings).0, Jobs(17));
        s.at = s.at.plus(61);
        assert_eq!(guard.check(Jobs(12), &s, &settings).0, Jobs(12));
    }

    #[test]
    fn one_step_down_a_window() {
        let mut guard = Guard::default();
        let settings = settings();
        let mut s = estimate(20, 100.0, 0.0);
        let mut jobs = Vec::<u32, 8>::new();
        for proposed in [17, 14, 14, 12, 12, 12] {
            let (now, _) = guard.check(Jobs(proposed), &s, &settings);
            jobs.push(now.0).unwrap();
            (s.wanted, s.at) = (now, s.at.plus(60));
        }
        assert_eq!(jobs, [17, 17, 17, 14, 14, 12]);
    }

    #[test]
    fn a_pool_is_at_most_halved_and_quadrupled() {
        let mut s = estimate(40, 1.0, 0.0);
        assert_eq!(check(1, &s).0, Jobs(20));
        s = estimate(10, 1900.0, 0.0);
        assert_eq!(check(190, &s).0, Jobs(40));
        s = estimate(1, 1900.0, 0.0);
        assert_eq!(check(190, &s).0, Jobs(9));
    }

    proptest! {
        /// Promise S-1: whatever is proposed, jobs stay within limits and steps.
        #[test]
        fn limits_and_steps_always_hold(
            proposed in any::<u32>(), ready in 0u32..1000, rate in 0.0f32..1e6,
            backlog in 0.0f32..1e9, min in 0u32..50, span in 1u32..400,
        ) {
            let limits = JobLimits::new(min, min + span).unwrap();
            let settings = Settings { limits, ..settings() };
            let s = estimate(ready, rate, backlog);
            let (jobs, changes) = Guard::default().check(Jobs(proposed), &s, &settings);
            prop_assert!(jobs >= limits.min() && jobs <= limits.max());
            let most = (4 * ready).max(ready + GuardParams::DEFAULT.min_step_up).max(min);
            prop_assert!(jobs.0 <= most, "{jobs} of {ready}");
            prop_assert!(jobs.0 >= ready.div_ceil(2).min(min + span));
            prop_assert_eq!(changes.last().map_or(Jobs(proposed), |c| c.to), jobs);
        }
    }
}
