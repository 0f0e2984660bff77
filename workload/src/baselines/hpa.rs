//! Kubernetes' Horizontal Pod Autoscaler.

use super::rule::{ScalingRule, have};
use super::stabiliser::Stabiliser;
use scaleiq_core::sample::Sample;
use scaleiq_core::units::Jobs;

/// Kubernetes HPA on utilisation: `ceil(jobs x utilisation / target)`, within 10 % nothing.
#[derive(Clone, Debug)]
pub struct HpaRule {
    /// Knob: the utilisation aimed at.
    target: f32,
    stabiliser: Stabiliser,
}

impl HpaRule {
    pub(super) const NAME: &'static str = "hpa";
    /// The usual target.
    pub const DEFAULT_TARGET: f32 = 0.7;
    /// Targets worth a try, cheapest first.
    pub const TARGETS: [f32; 16] =
        [0.95, 0.9, 0.85, 0.8, 0.75, 0.7, 0.65, 0.6, 0.55, 0.5, 0.45, 0.4, 0.35, 0.3, 0.25, 0.2];
    const TOLERANCE: f32 = 0.1;

    /// A rule with this target utilisation.
    #[must_use]
    pub fn new(target: f32) -> Self {
        Self { target, stabiliser: Stabiliser::default() }
    }

    fn recommend(&self, sample: &Sample) -> Option<(Jobs, Jobs)> {
        let have = have(sample)?;
        let ready = sample.jobs_ready.filter(|jobs| jobs.0 > 0)?.as_f32();
        // Nothing processed means nothing used; the work of an event is then unknown and moot.
        let busy_s =
            sample.processed_events.known()? * sample.work_ms.known().unwrap_or(0.0) / 1000.0;
        let ratio = busy_s / (ready * sample.interval_s as f32) / self.target;
        let within = (ratio - 1.0).abs() <= Self::TOLERANCE;
        Some((have, if within { have } else { Jobs::ceil(ready * ratio) }))
    }
}

impl Default for HpaRule {
    fn default() -> Self {
        Self::new(Self::DEFAULT_TARGET)
    }
}

impl ScalingRule for HpaRule {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn decide(&mut self, sample: &Sample) -> Jobs {
        match self.recommend(sample) {
            Some((have, want)) => self.stabiliser.limit(sample, have, want),
            None => self.stabiliser.hold(sample),
        }
    }
}
