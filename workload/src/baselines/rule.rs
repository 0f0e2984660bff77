//! What a rule is, and what all rules do alike.

use scaleiq_core::sample::Sample;
use scaleiq_core::units::Jobs;

/// Decides the number of jobs from the latest sample and what it remembers.
pub trait ScalingRule {
    /// The rule's name in tables.
    fn name(&self) -> &'static str;

    /// The jobs wanted from now on.
    fn decide(&mut self, sample: &Sample) -> Jobs;
}

/// A pool that never changes.
#[derive(Clone, Copy, Debug)]
pub struct StaticRule {
    /// Knob: the size of the pool. There is no sensible default.
    pub jobs: Jobs,
}

impl ScalingRule for StaticRule {
    fn name(&self) -> &'static str {
        "static"
    }

    fn decide(&mut self, _sample: &Sample) -> Jobs {
        self.jobs
    }
}

/// Jobs that run or start.
pub(super) fn have(sample: &Sample) -> Option<Jobs> {
    let (ready, starting) = (sample.jobs_ready?, sample.jobs_starting?);
    Some(Jobs(ready.0.saturating_add(starting.0)))
}

/// Without metrics the pool stays as it is.
pub(super) fn hold(sample: &Sample, last: Option<Jobs>) -> Jobs {
    have(sample).or(last).unwrap_or(Jobs(1))
}
