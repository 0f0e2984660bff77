//! A moment as it is drawn.

use crate::workload::Snapshot;
use scaleiq_core::sample::Sample;
use serde::{Serialize, Serializer};

/// Names of a point's numbers, in order, as the page is told.
pub(super) const COLUMNS: [&str; 13] = [
    "t",
    "arrivals",
    "backlog",
    "wanted",
    "ready",
    "starting",
    "need",
    "wait",
    "f10",
    "f50",
    "f90",
    "virtual_ready",
    "virtual_backlog",
];

/// A moment, or ten minutes of them; what is not known is `None`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Point {
    /// Its end, in Unix seconds.
    pub(super) at: i64,
    /// Arrivals in events per second.
    pub(super) arrivals: Option<f32>,
    /// Backlog in events.
    pub(super) backlog: Option<f32>,
    /// Jobs that should run, that work, and that were asked for and are not up.
    pub(super) wanted: Option<u32>,
    pub(super) ready: Option<u32>,
    pub(super) starting: Option<u32>,
    /// Jobs that the arrivals keep busy.
    pub(super) need: Option<f32>,
    /// Wait of an event that arrives now, in seconds.
    pub(super) wait: Option<f32>,
    /// The 0.1, 0.5 and 0.9 quantiles that were forecast for it six intervals before.
    pub(super) forecast: [Option<f32>; 3],
    /// Jobs and backlog of the virtual pool in shadow mode.
    pub(super) virtual_ready: Option<u32>,
    pub(super) virtual_backlog: Option<f32>,
}

impl Point {
    /// The point of `s`, for which `forecast` had been made.
    pub(super) fn new(s: &Snapshot, forecast: [Option<f32>; 3]) -> Self {
        let told = s.virtual_sample;
        Self {
            at: s.at.0,
            arrivals: s.arrivals_per_s,
            backlog: s.backlog_events,
            wanted: Some(s.decision.jobs.0),
            ready: s.ready.map(|jobs| jobs.0),
            starting: s.starting.map(|jobs| jobs.0),
            need: s.need_jobs,
            wait: s.wait_s,
            forecast,
            virtual_ready: told.and_then(|told| told.jobs_ready).map(|jobs| jobs.0),
            virtual_backlog: told.and_then(|told| told.backlog_events.known()),
        }
    }

    /// A point of which only a sample is known, and the number of jobs in force then.
    pub(super) fn of_sample(sample: &Sample, wanted: Option<u32>) -> Self {
        let span_s = sample.interval_s.max(1) as f32;
        Self {
            at: sample.end.0,
            arrivals: sample.arrivals_events.known().map(|events| events / span_s),
            backlog: sample.backlog_events.known(),
            wanted,
            ready: sample.jobs_ready.map(|jobs| jobs.0),
            starting: sample.jobs_starting.map(|jobs| jobs.0),
            ..Self::default()
        }
    }

    /// Takes in the next point of the same ten minutes, of which `count` came before: rates are averaged,
    /// of what may hurt the most is kept, and of jobs the last.
    pub(super) fn merge(&mut self, next: &Self, count: u32) {
        let mean = |old: Option<f32>, new: Option<f32>| match (old, new) {
            (Some(old), Some(new)) => Some(old + (new - old) / (count + 1) as f32),
            (old, new) => new.or(old),
        };
        let most = |old: Option<f32>, new: Option<f32>| match (old, new) {
            (Some(old), Some(new)) => Some(old.max(new)),
            (old, new) => new.or(old),
        };
        *self = Self {
            at: next.at,
            arrivals: mean(self.arrivals, next.arrivals),
            backlog: most(self.backlog, next.backlog),
            wanted: next.wanted.max(self.wanted),
            ready: next.ready.or(self.ready),
            starting: next.starting.max(self.starting),
            need: mean(self.need, next.need),
            wait: most(self.wait, next.wait),
            forecast: [0, 1, 2].map(|q| mean(self.forecast[q], next.forecast[q])),
            virtual_ready: next.virtual_ready.or(self.virtual_ready),
            virtual_backlog: most(self.virtual_backlog, next.virtual_backlog),
        };
    }
}

impl Serialize for Point {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let Self { at, arrivals, backlog, wanted, ready, starting, need, wait, .. } = self;
        let [q10, q50, q90] = self.forecast;
        let (jobs, events) = (self.virtual_ready, self.virtual_backlog);
        // In the order of the columns.
        (at, arrivals, backlog, wanted, ready, starting, need, wait, q10, q50, q90, jobs, events)
            .serialize(to)
    }
}
