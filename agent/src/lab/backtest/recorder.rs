//! One policy's course, and its books.

use super::hours::Hours;
use super::track::{Buckets, Keep, Series};
use scaleiq_core::sample::Sample;
use scaleiq_workload::sim::TickCost;
use serde::Serialize;

/// One policy's course.
#[derive(Clone, Debug, Serialize)]
pub struct Track {
    /// Its name in the table.
    pub policy: String,
    /// Jobs paid for.
    pub jobs: Series,
    /// Longest wait of an event that arrives.
    pub wait_s: Series,
    /// Largest backlog.
    pub backlog_events: Series,
    /// Events, late ones and job-hours of each hour.
    pub hours: Hours,
    /// Share of events that waited no longer than each of [`WAITS_S`].
    pub in_time: Vec<f64>,
}

/// Waits for which a policy tells how many events kept them, in seconds.
pub const WAITS_S: [u32; 7] = [5, 10, 30, 60, 120, 300, 600];

/// Fills a [`Track`].
pub(super) struct Recorder {
    pub(super) track: Track,
    work_ms: f32,
}

impl Recorder {
    pub(super) fn new(policy: &str, buckets: Buckets) -> Self {
        let track = Track {
            policy: policy.into(),
            jobs: Series::new(buckets, Keep::Mean),
            wait_s: Series::new(buckets, Keep::Max),
            backlog_events: Series::new(buckets, Keep::Max),
            hours: Hours::new(buckets.begin()),
            in_time: Vec::new(),
        };
        Self { track, work_ms: 0.0 }
    }

    pub(super) fn add(&mut self, sample: &Sample, cost: &TickCost) {
        self.track.hours.add(sample.end, cost);
        self.work_ms = sample.work_ms.known().unwrap_or(self.work_ms);
        let (Some(ready), Some(starting)) = (sample.jobs_ready, sample.jobs_starting) else {
            return;
        };
        self.track.jobs.add(sample.end, f64::from(ready.0) + f64::from(starting.0));
        if let Some(backlog) = sample.backlog_events.known() {
            let work_s = backlog * self.work_ms / 1000.0;
            self.track.wait_s.add(sample.end, f64::from(work_s / ready.as_f32().max(1.0)));
            self.track.backlog_events.add(sample.end, f64::from(backlog));
        }
    }
}
