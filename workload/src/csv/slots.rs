//! Rows that lie on a grid, or nearly: which interval each one is.

use super::row::Row;
use scaleiq_core::interval::IntervalLength;

/// A row may lie this part of an interval off the grid, and is moved onto it.
const TOLERANCE: f64 = 0.1;

/// A track on a grid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Slots {
    length_ms: i64,
    /// A time on the rows' own grid.
    anchor_ms: i64,
    /// The same on the grid of the epoch: intervals start on whole multiples of their length.
    start_ms: i64,
    /// Rows that lay off their grid, and how far at most.
    pub(super) moved: usize,
    pub(super) farthest_ms: i64,
}

impl Slots {
    /// The grid of `length` on which the rows of one track lie, in order of time, each in an
    /// interval of its own; `None` if there is none.
    pub(super) fn of(rows: &[Row], length: IntervalLength) -> Option<Self> {
        let length_ms = i64::from(length.seconds()) * 1000;
        let anchor_ms = anchor_ms(rows, length_ms)?;
        let start_ms = (anchor_ms + length_ms / 2).div_euclid(length_ms) * length_ms;
        let mut slots = Self { length_ms, anchor_ms, start_ms, moved: 0, farthest_ms: 0 };
        let tolerance_ms = (length_ms as f64 * TOLERANCE) as i64;
        let mut last = None;
        for row in rows {
            let off_ms = wrap(row.time_ms - anchor_ms, length_ms).abs();
            let slot = Some(slots.time_ms(row));
            if off_ms > tolerance_ms || slot == last {
                return None;
            }
            slots.moved += usize::from(off_ms > 0);
            slots.farthest_ms = slots.farthest_ms.max(off_ms);
            last = slot;
        }
        Some(slots)
    }

    /// Start of a row's interval, on the grid of the epoch.
    pub(super) fn time_ms(&self, row: &Row) -> i64 {
        let distance = row.time_ms - self.anchor_ms;
        self.start_ms + distance - wrap(distance, self.length_ms)
    }

    /// How far all times were moved.
    pub(super) fn shift_ms(&self) -> i64 {
        self.start_ms - self.anchor_ms
    }
}

/// A time on the rows' own grid: the first row's, less the median of how far the rows lie off it.
fn anchor_ms(rows: &[Row], length_ms: i64) -> Option<i64> {
    let first = rows.first()?;
    let mut off: Vec<i64> =
        rows.iter().map(|row| wrap(row.time_ms - first.time_ms, length_ms)).collect();
    let middle = off.len() / 2;
    Some(first.time_ms + *off.select_nth_unstable(middle).1)
}

/// The distance to the nearest multiple of `length`.
fn wrap(distance: i64, length: i64) -> i64 {
    (distance + length / 2).rem_euclid(length) - length / 2
}
