//! The promises of a decision, numbered, and a watch that checks each decision against them.
//!
//! Property tests hold random histories to them, under policies and forecasts that say anything, and the
//! running agent counts what it sees broken. `docs/promises.md` has all promises with their tests.
//!
//! | id | promise |
//! |---|---|
//! | S-1 | jobs within the limits, and steps bounded |
//! | S-2 | no change on data older than `stale_after_s` |
//! | S-3 | numbers that are not finite or negative never pass the sample gate (`sample::RawSample::gate`) |
//! | S-4 | in doubt hold: never fewer than were decided last while blind: arrivals or the backlog are missing, or a number of jobs that was told within the hour, or samples are late |
//! | S-5 | never fewer jobs than were decided last, unless as few were asked for all through the scale-down window |
//! | S-6 | a network that fails is replaced within the same decision (`policy::Dqn`) |
//! | S-7 | never fewer jobs than the present rate and backlog need, whatever is forecast, as far as jobs come up and help |
//! | J-1 | a decision that takes jobs away is durable before it is acted on |
//! | J-2 | an order that was carried out is not carried out again |
//!
//! The watch has a statement of its own of each: what it says shares no code with the guard and the
//! policies, so a fault in them is not repeated here. It computes in `f64`, and leaves a hundredth of a
//! job to what `f32` rounds.

use crate::decision::{Change, Constraint, Decision};
use crate::estimation::Estimate;
use crate::policy::Stage;
use crate::ring::Ring;
use crate::sample::{Reading, Sample};
use crate::settings::Settings;
use crate::units::{Jobs, UnixSeconds};
use serde::{Deserialize, Serialize};

/// Numbers remembered of what was asked for: a scale-down window of a sample a second.
const ASKED: usize = 120;
/// S-1: a step up of this many jobs is bounded, however small the pool is.
const SMALL_STEP: f64 = 8.0;
/// S-7: share of the SLA that the present rate may make events wait.
const WAIT: f64 = 0.7;
/// S-7: SLAs that jobs may take to start before what waits is worked off over longer than was set.
const SLOW_START_SLAS: f64 = 3.0;
/// S-7: a longer pause at a change, in seconds, makes jobs that start no help until they are up.
const PAUSE_S: f64 = 2.0;
/// What rounding may cost, in jobs and as a share of them.
const ROUNDING: (f64, f64) = (1e-2, 1e-4);

/// A promise that can be seen to be broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Promise {
    /// S-1.
    Bounds,
    /// S-2.
    Stale,
    /// S-3.
    Gate,
    /// S-4.
    Blind,
    /// S-5.
    Window,
    /// S-6.
    Fallback,
    /// S-7.
    Floor,
    /// J-1: checked where decisions are carried out.
    Durable,
    /// J-2: checked where decisions are carried out.
    Once,
}

impl Promise {
    /// All that is watched.
    pub const ALL: [Self; 9] = [
        Self::Bounds,
        Self::Stale,
        Self::Gate,
        Self::Blind,
        Self::Window,
        Self::Fallback,
        Self::Floor,
        Self::Durable,
        Self::Once,
    ];

    /// Its number.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Bounds => "S-1",
            Self::Stale => "S-2",
            Self::Gate => "S-3",
            Self::Blind => "S-4",
            Self::Window => "S-5",
            Self::Fallback => "S-6",
            Self::Floor => "S-7",
            Self::Durable => "J-1",
            Self::Once => "J-2",
        }
    }
}

/// Whether a sample holds what may pass the gate and nothing else (S-3).
#[must_use]
pub fn is_gated(sample: &Sample) -> bool {
    let Sample {
        arrivals_events, processed_events, backlog_events, queued_events, work_ms, ..
    } = *sample;
    let readings = [arrivals_events, processed_events, backlog_events, queued_events, work_ms];
    let known = readings.into_iter().filter_map(Reading::known);
    known.into_iter().all(|number| number.is_finite() && number >= 0.0)
}

/// Whether jobs are within the limits (S-1): all that can be said of a decision that was made elsewhere,
/// of which it is not known what it rests on.
#[must_use]
pub fn is_within_limits(jobs: Jobs, settings: &Settings) -> bool {
    (settings.limits.min()..=settings.limits.max()).contains(&jobs)
}

/// Checks decisions one after the other. It shares no state with what it checks.
#[derive(Clone, Debug, Default)]
pub struct Watch {
    /// What was asked for lately, before anything held it back.
    asked: Ring<(UnixSeconds, Jobs), ASKED>,
    /// What was decided last.
    last_wanted: Option<Jobs>,
}

impl Watch {
    /// The first promise that `decision` breaks. `last` is the last sample taken, `estimate` what
    /// was known of it before the decision, if it was enough to decide on. Each decision is to be shown
    /// once, in order.
    pub fn check(
        &mut self,
        decision: &Decision,
        last: Option<&Sample>,
        estimate: Option<&Estimate>,
        settings: &Settings,
    ) -> Option<Promise> {
        let broken = match estimate {
            Some(s) => self.sighted(decision, s, settings),
            None => self.blind(decision, last, settings),
        };
        self.last_wanted = Some(decision.jobs);
        broken
    }

