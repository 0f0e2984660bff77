//! The rows of the sample: how many, how long, and when they are.

use scaleiq_core::interval::IntervalLength;
use scaleiq_core::units::UnixSeconds;

/// Rows of the reference's file, and of the sample that is fitted to its statistics.
pub const ROWS: usize = 107_144;
/// 2025-03-01T00:00:00Z, a Saturday.
pub const START: UnixSeconds = UnixSeconds(1_740_787_200);
/// Its interval.
pub(super) const LENGTH: IntervalLength = IntervalLength::TWO_MINUTES;

/// UTC hour of the day of row `k`, with its fraction, at the middle of the row.
pub(super) fn hour(k: usize) -> f64 {
    (k % LENGTH.steps_per_day()) as f64 * f64::from(LENGTH.seconds()) / 3600.0 + 1.0 / 60.0
}

/// Day of the week of row `k`; 0 is Monday. The sample starts on a Saturday.
pub(super) fn weekday(k: usize) -> usize {
    (k / LENGTH.steps_per_day() + 5) % 7
}

/// The mean of what there is; 0 of nothing.
pub(super) fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = values.fold((0.0, 0.0), |(sum, count), value| (sum + value, count + 1.0));
    sum / f64::max(count, 1.0)
}
