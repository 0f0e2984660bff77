//! How fast a rule's number may change.

use super::rule::hold;
use scaleiq_core::sample::Sample;
use scaleiq_core::units::{Jobs, UnixSeconds};
use std::collections::VecDeque;

/// The highest of the numbers of jobs that were recommended within a window of time.
#[derive(Clone, Debug)]
pub(super) struct Highest {
    window_s: i64,
    /// Recommendations of the window that no later one reaches, so that the first is the highest.
    kept: VecDeque<(UnixSeconds, Jobs)>,
}

impl Highest {
    pub(super) fn within(window_s: i64) -> Self {
        Self { window_s, kept: VecDeque::new() }
    }

    /// Adds what is recommended at `at`; gives the highest of the window that ends there.
    pub(super) fn push(&mut self, at: UnixSeconds, jobs: Jobs) -> Jobs {
        while self.kept.back().is_some_and(|(_, kept)| *kept <= jobs) {
            self.kept.pop_back();
        }
        self.kept.push_back((at, jobs));
        while self.kept.front().is_some_and(|(then, _)| at.since(*then) > self.window_s) {
            self.kept.pop_front();
        }
        self.kept.front().map_or(jobs, |(_, highest)| *highest)
    }
}

/// What the Horizontal Pod Autoscaler does to every recommendation by default: up by at most +100 %
/// or 4 pods in 15 s, whichever is more; down to the highest recommendation of the last 300 s.
#[derive(Clone, Debug)]
pub(super) struct Stabiliser {
    highest: Highest,
    last: Option<Jobs>,
}

impl Default for Stabiliser {
    fn default() -> Self {
        Self { highest: Highest::within(Self::WINDOW_S), last: None }
    }
}

impl Stabiliser {
    const PERIOD_S: u32 = 15;
    const WINDOW_S: i64 = 300;

    pub(super) fn limit(&mut self, sample: &Sample, have: Jobs, want: Jobs) -> Jobs {
        let highest = self.highest.push(sample.end, want);
        let jobs = if want > have {
            let mut most = have.0;
            // 2^32 jobs are out of reach after 32 doublings, however long the tick.
            for _ in 0..(sample.interval_s / Self::PERIOD_S).clamp(1, 32) {
                most = most.saturating_mul(2).max(most.saturating_add(4));
            }
            want.min(Jobs(most))
        } else {
            have.min(highest)
        };
        self.last = Some(jobs);
        jobs
    }

    pub(super) fn hold(&self, sample: &Sample) -> Jobs {
        hold(sample, self.last)
    }
}