    fn sighted(&mut self, d: &Decision, s: &Estimate, settings: &Settings) -> Option<Promise> {
        let have = self.last_wanted.unwrap_or(s.wanted);
        if !is_bounded(d.jobs, have, settings) {
            return Some(Promise::Bounds);
        }
        if !is_finite(d) {
            return Some(Promise::Fallback);
        }
        if f64::from(d.jobs.0) < floor(s, have, settings) {
            return Some(Promise::Floor);
        }
        self.window(d, s.at, have, settings)
    }

    fn window(
        &mut self,
        d: &Decision,
        at: UnixSeconds,
        have: Jobs,
        settings: &Settings,
    ) -> Option<Promise> {
        // What is asked for is the proposal, as far as it is justified, needed and of use.
        let passed = |c: &&Change| {
            matches!(c.by, Constraint::Ceiling | Constraint::ReactiveFloor | Constraint::Useless)
        };
        let asked = d.changes.iter().rfind(passed).map_or(d.proposed, |c| c.to);
        self.asked.push((at, asked));
        let window_s = i64::from(settings.scale_down_window_s);
        let within = |(then, _): &(UnixSeconds, Jobs)| at.since(*then) < window_s;
        let asked = (0..ASKED).map_while(|age| self.asked.ago(age)).take_while(within);
        let most = asked.map(|(_, jobs)| jobs).max().unwrap_or_default();
        let fewest = settings.limits.clamp(most.min(have));
        (d.jobs < have && d.jobs < fewest).then_some(Promise::Window)
    }

    fn blind(
        &mut self,
        d: &Decision,
        last: Option<&Sample>,
        settings: &Settings,
    ) -> Option<Promise> {
        let stale =
            last.is_none_or(|l| d.at.since(l.end).abs() > i64::from(settings.stale_after_s));
        // The first decision is taken at its word: what a former run decided is not known here.
        let held = settings.limits.clamp(self.last_wanted.unwrap_or(d.current_jobs));
        // Samples that say nothing leave the forecast, which may raise the number.
        let holds = if stale { d.jobs == held } else { d.jobs >= held };
        if d.stage != Stage::Hold || !holds {
            return Some(if stale { Promise::Stale } else { Promise::Blind });
        }
        None
    }
}

/// S-1: within the limits, and no further from `have` than a step, unless the limits ask for it.
fn is_bounded(jobs: Jobs, have: Jobs, settings: &Settings) -> bool {
    let [jobs, have, min, max] =
        [jobs, have, settings.limits.min(), settings.limits.max()].map(|j| f64::from(j.0));
    let most = highest_step(have, settings).max(min);
    let fewest = if have > 1.0 { have * f64::from(settings.max_step_down) } else { 0.0 };
    let rounding = ROUNDING.1 * have;
    min <= jobs && jobs <= max && jobs <= most + rounding && jobs >= fewest.min(max) - rounding
}

/// The most jobs that one step from `have` may lead to; half a job is rounded up.
fn highest_step(have: f64, settings: &Settings) -> f64 {
    (have * f64::from(settings.max_step_up) + 0.5).max(have + SMALL_STEP)
}

/// S-6: whatever a network said, what was decided on is made of numbers.
fn is_finite(d: &Decision) -> bool {
    let values = d.q_values.iter().flatten();
    let chosen = d.stage != Stage::Network || d.q_values.is_some() || d.multiplier.is_none();
    let rates = d.outlook.iter().flat_map(|o| [o.now, o.lead_q50, o.lead_q90]);
    chosen && values.copied().chain(rates).all(f32::is_finite)
}

/// S-7: fewest jobs for the present rate and what waits, as far as they come up, help, are within a
/// step of `have`, and within the limits.
fn floor(s: &Estimate, have: Jobs, settings: &Settings) -> f64 {
    let [work_s, sla_s, start_up_s] = [s.work_s, settings.sla_s, s.start_up_s].map(f64::from);
    // Jobs that take long to start cannot answer in time: what waits is worked off over as long.
    let slow_s = start_up_s - SLOW_START_SLAS * sla_s;
    let ahead_s = f64::from(settings.catch_up_s).max(slow_s).max(1.0);
    let pauses = f64::from(s.pause_s) > PAUSE_S && s.starting.0 > 0;
    let waiting = f64::from(s.backlog_events);
    let waiting_s = if s.stalled || pauses { 0.0 } else { waiting * work_s };
    let busy_s = f64::from(s.rate.0) * work_s * ahead_s;
    let need = (busy_s + waiting_s) / (ahead_s + WAIT * sla_s);
    let need = libm::ceil(need * (1.0 - ROUNDING.1) - ROUNDING.0);
    // An event that waits for no job at all waits for ever.
    let need = if waiting > 0.0 { need.max(1.0) } else { need };

    let have = f64::from(have.0);
    let lowest_step = if have > 1.0 { have * f64::from(settings.max_step_down) } else { 0.0 };
    let useful = s.max_jobs.map_or(f64::INFINITY, |jobs| f64::from(jobs.0).max(lowest_step));
    let coming = if s.overdue { have } else { f64::INFINITY };
    let [min, max] = [settings.limits.min(), settings.limits.max()].map(|j| f64::from(j.0));
    let reached = libm::floor(highest_step(have, settings) - ROUNDING.1 * have);
    need.min(reached).min(useful).min(coming).max(min).min(max)
}
