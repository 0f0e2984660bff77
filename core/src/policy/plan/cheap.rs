//! The plan where jobs come and go without stopping the others.

use super::required::{Required, Waits, median_need};
use super::sizes::Plan;
use crate::estimation::Estimate;
use crate::parameters::CheapChanges;
use crate::settings::Settings;

pub(super) fn plan(s: &Estimate, settings: &Settings) -> Plan {
    let p = &settings.parameters.planner.cheap;
    let waits = waits(p, s, settings);
    let Required { median, high } = waits.required(s, settings, 0.0);
    let bearing = |rate: f32| waits.bearing(s.offered_load(rate), 0.0, s, settings);
    let high = high.max(bearing(s.after_lead_rate));
    let before = bearing(s.until_lead_rate);
    let goal = (median * (1.0 + p.spare)).max(high);
    Plan {
        least: (median / (1.0 + p.short)).max(high),
        goal,
        // Below its need a pool would shrink only to grow again.
        kept: goal.max(before).max(median_need(s)),
        most: median.max(high).max(before) * p.large,
    }
}

/// How long may be waited: the later jobs come up, the longer a backlog takes, and the less is left to chance.
fn waits(p: &CheapChanges, s: &Estimate, settings: &Settings) -> Waits {
    let slas = (s.start_up_s / settings.sla_s.max(1.0)).max(1.0);
    let catch_ups = (Settings::lead_s(s.start_up_s) / settings.catch_up_s.max(1.0)).max(1.0);
    Waits {
        patience: p.patience * libm::powf(catch_ups, p.patience_grows),
        median: p.median_wait,
        high: p.high_wait * libm::powf(slas, -p.high_wait_fades),
    }
}
