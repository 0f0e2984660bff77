//! The table of the numbers that the Q-network reads: no number in it has a unit.

use super::observation::{Memory, OBSERVATION, Observation};
use super::plan::Plan;
use crate::estimation::Estimate;
use crate::forecast::{Q10, Q50, Q90, Q99};
use crate::settings::Settings;
use crate::units::Jobs;

/// Places of the horizons in [`Estimate::horizon_rates`].
const H6: usize = 0;
const H12: usize = 1;
const H24: usize = 2;

/// What the rows of the table speak of: one moment, and what follows from it.
struct Moment<'a> {
    s: &'a Estimate,
    settings: &'a Settings,
    memory: &'a Memory,
    plan: Plan,
    /// Jobs that work, at least half a one.
    ready: f32,
    /// Jobs in force, at least half a one.
    have: f32,
    /// The plan's goal, kept away from zero.
    goal: f32,
}

impl Moment<'_> {
    /// Jobs kept busy by the rate at lead time.
    fn lead(&self, quantile: usize) -> f32 {
        self.s.offered_load(self.s.lead_rates[quantile])
    }

    /// Jobs kept busy by the present rate.
    fn need_now(&self) -> f32 {
        self.s.offered_load(self.s.rate.0)
    }

    /// Jobs decided last, at least half a one; those in force before there was a decision.
    fn wanted(&self) -> f32 {
        self.memory.last_wanted.map_or(self.have, |jobs| jobs.as_f32().max(0.5))
    }

    /// log(need(rate) / have).
    fn over_have(&self, rate: f32) -> f32 {
        log_ratio(self.s.offered_load(rate), self.have)
    }
}

/// Writes the names and the function that fills an observation from one table.
macro_rules! table {
    ($moment:ident: $($name:literal => $number:expr,)+) => {
        /// What each number of an observation is. `need(x)` is jobs kept busy by rate x; `log` is the natural one.
        pub const OBSERVATION_NAMES: [&str; OBSERVATION] = [$($name),+];

        fn numbers($moment: &Moment<'_>) -> Observation {
            [$($number),+]
        }
    };
}

table! { m:
    "need(now) / ready" => m.need_now() / m.ready,
    "need(now) / have" => m.need_now() / m.have,
    "log(1 + wait / sla)" => libm::log1pf(m.s.wait_s() / m.settings.sla_s),
    "log(1 + backlog / arrivals in the sla)" => {
        libm::log1pf(m.s.backlog_events / (m.s.rate.0 * m.settings.sla_s).max(1.0))
    },
    "log(have / goal)" => log_ratio(m.have, m.goal),
    "starting / have" => m.s.starting.as_f32() / m.have,
    "log(need(lead q10) / have)" => log_ratio(m.lead(Q10), m.have),
    "log(need(lead q50) / have)" => log_ratio(m.lead(Q50), m.have),
    "log(need(lead q90) / have)" => log_ratio(m.lead(Q90), m.have),
    "log(need(lead q99) / have)" => log_ratio(m.lead(Q99), m.have),
    "log(need(h6 q50) / have)" => m.over_have(m.s.horizon_rates[H6].q50),
    "log(need(h6 q90) / have)" => m.over_have(m.s.horizon_rates[H6].q90),
    "log(need(h12 q50) / have)" => m.over_have(m.s.horizon_rates[H12].q50),
    "log(need(h12 q90) / have)" => m.over_have(m.s.horizon_rates[H12].q90),
    "log(need(h24 q50) / have)" => m.over_have(m.s.horizon_rates[H24].q50),
    "log(need(h24 q90) / have)" => m.over_have(m.s.horizon_rates[H24].q90),
    "log(h6 q50 / now)" => log_ratio(m.s.horizon_rates[H6].q50, m.s.rate.0),
    "(lead q90 - lead q10) / lead q50" => (m.lead(Q90) - m.lead(Q10)) / m.lead(Q50).max(0.05),
    "sla budget left" => m.s.budget_left.max(-3.0),
    "start-up / interval" => m.settings.start_up_s / m.settings.interval.seconds() as f32,
    "log(sla / start-up)" => log_ratio(m.settings.sla_s, m.settings.start_up_s),
    "1 / sqrt(goal)" => 1.0 / libm::sqrtf(m.goal),
    "log(last wanted / have)" => log_ratio(m.wanted(), m.have),
    "log(1 + decisions since a change) / 5" => libm::log1pf(m.memory.since_change as f32) / 5.0,
    "goal rounded up / goal - 1" => Jobs::ceil(m.goal).as_f32() / m.goal - 1.0,
    "has forecast" => if m.s.has_forecast { 1.0 } else { 0.0 },
    "log(1 + pause at a change)" => libm::log1pf(m.s.pause_s),
    "stalled" => if m.s.stalled { 1.0 } else { 0.0 },
    "log(least / goal) of the plan" => log_ratio(m.plan.least, m.plan.goal),
    "log(need(high path) / need(lead q50))" => log_ratio(m.s.offered_load(m.s.high_rate), m.lead(Q50)),
    "log(margin)" => libm::logf(m.s.margin.max(0.1)),
    "log(1 + wait at lead time / sla)" => {
        libm::log1pf(m.s.lead_backlog.median_s / (m.settings.sla_s * m.have))
    },
}

/// Puts a estimate into numbers without units.
#[must_use]
pub fn observation(s: &Estimate, settings: &Settings, memory: &Memory) -> Observation {
    let plan = Plan::new(s, settings);
    let moment = Moment {
        s,
        settings,
        memory,
        plan,
        ready: s.ready.as_f32().max(0.5),
        have: s.current_jobs().as_f32().max(0.5),
        goal: plan.goal.max(0.05),
    };
    numbers(&moment).map(|x| if x.is_finite() { x.clamp(-5.0, 5.0) } else { 0.0 })
}

/// log(a / b), both kept away from zero.
fn log_ratio(a: f32, b: f32) -> f32 {
    libm::logf(a.max(0.02) / b.max(0.02))
}
