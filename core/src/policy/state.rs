//! The state that the Q-network reads: no number in it has a unit.

use super::Plan;
use crate::forecast::{Q10, Q50, Q90, Q99};
use crate::settings::Settings;
use crate::situation::Situation;
use crate::units::Jobs;

/// Numbers in a state.
pub const STATE: usize = 32;

/// What each number of a state is. `need(x)` is jobs kept busy by rate x; `log` is the natural one.
pub const STATE_NAMES: [&str; STATE] = [
    "need(now) / ready",
    "need(now) / have",
    "log(1 + wait / sla)",
    "log(1 + backlog / arrivals in the sla)",
    "log(have / goal)",
    "starting / have",
    "log(need(lead q10) / have)",
    "log(need(lead q50) / have)",
    "log(need(lead q90) / have)",
    "log(need(lead q99) / have)",
    "log(need(h6 q50) / have)",
    "log(need(h6 q90) / have)",
    "log(need(h12 q50) / have)",
    "log(need(h12 q90) / have)",
    "log(need(h24 q50) / have)",
    "log(need(h24 q90) / have)",
    "log(h6 q50 / now)",
    "(lead q90 - lead q10) / lead q50",
    "sla budget left",
    "start-up / interval",
    "log(sla / start-up)",
    "1 / sqrt(goal)",
    "log(last wanted / have)",
    "log(1 + decisions since a change) / 5",
    "goal rounded up / goal - 1",
    "has forecast",
    "log(1 + pause at a change)",
    "stalled",
    "log(least / goal) of the plan",
    "log(need(high path) / need(lead q50))",
    "log(margin)",
    "log(1 + wait at lead time / sla)",
];

/// A state vector; every number is finite and within -5..=5.
pub type State = [f32; STATE];

/// What the policy remembers of its own decisions.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Memory {
    /// Jobs decided last.
    pub last_wanted: Option<Jobs>,
    /// Jobs decided last on what was known, and not held.
    pub last_seen: Option<Jobs>,
    /// Decisions since the number last changed.
    pub since_change: u32,
}

/// Puts a situation into numbers without units.
#[must_use]
pub fn state(s: &Situation, settings: &Settings, memory: &Memory) -> State {
    let ready = s.ready.as_f32().max(0.5);
    let have = s.have().as_f32().max(0.5);
    let now = s.need(s.rate.0);
    let lead = |q: usize| s.need(s.lead_rates[q]);
    let plan = Plan::new(s, settings);
    let goal = plan.goal.max(0.05);
    let [h6, h12, h24] = s.horizon_rates;
    let over_have = |rate: f32| log_ratio(s.need(rate), have);
    let arrivals_in_sla = (s.rate.0 * settings.sla_s).max(1.0);
    let wanted = memory.last_wanted.map_or(have, |j| j.as_f32().max(0.5));
    let numbers = [
        now / ready,
        now / have,
        libm::log1pf(s.wait_s() / settings.sla_s),
        libm::log1pf(s.backlog_events / arrivals_in_sla),
        log_ratio(have, goal),
        s.starting.as_f32() / have,
        log_ratio(lead(Q10), have),
        log_ratio(lead(Q50), have),
        log_ratio(lead(Q90), have),
        log_ratio(lead(Q99), have),
        over_have(h6[1]),
        over_have(h6[2]),
        over_have(h12[1]),
        over_have(h12[2]),
        over_have(h24[1]),
        over_have(h24[2]),
        log_ratio(h6[1], s.rate.0),
        (lead(Q90) - lead(Q10)) / lead(Q50).max(0.05),
        s.budget_left.max(-3.0),
        settings.start_up_s / settings.interval.seconds() as f32,
        log_ratio(settings.sla_s, settings.start_up_s),
        1.0 / libm::sqrtf(goal),
        log_ratio(wanted, have),
        libm::log1pf(memory.since_change as f32) / 5.0,
        Jobs::ceil(goal).as_f32() / goal - 1.0,
        if s.has_forecast { 1.0 } else { 0.0 },
        libm::log1pf(s.pause_s),
        if s.stalled { 1.0 } else { 0.0 },
        log_ratio(plan.least, plan.goal),
        log_ratio(s.need(s.high_rate), lead(Q50)),
        libm::logf(s.margin.max(0.1)),
        libm::log1pf(s.lead_backlog_s[0] / (settings.sla_s * have)),
    ];
    numbers.map(|x| if x.is_finite() { x.clamp(-5.0, 5.0) } else { 0.0 })
}

/// log(a / b), both kept away from zero.
fn log_ratio(a: f32, b: f32) -> f32 {
    libm::logf(a.max(0.02) / b.max(0.02))
}
