//! From intervals of any length to those of one grid.

use crate::series::Series;
use scaleiq_core::forecast::Plan;
use scaleiq_core::interval::{Interval, IntervalLength};
use scaleiq_core::units::UnixSeconds;

/// A sum and what it was taken over.
#[derive(Clone, Copy, Debug, Default)]
struct Part {
    sum: f64,
    weight: f64,
    seconds: f64,
}

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

    /// The mean, or `None` if less than half of the interval was observed.
    fn mean(&self, length_s: f64) -> Option<f32> {
        (self.observed(length_s) && self.weight > 0.0).then(|| (self.sum / self.weight) as f32)
    }
}

/// What an interval is made of.
#[derive(Clone, Copy, Debug, Default)]
struct Open {
    arrivals: Part,
    processed: Part,
    backlog: Part,
    backlog_events: Option<f32>,
    queued: Part,
    work: Part,
    jobs: Part,
    plan: Plan,
}

impl Open {
    /// Takes the part of `row` that lies in this interval. `ends` says whether the row's end does.
    fn add(&mut self, row: &Interval, plan: Plan, seconds: f64, row_s: f64, ends: bool) {
        // Counts become rates per second, so that a mean over time scales a part up to the whole.
        let rate = seconds / row_s;
        self.arrivals.add(row.arrivals_events, rate, seconds);
        self.processed.add(row.processed_events, rate, seconds);
        self.backlog.add(row.backlog_events, seconds, seconds);
        self.queued.add(row.queued_events, seconds, seconds);
        let events = row.processed_events.or(row.arrivals_events).unwrap_or(1.0);
        self.work.add(row.work_ms, f64::from(events) * rate, seconds);
        self.jobs.add(row.jobs_ready, seconds, seconds);
        if ends && row.backlog_events.is_some() {
            self.backlog_events = row.backlog_events;
        }
        for (largest, size) in self.plan.iter_mut().zip(plan) {
            *largest = largest.max(size);
        }
    }

    fn close(&self, mut interval: Interval, row_s: f64, length_s: f64) -> Interval {
        let total = |part: &Part| {
            part.observed(length_s).then(|| (part.sum * length_s / part.seconds) as f32)
        };
        interval.arrivals_events = total(&self.arrivals);
        interval.processed_events = total(&self.processed);
        interval.backlog_events = self.backlog_events.filter(|_| self.backlog.observed(length_s));
        interval.queued_events = self.queued.mean(length_s);
        // Work is measured only where events were processed, so one row of it is enough.
        interval.work_ms = self.work.mean(row_s.min(length_s));
        interval.jobs_ready = self.jobs.mean(length_s);
        interval
    }
}

/// Gathers rows that follow each other in time, each over a span of its own, into intervals.
#[derive(Clone, Debug)]
pub(crate) struct Gather {
    length_ms: i64,
    /// Usual span of a row, in seconds.
    row_s: f64,
    end_ms: i64,
    open: Open,
    rows: Vec<Interval>,
    plans: Vec<Plan>,
}

impl Gather {
    /// Begins with the interval of `length` that `first_ms`, in milliseconds since 1970, lies in.
    pub(crate) fn new(first_ms: i64, length: IntervalLength, row_s: f64) -> Self {
        let length_ms = i64::from(length.seconds()) * 1000;
        let end_ms = (first_ms.div_euclid(length_ms) + 1) * length_ms;
        Self {
            length_ms,
            row_s,
            end_ms,
            open: Open::default(),
            rows: Vec::new(),
            plans: Vec::new(),
        }
    }

    /// Adds a row over a span that is not empty and does not begin before the last one ended.
    pub(crate) fn add(&mut self, row: &Interval, plan: Plan, start_ms: i64, end_ms: i64) {
        let seconds = |ms: i64| ms as f64 / 1000.0;
        let mut from_ms = start_ms;
        while from_ms < end_ms {
            while from_ms >= self.end_ms {
                self.close();
            }
            let to_ms = end_ms.min(self.end_ms);
            let (part_s, row_s) = (seconds(to_ms - from_ms), seconds(end_ms - start_ms));
            self.open.add(row, plan, part_s, row_s, end_ms <= self.end_ms);
            from_ms = to_ms;
        }
    }

    fn close(&mut self) {
        let missing = Interval::missing(UnixSeconds(self.end_ms / 1000));
        let open = std::mem::take(&mut self.open);
        self.rows.push(open.close(missing, self.row_s, self.length_ms as f64 / 1000.0));
        self.plans.push(open.plan);
        self.end_ms += self.length_ms;
    }

    /// The intervals, without a hole.
    pub(crate) fn finish(mut self) -> (Vec<Interval>, Vec<Plan>) {
        self.close();
        (self.rows, self.plans)
    }
}

impl Series {
    /// The same series in longer intervals. Arrivals and processed are summed (a row that crosses a
    /// border is split in proportion to time; an interval known in part is scaled up), backlog is the
    /// last, queued and jobs are means over time, work is weighted by the events processed, and of
    /// what is planned the largest is kept. Where more than half of an interval is a gap, the value
    /// is missing.
    ///
    /// Shorter intervals cannot be made: the series comes back unchanged, with a note.
    #[must_use]
    pub fn resample(&self, length: IntervalLength) -> Series {
        let (length_s, row_s) = (length.seconds(), self.length_s);
        if length_s == row_s || self.rows.is_empty() || row_s == 0 {
            return self.clone();
        }
        let mut notes = self.notes.clone();
        if length_s < row_s {
            notes.push(format!(
                "intervals of {row_s} s cannot be parted into {length_s} s and are kept"
            ));
            return Series { notes, ..self.clone() };
        }
        let mut gather = Gather::new(self.start.0 * 1000, length, f64::from(row_s));
        for (k, row) in self.rows.iter().enumerate() {
            let plan = self.plans.get(k).copied().unwrap_or_default();
            gather.add(row, plan, (row.end.0 - i64::from(row_s)) * 1000, row.end.0 * 1000);
        }
        let (rows, plans) = gather.finish();
        notes.push(format!("intervals of {row_s} s were gathered to {length_s} s"));
        let start = UnixSeconds(self.start.0.div_euclid(i64::from(length_s)) * i64::from(length_s));
        let plans = if self.plans.is_empty() { Vec::new() } else { plans };
        Series { start, length_s, rows, plans, notes }
    }
}
