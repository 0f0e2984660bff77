//! An interval that is being gathered.

use super::Interval;
use crate::learned::learned;
use crate::units::UnixSeconds;

/// A weighted sum, and the seconds that it speaks of.
///
/// Sums are kept in double precision: a file of events has millions of rows in one interval.
#[derive(Clone, Copy, Debug, Default)]
struct Part {
    sum: f64,
    weight: f64,
    seconds: f64,
}
learned!(Part { sum, weight, seconds });

impl Part {
    fn add(&mut self, value: Option<f32>, weight: f64, seconds: f64) {
        if let Some(value) = value {
            self.sum += f64::from(value) * weight;
            self.weight += weight;
            self.seconds += seconds;
        }
    }

    /// Whether at least half of the interval was observed.
    fn observed(&self, length_s: f64) -> bool {
        2.0 * self.seconds >= length_s
    }

    /// The total scaled up to the whole interval.
    fn total(&self, length_s: f64) -> Option<f32> {
        self.observed(length_s).then(|| (self.sum * length_s / self.seconds) as f32)
    }

    /// The mean over time.
    fn mean(&self, length_s: f64) -> Option<f32> {
        self.observed(length_s).then(|| (self.sum / self.weight) as f32)
    }
}

/// What is known so far of an interval. The one way in which measurements become intervals: live, on
/// a device, and from files.
///
/// ```
/// use scaleiq_core::interval::{Interval, OpenInterval};
/// use scaleiq_core::units::UnixSeconds;
///
/// let counted = |arrivals_events| Interval { arrivals_events, ..Interval::missing(UnixSeconds(0)) };
/// let mut open = OpenInterval::default();
/// open.add(&counted(Some(30.0)), 1.0, 60.0, true);
/// open.add(&counted(None), 1.0, 60.0, true);
/// assert_eq!(open.close(UnixSeconds(120), 120).arrivals_events, Some(60.0));
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct OpenInterval {
    arrivals: Part,
    processed: Part,
    queued: Part,
    jobs: Part,
    work: Part,
    backlog_events: Option<f32>,
}
learned!(OpenInterval { arrivals, processed, queued, jobs, work, backlog_events });

impl OpenInterval {
    /// Adds the `share` (0 to 1) of `row` that lies in this interval, for `seconds`. `ends` says
    /// whether the row's end lies here, too: a backlog stands at the end of what it was measured over.
    ///
    /// Work is weighted by the events that it was measured on: those processed, or else those that
    /// arrived.
    pub fn add(&mut self, row: &Interval, share: f64, seconds: f64, ends: bool) {
        self.arrivals.add(row.arrivals_events, share, seconds);
        self.processed.add(row.processed_events, share, seconds);
        self.queued.add(row.queued_events, seconds, seconds);
        self.jobs.add(row.jobs_ready, seconds, seconds);
        let events = row.processed_events.or(row.arrivals_events).unwrap_or(1.0);
        self.work.add(row.work_ms, f64::from(events) * share, seconds);
        if ends && row.backlog_events.is_some() {
            self.backlog_events = row.backlog_events;
        }
    }

    /// The interval of `length_s` seconds that ends at `end`.
    #[must_use]
    pub fn close(&self, end: UnixSeconds, length_s: u32) -> Interval {
        let length_s = f64::from(length_s);
        // Work is measured only where events were processed, so any of it is enough.
        let work = &self.work;
        Interval {
            end,
            arrivals_events: self.arrivals.total(length_s),
            processed_events: self.processed.total(length_s),
            backlog_events: self.backlog_events,
            queued_events: self.queued.mean(length_s),
            work_ms: (work.weight > 0.0).then(|| (work.sum / work.weight) as f32),
            jobs_ready: self.jobs.mean(length_s),
        }
    }
}
