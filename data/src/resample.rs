//! From short intervals to longer ones.

use crate::series::Series;
use scaleiq_core::forecast::Plan;
use scaleiq_core::interval::{Interval, IntervalLength};

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

/// What a longer interval is made of.
#[derive(Clone, Copy, Debug, Default)]
struct Open {
    arrivals: Part,
    processed: Part,
    backlog: Part,
    backlog_events: Option<f32>,
    queued: Part,
    work: Part,
    jobs: Part,
}

impl Open {
    /// Takes the part of `row` that lies in this interval. `ends` says whether the row's end does.
    fn add(&mut self, row: &Interval, seconds: f64, row_s: f64, ends: bool) {
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
        let length_s = i64::from(length.seconds());
        let row_s = i64::from(self.length_s);
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
        let start = self.start.0.div_euclid(length_s) * length_s;
        let mut rows =
            Vec::with_capacity(self.rows.len() * self.length_s as usize / length_s as usize + 1);
        let mut end = start + length_s;
        let mut open = Open::default();
        let (row_f, length_f) = (row_s as f64, length_s as f64);
        let close = |open: &Open, end| {
            open.close(Interval::missing(scaleiq_core::units::UnixSeconds(end)), row_f, length_f)
        };
        for row in &self.rows {
            let row_start = row.end.0 - row_s;
            if row_start >= end {
                rows.push(close(&open, end));
                open = Open::default();
                end += length_s;
            }
            let here = (row.end.0.min(end) - row_start) as f64;
            open.add(row, here, row_f, row.end.0 <= end);
            if row.end.0 > end {
                rows.push(close(&open, end));
                open = Open::default();
                end += length_s;
                open.add(row, row_f - here, row_f, true);
            }
        }
        rows.push(close(&open, end));
        let start = scaleiq_core::units::UnixSeconds(start);
        notes.push(format!("intervals of {row_s} s were gathered to {length_s} s"));
        let plans = self.resample_plans(start.0, length_s, rows.len());
        Series { start, length_s: length.seconds(), rows, plans, notes }
    }

    /// The largest plan of the rows that overlap each of `count` intervals of `length_s`.
    fn resample_plans(&self, start: i64, length_s: i64, count: usize) -> Vec<Plan> {
        if self.plans.is_empty() {
            return Vec::new();
        }
        let mut plans = vec![Plan::default(); count];
        for (row, plan) in self.rows.iter().zip(&self.plans) {
            let slot = |second: i64| usize::try_from((second - start) / length_s).unwrap_or(0);
            let (first, last) = (slot(row.end.0 - i64::from(self.length_s)), slot(row.end.0 - 1));
            for longer in plans.iter_mut().take(last + 1).skip(first) {
                for (largest, size) in longer.iter_mut().zip(plan) {
                    *largest = largest.max(*size);
                }
            }
        }
        plans
    }
}
