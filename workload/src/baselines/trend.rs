//! The linear model of the predictive horizontal pod autoscaler.

use super::rule::{ScalingRule, have};
use super::stabiliser::Stabiliser;
use scaleiq_core::estimation::DEFAULT_WORK_MS;
use scaleiq_core::sample::Sample;
use scaleiq_core::units::{Jobs, UnixSeconds};
use std::collections::VecDeque;

/// A straight line through the jobs that the last ten minutes called for, read two minutes ahead;
/// never below what is called for now, and the backlog within two minutes. Its changes are limited
/// as HPA's.
#[derive(Clone, Debug)]
pub struct TrendRule {
    /// Knob: the utilisation aimed at.
    target: f32,
    /// Jobs called for, without rounding.
    seen: VecDeque<(UnixSeconds, f32)>,
    stabiliser: Stabiliser,
}

impl TrendRule {
    pub(super) const NAME: &'static str = "linear-trend";
    /// HPA's usual target, on which the model builds.
    pub const DEFAULT_TARGET: f32 = 0.7;
    /// Targets worth a try, cheapest first. Above 1 the backlog alone makes up for what is lacking.
    pub const TARGETS: [f32; 19] = [
        1.1, 1.05, 1.0, 0.95, 0.9, 0.85, 0.8, 0.75, 0.7, 0.65, 0.6, 0.55, 0.5, 0.45, 0.4, 0.35,
        0.3, 0.25, 0.2,
    ];
    const WINDOW_S: i64 = 600;
    const AHEAD_S: f32 = 120.0;
    const CATCH_UP_S: f32 = 120.0;
    /// Points below which there is no line.
    const MIN_POINTS: usize = 3;

    /// A rule with this target utilisation.
    #[must_use]
    pub fn new(target: f32) -> Self {
        Self { target, seen: VecDeque::new(), stabiliser: Stabiliser::default() }
    }

    fn recommend(&mut self, sample: &Sample) -> Option<(Jobs, Jobs)> {
        let have = have(sample)?;
        sample.jobs_ready.filter(|jobs| jobs.0 > 0)?;
        let (arrivals, backlog) = (sample.arrivals_events.known()?, sample.backlog_events.known()?);
        let work_ms = sample.work_ms.known();
        let busy = work_ms.unwrap_or(0.0) / 1000.0 * arrivals / sample.interval_s as f32;
        let called = busy / self.target;
        self.seen.push_back((sample.end, called));
        while self.seen.front().is_some_and(|(at, _)| sample.end.since(*at) > Self::WINDOW_S) {
            self.seen.pop_front();
        }
        let ahead = if self.seen.len() < Self::MIN_POINTS {
            called
        } else {
            self.line_at(sample.end, Self::AHEAD_S)
        };
        let left = backlog * work_ms.unwrap_or(DEFAULT_WORK_MS) / 1000.0 / Self::CATCH_UP_S;
        Some((have, Jobs::ceil(ahead.max(called) + left)))
    }

    /// The line of least squares, read `ahead_s` seconds after `now`.
    fn line_at(&self, now: UnixSeconds, ahead_s: f32) -> f32 {
        let count = self.seen.len() as f32;
        let points = || self.seen.iter().map(|(at, jobs)| (at.since(now) as f32, *jobs));
        let mean_s = points().map(|(s, _)| s).sum::<f32>() / count;
        let mean_jobs = points().map(|(_, jobs)| jobs).sum::<f32>() / count;
        let (mut together, mut alone) = (0.0, 0.0);
        for (s, jobs) in points() {
            together += (s - mean_s) * (jobs - mean_jobs);
            alone += (s - mean_s) * (s - mean_s);
        }
        mean_jobs + together / alone * (ahead_s - mean_s)
    }
}

impl Default for TrendRule {
    fn default() -> Self {
        Self::new(Self::DEFAULT_TARGET)
    }
}

impl ScalingRule for TrendRule {
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
