//! The plan where jobs come and go without stopping the others.

use super::required::{Required, Waits};
use super::sizes::Plan;
use crate::estimation::Estimate;
use crate::parameters::CheapChanges;
use crate::settings::Settings;

pub(super) fn plan(s: &Estimate, settings: &Settings) -> Plan {
    let CheapChanges { patience, median_wait, high_wait, short, spare, large, .. } =
        settings.parameters.planner.cheap;
    let waits = Waits { patience, median: median_wait, high: high_wait };
    let Required { median, high } = waits.required(s, settings, 0.0);
    Plan {
        least: (median / (1.0 + short)).max(high),
        goal: (median * (1.0 + spare)).max(high),
        most: median.max(high) * large,
    }
}
