//! The rules that people use today, to compare with. Each is written from the public documentation
//! of its product and has one knob: what its users turn to trade cost for punctuality.

extern crate alloc;

use crate::sample::Sample;
use crate::units::{Jobs, UnixSeconds};
use alloc::collections::VecDeque;

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

/// What the Horizontal Pod Autoscaler does to every recommendation by default: up by at most +100 %
/// or 4 pods in 15 s, whichever is more; down to the highest recommendation of the last 300 s.
#[derive(Clone, Debug, Default)]
struct Stabiliser {
    /// Recommendations of the window that no later one reaches: never more than the highest of them.
    highest: VecDeque<(UnixSeconds, Jobs)>,
    last: Option<Jobs>,
}

impl Stabiliser {
    const PERIOD_S: u32 = 15;
    const WINDOW_S: i64 = 300;

    fn limit(&mut self, sample: &Sample, have: Jobs, want: Jobs) -> Jobs {
        while self.highest.back().is_some_and(|(_, jobs)| *jobs <= want) {
            self.highest.pop_back();
        }
        self.highest.push_back((sample.end, want));
        while self.highest.front().is_some_and(|(at, _)| sample.end.since(*at) > Self::WINDOW_S) {
            self.highest.pop_front();
        }
        let jobs = if want > have {
            let mut most = have.0;
            // 2^32 jobs are out of reach after 32 doublings, however long the tick.
            for _ in 0..(sample.interval_s / Self::PERIOD_S).clamp(1, 32) {
                most = most.saturating_mul(2).max(most.saturating_add(4));
            }
            want.min(Jobs(most))
        } else {
            have.min(self.highest.front().map_or(want, |(_, jobs)| *jobs))
        };
        self.last = Some(jobs);
        jobs
    }

    /// Without metrics the autoscaler leaves the pool as it is.
    fn hold(&self, sample: &Sample) -> Jobs {
        have(sample).or(self.last).unwrap_or(Jobs(1))
    }
}

fn have(sample: &Sample) -> Option<Jobs> {
    let (ready, starting) = (sample.jobs_ready?, sample.jobs_starting?);
    Some(Jobs(ready.0.saturating_add(starting.0)))
}

/// Kubernetes HPA on utilisation: `ceil(jobs x utilisation / target)`, within 10 % nothing.
#[derive(Clone, Debug)]
pub struct HpaRule {
    /// Knob: the utilisation aimed at.
    target: f32,
    stabiliser: Stabiliser,
}

impl HpaRule {
    /// The usual target.
    pub const DEFAULT_TARGET: f32 = 0.7;
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
        "hpa"
    }

    fn decide(&mut self, sample: &Sample) -> Jobs {
        match self.recommend(sample) {
            Some((have, want)) => self.stabiliser.limit(sample, have, want),
            None => self.stabiliser.hold(sample),
        }
    }
}

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
    /// The documented threshold, read as seconds.
    pub const DEFAULT_THRESHOLD_S: f32 = 10.0;
    /// The reference system's work per event, until one is measured.
    const FIRST_WORK_MS: f32 = 73.6;

    /// A rule that allows each job this much backlog.
    #[must_use]
    pub fn new(threshold_s: f32) -> Self {
        Self { threshold_s, work_ms: Self::FIRST_WORK_MS, stabiliser: Stabiliser::default() }
    }
}

impl Default for LagRule {
    fn default() -> Self {
        Self::new(Self::DEFAULT_THRESHOLD_S)
    }
}

impl ScalingRule for LagRule {
    fn name(&self) -> &'static str {
        "keda-lag"
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::Reading;

    fn sample(end: i64, busy_jobs: f32, ready: u32, backlog_events: f32) -> Sample {
        Sample {
            end: UnixSeconds(end),
            interval_s: 30,
            arrivals_events: Reading::Known(0.0),
            processed_events: Reading::Known(busy_jobs * 300.0),
            backlog_events: Reading::Known(backlog_events),
            queued_events: Reading::Known(backlog_events),
            work_ms: Reading::Known(100.0),
            jobs_ready: Some(Jobs(ready)),
            jobs_starting: Some(Jobs(0)),
        }
    }

    #[test]
    fn hpa_follows_its_documentation() {
        let mut rule = HpaRule::new(0.5);
        assert_eq!(rule.decide(&sample(30, 5.2, 10, 0.0)), Jobs(10), "within the tolerance");
        assert_eq!(rule.decide(&sample(60, 9.0, 10, 0.0)), Jobs(18));
        assert_eq!(rule.decide(&sample(90, 2.0, 2, 0.0)), Jobs(4));
        let mut eager = HpaRule::new(0.05);
        assert_eq!(eager.decide(&sample(30, 3.0, 3, 0.0)), Jobs(14), "two periods of growth");
        let mut calm = HpaRule::new(0.5);
        assert_eq!(calm.decide(&sample(30, 10.0, 10, 0.0)), Jobs(20));
        assert_eq!(calm.decide(&sample(330, 2.0, 20, 0.0)), Jobs(20), "still in the window");
        assert_eq!(calm.decide(&sample(360, 2.0, 20, 0.0)), Jobs(4));
    }

    #[test]
    fn lag_counts_seconds_of_work() {
        let mut rule = LagRule::default();
        assert_eq!(rule.decide(&sample(30, 4.0, 4, 501.0)), Jobs(6));
        assert_eq!(LagRule::default().decide(&sample(30, 4.0, 4, 0.0)), Jobs(1));
    }

    #[test]
    fn without_metrics_the_pool_stays() {
        let lost = Sample {
            processed_events: Reading::Missing,
            backlog_events: Reading::Missing,
            work_ms: Reading::Missing,
            jobs_ready: None,
            jobs_starting: None,
            ..sample(60, 0.0, 0, 0.0)
        };
        let mut rules: [&mut dyn ScalingRule; 2] =
            [&mut HpaRule::default(), &mut LagRule::default()];
        for rule in &mut rules {
            let before = rule.decide(&sample(30, 8.0, 8, 900.0));
            assert_eq!(rule.decide(&lost), before, "{}", rule.name());
        }
    }
}
