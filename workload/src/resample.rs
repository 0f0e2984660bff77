//! From intervals of any length to those of one grid.

use crate::extra::{Extra, Means};
use crate::series::Series;
use scaleiq_core::forecast::Plan;
use scaleiq_core::interval::{Interval, IntervalLength, OpenInterval};
use scaleiq_core::units::UnixSeconds;

/// Gathers rows that follow each other in time, each over a span of its own, into intervals.
#[derive(Clone, Debug)]
pub(crate) struct Gather {
    length: IntervalLength,
    end_ms: i64,
    open: OpenInterval,
    /// The largest of what the rows of the open interval plan.
    plan: Plan,
    rows: Vec<Interval>,
    plans: Vec<Plan>,
}

impl Gather {
    /// Begins with the interval of `length` that `first_ms`, in milliseconds since 1970, lies in.
    pub(crate) fn new(first_ms: i64, length: IntervalLength) -> Self {
        let length_ms = i64::from(length.seconds()) * 1000;
        Self {
            length,
            end_ms: (first_ms.div_euclid(length_ms) + 1) * length_ms,
            open: OpenInterval::default(),
            plan: Plan::default(),
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
            self.open.add(row, part_s / row_s, part_s, end_ms <= self.end_ms);
            for (largest, size) in self.plan.iter_mut().zip(plan) {
                *largest = largest.max(size);
            }
            from_ms = to_ms;
        }
    }

    fn close(&mut self) {
        let open = std::mem::take(&mut self.open);
        self.rows.push(open.close(UnixSeconds(self.end_ms / 1000), self.length.seconds()));
        self.plans.push(std::mem::take(&mut self.plan));
        self.end_ms += i64::from(self.length.seconds()) * 1000;
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
    /// what is planned the largest is kept; further columns are means over time. Where more than half
    /// of an interval is a gap, the value is missing.
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
        let mut gather = Gather::new(self.start.0 * 1000, length);
        for (k, row) in self.rows.iter().enumerate() {
            let plan = self.plans.get(k).copied().unwrap_or_default();
            gather.add(row, plan, (row.end.0 - i64::from(row_s)) * 1000, row.end.0 * 1000);
        }
        let (rows, plans) = gather.finish();
        notes.push(format!("intervals of {row_s} s were gathered to {length_s} s"));
        let start = UnixSeconds(self.start.0.div_euclid(i64::from(length_s)) * i64::from(length_s));
        let plans = if self.plans.is_empty() { Vec::new() } else { plans };
        let extras = self.gathered_extras(start, length, rows.len());
        Series { start, length_s, rows, plans, extras, notes }
    }

    /// Further columns in `intervals` longer intervals from `start` on.
    fn gathered_extras(
        &self,
        start: UnixSeconds,
        length: IntervalLength,
        intervals: usize,
    ) -> Vec<Extra> {
        let length_ms = i64::from(length.seconds()) * 1000;
        let mut means = Means::new(self.extras.len(), start.0 * 1000, length_ms, intervals);
        for (k, row) in self.rows.iter().enumerate() {
            let values = self.extras.iter().map(|extra| extra.values.get(k).copied().flatten());
            means.add((row.end.0 - i64::from(self.length_s)) * 1000, row.end.0 * 1000, values);
        }
        let extras = self.extras.iter().zip(means.finish());
        extras.map(|(extra, values)| extra.with(values)).collect()
    }
}
