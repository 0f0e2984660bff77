//! Multi-resolution memory in fixed-size rings: fine for hours, coarse for days, packed for weeks.

use crate::interval::Interval;
use crate::learned::learned;
use crate::packed::PackedCount;
use crate::ring::Ring;

/// Intervals averaged into one value of the middle resolution.
pub const MID_STEPS: usize = 5;
/// Intervals averaged into one value of the coarse resolution.
pub const COARSE_STEPS: usize = 30;

/// Averages every `N`-th run of values; a run of which less than half is known is missing.
#[derive(Clone, Copy, Debug, Default)]
struct Averager {
    sum: f32,
    known: usize,
    seen: usize,
}
learned!(Averager { sum, known, seen });

impl Averager {
    fn push(&mut self, value: Option<f32>, steps: usize) -> Option<Option<f32>> {
        self.seen += 1;
        if let Some(v) = value {
            self.sum += v;
            self.known += 1;
        }
        if self.seen < steps {
            return None;
        }
        let mean = (2 * self.known >= steps).then(|| self.sum / self.known as f32);
        *self = Self::default();
        Some(mean)
    }
}

/// Arrivals per interval at four resolutions, newest first.
///
/// * `FINE` last intervals, exact;
/// * `MID` means of [`MID_STEPS`] intervals;
/// * `COARSE` means of [`COARSE_STEPS`] intervals;
/// * `LONG` intervals packed to 16 bits (`PackedCount`), which is where the seasons live.
#[derive(Clone, Debug)]
pub struct History<const FINE: usize, const MID: usize, const COARSE: usize, const LONG: usize> {
    fine: Ring<Option<f32>, FINE>,
    mid: Ring<Option<f32>, MID>,
    coarse: Ring<Option<f32>, COARSE>,
    long: Ring<PackedCount, LONG>,
    to_mid: Averager,
    to_coarse: Averager,
}
learned!(
    [const F: usize, const M: usize, const C: usize, const L: usize] History<F, M, C, L> {
        fine, mid, coarse, long, to_mid, to_coarse
    }
);

/// Four weeks at 2-minute intervals and a margin of 64 for the context before the oldest season.
pub const FOUR_WEEKS: usize = 28 * 720 + 64;

/// The history that the shipped models read: about 42 KB.
pub type ModelHistory = History<32, 32, 32, FOUR_WEEKS>;

impl<const F: usize, const M: usize, const C: usize, const L: usize> Default
    for History<F, M, C, L>
{
    fn default() -> Self {
        Self {
            fine: Ring::default(),
            mid: Ring::default(),
            coarse: Ring::default(),
            long: Ring::default(),
            to_mid: Averager::default(),
            to_coarse: Averager::default(),
        }
    }
}

impl<const F: usize, const M: usize, const C: usize, const L: usize> History<F, M, C, L> {
    /// Adds the interval that follows the last one.
    pub fn push(&mut self, interval: &Interval) {
        let arrivals = interval.arrivals_events;
        self.fine.push(arrivals);
        self.long.push(PackedCount::pack(arrivals));
        if let Some(mean) = self.to_mid.push(arrivals, MID_STEPS) {
            self.mid.push(mean);
        }
        if let Some(mean) = self.to_coarse.push(arrivals, COARSE_STEPS) {
            self.coarse.push(mean);
        }
    }

    /// Puts another count in the place of the last one.
    pub fn amend_last(&mut self, events: f32) {
        if let Some(last) = self.fine.newest_mut() {
            *last = Some(events);
        }
        if let Some(last) = self.long.newest_mut() {
            *last = PackedCount::pack(Some(events));
        }
    }

    /// Arrivals `age` intervals ago (0 = the last), or `None` if missing or too long ago.
    #[must_use]
    pub fn arrivals_ago(&self, age: usize) -> Option<f32> {
        match self.fine.ago(age) {
            Some(exact) => exact,
            None => self.long.ago(age).and_then(PackedCount::unpack),
        }
    }

    /// Mean arrivals of the `age`-th last run of [`MID_STEPS`] intervals.
    #[must_use]
    pub fn mid_ago(&self, age: usize) -> Option<f32> {
        self.mid.ago(age).flatten()
    }

    /// Mean arrivals of the `age`-th last run of [`COARSE_STEPS`] intervals.
    #[must_use]
    pub fn coarse_ago(&self, age: usize) -> Option<f32> {
        self.coarse.ago(age).flatten()
    }

    /// How many intervals are remembered, missing ones included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.long.len()
    }

    /// Whether nothing was pushed yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.long.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::UnixSeconds;

    fn interval(k: usize, arrivals: Option<f32>) -> Interval {
        Interval {
            arrivals_events: arrivals,
            ..Interval::missing(UnixSeconds(120 * (k as i64 + 1)))
        }
    }

    #[test]
    fn resolutions_average_and_long_remembers() {
        let mut h = History::<4, 4, 4, 100>::default();
        for k in 0..90 {
            h.push(&interval(k, (k != 40).then_some(k as f32)));
        }
        assert_eq!(h.arrivals_ago(0), Some(89.0));
        assert_eq!(h.arrivals_ago(89 - 40), None);
        assert_eq!(h.arrivals_ago(89 - 8), Some(8.0));
        assert_eq!(h.mid_ago(0), Some(87.0));
        assert_eq!(h.coarse_ago(0), Some(74.5));
        assert_eq!(h.arrivals_ago(90), None);
    }
}
