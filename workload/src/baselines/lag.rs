//! KEDA's queue scalers.

use super::rule::{ScalingRule, have};
use super::stabiliser::Stabiliser;
use scaleiq_core::estimation::DEFAULT_WORK_MS;
use scaleiq_core::sample::Sample;
use scaleiq_core::units::Jobs;

/// KEDA's queue scalers through HPA: `ceil(backlog / threshold)`, at least one job.
#[derive(Clone, Debug)]
pub struct LagRule {
    /// Knob: the backlog that one job may have, in seconds of its work.
    threshold_s: f32,
    /// Work of an event when it was last seen.
    work_ms: f32,
    stabiliser: Stabiliser,
}

impl LagRule {
    pub(super) const NAME: &'static str = "keda-lag";
    /// The documented threshold, read as seconds.
    pub const DEFAULT_THRESHOLD_S: f32 = 10.0;
    /// Thresholds worth a try, cheapest first.
    pub const THRESHOLDS_S: [f32; 11] =
        [120.0, 60.0, 30.0, 20.0, 10.0, 5.0, 2.5, 1.0, 0.5, 0.25, 0.1];

    /// A rule that allows each job this much backlog.
    #[must_use]
    pub fn new(threshold_s: f32) -> Self {
        Self { threshold_s, work_ms: DEFAULT_WORK_MS, stabiliser: Stabiliser::default() }
    }
}

impl Default for LagRule {
    fn default() -> Self {
        Self::new(Self::DEFAULT_THRESHOLD_S)
    }
}

impl ScalingRule for LagRule {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn decide(&mut self, sample: &Sample) -> Jobs {
        self.work_ms = sample.work_ms.known().unwrap_or(self.work_ms);
        let (Some(have), Some(backlog)) = (have(sample), sample.backlog_events.known()) else {
            return self.stabiliser.hold(sample);
        };
        let want = Jobs::ceil(backlog * self.work_ms / 1000.0 / self.threshold_s).max(Jobs(1));
        self.stabiliser.limit(sample, have, want)
    }
}
