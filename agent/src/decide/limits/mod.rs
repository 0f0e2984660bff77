//! The limits in force: those configured, and what people want for a while.

mod overrides;
mod schedule;
mod store;

pub use overrides::{Draft, MAX_OVERRIDES, Override, Overrides, Pause, Refused};
pub use schedule::Schedule;
pub use store::OverrideStore;

use scaleiq_core::units::{JobLimits, Jobs, UnixSeconds};
use serde::Serialize;

/// The limits at one moment, and where they are from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LimitsInForce {
    /// The limits.
    #[serde(flatten)]
    pub limits: JobLimits,
    /// What they are beside the configured ones, in sentences; empty where they are those.
    pub why: Vec<String>,
}

impl LimitsInForce {
    /// Those configured.
    #[must_use]
    pub fn configured(limits: JobLimits) -> Self {
        Self { limits, why: Vec::new() }
    }

    /// Returns `configured` as `schedule`, and then `overrides`, change them at `now`: the later one wins. A
    /// limit that is set moves the other one where they would cross. `jobs` are in force.
    #[must_use]
    pub fn at(
        now: UnixSeconds,
        configured: JobLimits,
        schedule: &Schedule,
        overrides: &Overrides,
        jobs: Option<Jobs>,
    ) -> Self {
        let (limits, why) = schedule.apply(now, configured, jobs);
        let mut in_force = Self { limits, why };
        for entry in overrides.at(now) {
            in_force.limits = entry.apply(in_force.limits);
            in_force.why.push(entry.sentence());
        }
        in_force
    }
}

/// Limits from `min` to `max`, of which the one that was set last moves the other.
fn within(min: Jobs, max: Jobs) -> JobLimits {
    JobLimits::in_force(min.min(max), max)
}
