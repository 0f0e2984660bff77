//! DS2 (Kalavri et al., OSDI 2018) in the form in which Flink's Kubernetes operator runs it.

use super::rule::{ScalingRule, have, hold};
use super::stabiliser::Highest;
use scaleiq_core::sample::Sample;
use scaleiq_core::units::{Jobs, UnixSeconds};
use std::collections::VecDeque;

/// Jobs for the mean arrivals and the backlog, at the rate that a job has while it works:
/// `ceil((arrivals / target + backlog / catch-up time) / true rate)`. Means are taken over five
/// minutes; after a change nothing is changed for three minutes; down goes to the most that was
/// required in the last ten.
#[derive(Clone, Debug)]
pub struct Ds2Rule {
    /// Knob: the utilisation aimed at.
    target: f32,
    seen: VecDeque<Seen>,
    required: Highest,
    /// Until when the last change is let settle.
    settles_at: Option<UnixSeconds>,
    last: Option<Jobs>,
}

/// What is averaged.
#[derive(Clone, Copy, Debug)]
struct Seen {
    at: UnixSeconds,
    rate_per_s: f32,
    /// Work of an event; `None` where nothing was processed.
    work_s: Option<f32>,
}

impl Ds2Rule {
    pub(super) const NAME: &'static str = "ds2";
    /// The operator's default for the target utilisation.
    pub const DEFAULT_TARGET: f32 = 0.7;
    /// Targets worth a try, cheapest first. Above 1 the backlog alone makes up for what is lacking.
    pub const TARGETS: [f32; 18] = [
        1.05, 1.0, 0.95, 0.9, 0.85, 0.8, 0.75, 0.7, 0.65, 0.6, 0.55, 0.5, 0.45, 0.4, 0.35, 0.3,
        0.25, 0.2,
    ];
    const WINDOW_S: i64 = 300;
    const CATCH_UP_S: f32 = 300.0;
    const SETTLE_S: i64 = 180;
    const DOWN_S: i64 = 600;

    /// A rule with this target utilisation.
    #[must_use]
    pub fn new(target: f32) -> Self {
        let required = Highest::within(Self::DOWN_S);
        Self { target, seen: VecDeque::new(), required, settles_at: None, last: None }
    }

    fn recommend(&mut self, sample: &Sample) -> Option<Jobs> {
        let (now, have) = (sample.end, have(sample)?);
        let backlog = sample.backlog_events.known()?;
        let rate_per_s = sample.arrivals_events.known()? / sample.interval_s as f32;
        let work_s = sample.work_ms.known().filter(|ms| *ms > 0.0).map(|ms| ms / 1000.0);
        self.seen.push_back(Seen { at: now, rate_per_s, work_s });
        while self.seen.front().is_some_and(|seen| now.since(seen.at) >= Self::WINDOW_S) {
            self.seen.pop_front();
        }
        // A job's true rate is one event in the mean work of an event.
        let work_s = mean(self.seen.iter().filter_map(|seen| seen.work_s))?;
        let rate_per_s = mean(self.seen.iter().map(|seen| seen.rate_per_s))?;
        let want = Jobs::ceil((rate_per_s / self.target + backlog / Self::CATCH_UP_S) * work_s);
        let highest = self.required.push(now, want);
        if self.settles_at.is_some_and(|at| now < at) {
            return Some(have);
        }
        let jobs = if want < have { have.min(highest) } else { want };
        if jobs != have {
            self.settles_at = Some(now.plus(Self::SETTLE_S));
        }
        Some(jobs)
    }
}

fn mean(values: impl Iterator<Item = f32>) -> Option<f32> {
    let (sum, count) = values.fold((0.0, 0u32), |(sum, count), value| (sum + value, count + 1));
    (count > 0).then(|| sum / count as f32)
}

impl Default for Ds2Rule {
    fn default() -> Self {
        Self::new(Self::DEFAULT_TARGET)
    }
}

impl ScalingRule for Ds2Rule {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn decide(&mut self, sample: &Sample) -> Jobs {
        let jobs = self.recommend(sample).unwrap_or_else(|| hold(sample, self.last));
        self.last = Some(jobs);
        jobs
    }
}
