//! From rows with times to intervals on a regular grid.

use crate::column::Column;
use crate::error::DataError;
use crate::series::Series;
use crate::table::{Row, Table};
use scaleiq_core::forecast::Plan;
use scaleiq_core::interval::{Interval, IntervalLength};
use scaleiq_core::units::{DAY_S, UnixSeconds};

/// Most intervals in one series: 38 years of 2 minutes. A wrong year must not eat the memory.
const MOST_INTERVALS: usize = 10_000_000;
/// A row may lie this part of an interval off the grid, and is moved onto it.
const TOLERANCE: f64 = 0.1;
/// The median distance of the rows may be this part off a length that divides a day.
const LENGTH_TOLERANCE: f64 = 0.02;

/// Puts the rows of a table on a grid; what lies between them is missing.
pub(crate) fn regular(table: Table) -> Result<Series, DataError> {
    let length = infer_length(&table)?;
    let length_s = length.seconds();
    let length_ms = i64::from(length_s) * 1000;
    let tolerance_ms = (length_ms as f64 * TOLERANCE) as i64;
    let anchor = anchor(&table.rows, length_ms);
    // Intervals end on whole multiples of their length (`Interval::end`).
    let start_ms = (anchor + length_ms / 2).div_euclid(length_ms) * length_ms;
    let start = UnixSeconds(start_ms / 1000);

    let mut rows: Vec<Interval> = Vec::with_capacity(table.rows.len());
    let planned = Column::PLANNED.into_iter().any(|column| table.header.field(column).is_some());
    let mut plans: Vec<Plan> = Vec::new();
    let (mut moved, mut farthest_ms) = (0_usize, 0);
    let mut last: Option<&Row> = None;
    for row in &table.rows {
        let off_ms = wrap(row.time_ms - anchor, length_ms);
        let at = || table.place(row.line, Column::Time);
        if off_ms.abs() > tolerance_ms {
            let off_s = off_ms.abs() as f64 / 1000.0;
            return Err(DataError::OffGrid { at: at(), text: row.text.clone(), off_s, length_s });
        }
        if off_ms != 0 {
            moved += 1;
            farthest_ms = farthest_ms.max(off_ms.abs());
        }
        // The first row's slot is 0 and times go forward, so slots are never negative.
        let slot = usize::try_from((row.time_ms - off_ms - anchor) / length_ms).unwrap_or(0);
        if slot >= MOST_INTERVALS {
            let (intervals, most) = (slot as u64 + 1, MOST_INTERVALS);
            return Err(DataError::TooLong { at: at(), intervals, length_s, most });
        }
        if let Some(last) = last
            && slot < rows.len()
        {
            let (previous, before) = (last.line, last.text.clone());
            let text = row.text.clone();
            return Err(DataError::DuplicateTime { at: at(), text, previous, before });
        }
        let end = |slot: usize| start.plus(i64::from(length_s) * (slot as i64 + 1));
        while rows.len() < slot {
            rows.push(Interval::missing(end(rows.len())));
        }
        rows.push(Interval {
            end: end(slot),
            arrivals_events: row.arrivals,
            processed_events: row.processed,
            backlog_events: row.backlog,
            queued_events: row.queued,
            work_ms: row.work_ms,
            jobs_ready: None,
        });
        if planned {
            plans.resize(slot, Plan::default());
            plans.push(row.plan);
        }
        last = Some(row);
    }

    let mut notes = table.header.notes;
    if moved > 0 {
        let farthest_s = farthest_ms as f64 / 1000.0;
        notes.push(format!("{moved} rows lay up to {farthest_s} s off the grid and were moved"));
    }
    if start_ms != anchor {
        let shift_s = (start_ms - anchor) as f64 / 1000.0;
        notes.push(format!(
            "all times were moved by {shift_s} s, so that intervals of {length_s} s start on whole \
             multiples of their length"
        ));
    }
    let mut series = Series { start, length_s, rows, plans, notes };
    let measured = if planned { series.measured() } else { series.rows.len() };
    let gaps =
        series.rows.iter().take(measured).filter(|row| row.arrivals_events.is_none()).count();
    if gaps > 0 {
        series.notes.push(format!("{gaps} of {measured} intervals have no arrivals (gaps)"));
    }
    let rest = series.rows.len() - measured;
    if rest > 0 {
        series.notes.push(format!("{rest} intervals at the end say only what is planned"));
    }
    Ok(series)
}

/// The length of an interval: the median distance of the rows, or the length that divides a day and
/// is nearly equal to it.
fn infer_length(table: &Table) -> Result<IntervalLength, DataError> {
    let times = table.rows.iter().map(|row| row.time_ms);
    let mut steps: Vec<i64> = times.clone().skip(1).zip(times).map(|(b, a)| b - a).collect();
    let middle = steps.len().saturating_sub(1) / 2;
    let found_s = match steps.is_empty() {
        true => 0.0,
        false => *steps.select_nth_unstable(middle).1 as f64 / 1000.0,
    };
    let off = |length: &IntervalLength| (f64::from(length.seconds()) - found_s).abs();
    let lengths = (1..=DAY_S).filter_map(|seconds| IntervalLength::new(seconds).ok());
    let nearest = lengths.min_by(|a, b| off(a).total_cmp(&off(b)));
    match nearest {
        Some(length) if off(&length) <= LENGTH_TOLERANCE * f64::from(length.seconds()) => {
            Ok(length)
        }
        nearest => {
            let line = table.rows.first().map_or(1, |row| row.line);
            let nearest_s = nearest.map_or(DAY_S, IntervalLength::seconds);
            Err(DataError::BadInterval { at: table.place(line, Column::Time), found_s, nearest_s })
        }
    }
}

/// A time on the rows' own grid: the first row's, less the median of how far the rows lie off it.
fn anchor(rows: &[Row], length_ms: i64) -> i64 {
    let Some(first) = rows.first() else { return 0 };
    let mut off: Vec<i64> =
        rows.iter().map(|row| wrap(row.time_ms - first.time_ms, length_ms)).collect();
    let middle = off.len() / 2;
    first.time_ms + *off.select_nth_unstable(middle).1
}

/// The distance to the nearest multiple of `length`.
fn wrap(distance: i64, length: i64) -> i64 {
    (distance + length / 2).rem_euclid(length) - length / 2
}
