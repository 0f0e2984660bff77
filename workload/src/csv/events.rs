//! Rows that are one event each, counted as they are read: logs are longer than memory is large.

use super::row::Row;
use scaleiq_core::interval::IntervalLength;
use std::collections::BTreeMap;

/// The events of each series in each interval.
#[derive(Clone, Debug)]
pub(super) struct Events {
    length_ms: i64,
    /// By series and start of the interval.
    rows: BTreeMap<(u32, i64), Row>,
}

impl Events {
    /// None so far.
    pub(super) fn over(length: IntervalLength) -> Self {
        Self { length_ms: i64::from(length.seconds()) * 1000, rows: BTreeMap::new() }
    }

    /// Counts an event.
    pub(super) fn add(&mut self, event: Row) {
        let time_ms = event.time_ms.div_euclid(self.length_ms) * self.length_ms;
        let event = Row { time_ms, ..event };
        let place = self.rows.entry((event.series, time_ms));
        place.and_modify(|row| *row = counted(*row, event)).or_insert(event);
    }

    /// Rows that are held.
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// A row for each series and interval that has events.
    pub(super) fn into_rows(self) -> Vec<Row> {
        self.rows.into_values().collect()
    }
}

/// A row with one more event; its work is a mean, in which one of unknown work counts as one of the mean before.
fn counted(row: Row, event: Row) -> Row {
    let both = row.and(event);
    let weight = event.arrivals.zip(both.arrivals).map_or(1.0, |(one, all)| one / all) as f32;
    let mean = |(known, new): (f32, f32)| known + weight * (new - known);
    Row { work_ms: row.work_ms.zip(event.work_ms).map(mean).or(both.work_ms), ..both }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_counted_by_series_and_interval() {
        let mut events = Events::over(IntervalLength::TWO_MINUTES);
        let event = |line, time_ms, series, work_ms| Row {
            line,
            time_ms,
            series,
            arrivals: Some(1.0),
            work_ms,
            ..Row::default()
        };
        events.add(event(2, 119_999, 0, Some(10.0)));
        events.add(event(3, 120_000, 0, None));
        events.add(event(4, 0, 0, Some(20.0)));
        events.add(event(5, -1, 0, None));
        events.add(event(6, 0, 1, None));
        let rows = events.into_rows();
        let shown: Vec<_> =
            rows.iter().map(|r| (r.line, r.time_ms, r.series, r.arrivals.unwrap())).collect();
        let all = [(5, -120_000, 0, 1.0), (2, 0, 0, 2.0), (3, 120_000, 0, 1.0), (6, 0, 1, 1.0)];
        assert_eq!(shown, all);
        assert_eq!(rows[1].work_ms, Some(15.0));
    }
}
