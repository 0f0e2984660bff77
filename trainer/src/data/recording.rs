//! Recorded arrivals, from which loads are made.

use scaleiq_core::interval::Interval;
use scaleiq_core::units::UnixSeconds;
use scaleiq_workload::sim::{Load, LoadError, LoadSettings, PEAK_QUANTILE, Series};

/// Counts of arrivals, one an interval, without a hole.
#[derive(Clone, Debug, PartialEq)]
pub struct Recording {
    /// When the first interval begins.
    pub start: UnixSeconds,
    /// Length of an interval, in seconds.
    pub interval_s: u32,
    /// Events of each interval; NaN where they are not known.
    pub counts_events: Vec<f32>,
}

impl Recording {
    /// The arrivals of `rows`, each `interval_s` seconds long.
    #[must_use]
    pub fn of(rows: &[Interval], interval_s: u32) -> Self {
        let start = rows.first().map(|row| row.end.plus(-i64::from(interval_s)));
        let count = |row: &Interval| row.arrivals_events.unwrap_or(f32::NAN);
        Self {
            start: start.unwrap_or(UnixSeconds(0)),
            interval_s,
            counts_events: rows.iter().map(count).collect(),
        }
    }

    /// The same with the last known count where none is known, and the first known before that; `None`
    /// if none is.
    #[must_use]
    pub fn without_gaps(mut self) -> Option<Self> {
        let mut last = self.counts_events.iter().copied().find(|count| !count.is_nan())?;
        for count in &mut self.counts_events {
            if count.is_nan() {
                *count = last;
            }
            last = *count;
        }
        Some(self)
    }

    /// A load of these arrivals, in which work, speed and bursts are drawn from `seed`.
    ///
    /// # Errors
    /// If they cannot be a load.
    pub fn load(&self, settings: &LoadSettings, seed: u64) -> Result<Load, LoadError> {
        let Self { start, interval_s, counts_events } = self;
        let series = Series { start: *start, interval_s: *interval_s, counts_events };
        Load::from_series(&series, settings, seed)
    }

    /// Seconds that were recorded.
    #[must_use]
    pub fn span_s(&self) -> f64 {
        self.counts_events.len() as f64 * f64::from(self.interval_s)
    }
}

/// What `values` are at or below for [`PEAK_QUANTILE`] of the time: what counts as their peak. `None` if
/// there are none.
#[must_use]
pub fn peak(mut values: Vec<f32>) -> Option<f32> {
    values.sort_by(f32::total_cmp);
    let place = PEAK_QUANTILE * values.len().checked_sub(1)? as f64;
    values.get(place as usize).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(counts: &[Option<f32>]) -> Vec<Interval> {
        let row = |(k, count): (usize, &Option<f32>)| Interval {
            arrivals_events: *count,
            ..Interval::missing(UnixSeconds(300 * (k as i64 + 1)))
        };
        counts.iter().enumerate().map(row).collect()
    }

    #[test]
    fn gaps_take_the_last_known_count() {
        let recording = Recording::of(&rows(&[None, Some(2.0), None, Some(5.0), None]), 300);
        assert_eq!((recording.start, recording.span_s()), (UnixSeconds(0), 1500.0));
        assert!(recording.counts_events[2].is_nan());
        let filled = recording.without_gaps().unwrap();
        assert_eq!(filled.counts_events, [2.0, 2.0, 2.0, 5.0, 5.0]);
        assert_eq!(Recording::of(&rows(&[None, None]), 300).without_gaps(), None);
    }

    #[test]
    fn the_peak_leaves_the_highest_two_hundredth_out() {
        assert_eq!(peak((0..1001).rev().map(|k| k as f32).collect()), Some(995.0));
        assert_eq!((peak(vec![3.0]), peak(Vec::new())), (Some(3.0), None));
    }
}
