//! Multi-resolution memory in fixed-size rings: fine for hours, coarse for days, packed for weeks.

use crate::interval::Interval;
use heapless::Vec;

/// A ring of the last `N` values, read by age. `heapless::HistoryBuf` gives its slice in an
/// unspecified order; this one is indexed from the newest.
#[derive(Clone, Debug)]
pub struct Ring<T, const N: usize> {
    slots: Vec<T, N>,
    /// Where the next value goes once the ring is full.
    next: usize,
}

impl<T: Copy, const N: usize> Default for Ring<T, N> {
    fn default() -> Self {
        Self { slots: Vec::new(), next: 0 }
    }
}

impl<T: Copy, const N: usize> Ring<T, N> {
    /// Adds a value and returns the one it pushes out, if the ring was full.
    pub fn push(&mut self, value: T) -> Option<T> {
        if self.slots.push(value).is_ok() {
            return None;
        }
        let slot = self.slots.get_mut(self.next)?;
        let old = core::mem::replace(slot, value);
        self.next = (self.next + 1) % N;
        Some(old)
    }

    /// The value pushed `age` pushes ago; 0 is the newest.
    #[must_use]
    pub fn ago(&self, age: usize) -> Option<T> {
        let len = self.slots.len();
        if age >= len {
            return None;
        }
        // Before the ring is full `next` is 0 and the newest lies at `len - 1`, as it does after.
        self.slots.get((self.next + len - 1 - age) % len).copied()
    }

    /// The value pushed last, to be changed in place.
    pub fn newest_mut(&mut self) -> Option<&mut T> {
        let len = self.slots.len();
        self.slots.get_mut((self.next + len).checked_sub(1)?.checked_rem(len)?)
    }

    /// How many values are held.
    #[must_use]
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// Whether nothing was pushed yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }
}

/// A non-negative count in 16 bits: the top of its `f32` (8 exponent and 8 mantissa bits), so that
/// four weeks of 2-minute counts fit into 40 KB. Relative error at most 2^-9 (0.2 %); zero is exact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PackedCount(u16);

impl PackedCount {
    const MISSING: PackedCount = PackedCount(u16::MAX);

    /// Packs a count. Negative and non-finite values become "missing".
    #[must_use]
    pub fn pack(value: Option<f32>) -> Self {
        match value {
            // 2^-16 of an ulp of the kept mantissa rounds to nearest; the sign bit is 0.
            Some(v) if v.is_finite() && v >= 0.0 => {
                PackedCount(((v.to_bits() + (1 << 14)) >> 15).min(0xFEFF) as u16)
            }
            _ => Self::MISSING,
        }
    }

    /// The count, or `None` if it was missing.
    #[must_use]
    pub fn unpack(self) -> Option<f32> {
        (self != Self::MISSING).then(|| f32::from_bits(u32::from(self.0) << 15))
    }
}

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
/// * `LONG` intervals packed to 16 bits ([`PackedCount`]), which is where the seasons live.
#[derive(Clone, Debug)]
pub struct History<const FINE: usize, const MID: usize, const COARSE: usize, const LONG: usize> {
    fine: Ring<Option<f32>, FINE>,
    mid: Ring<Option<f32>, MID>,
    coarse: Ring<Option<f32>, COARSE>,
    long: Ring<PackedCount, LONG>,
    to_mid: Averager,
    to_coarse: Averager,
}

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
    use proptest::prelude::*;

    fn interval(k: usize, arrivals: Option<f32>) -> Interval {
        Interval {
            arrivals_events: arrivals,
            ..Interval::missing(UnixSeconds(120 * (k as i64 + 1)))
        }
    }

    #[test]
    fn a_ring_is_read_by_age_before_and_after_it_is_full() {
        let mut ring = Ring::<u32, 3>::default();
        assert_eq!(ring.ago(0), None);
        assert_eq!([ring.push(1), ring.push(2), ring.push(3)], [None; 3]);
        assert_eq!([ring.ago(0), ring.ago(2)], [Some(3), Some(1)]);
        assert_eq!([ring.push(4), ring.push(5)], [Some(1), Some(2)]);
        assert_eq!([0, 1, 2, 3].map(|k| ring.ago(k)), [Some(5), Some(4), Some(3), None]);
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

    proptest! {
        #[test]
        fn packing_keeps_counts_within_a_fifth_of_a_percent(v in 0.0f32..1e12) {
            let back = PackedCount::pack(Some(v)).unpack().unwrap();
            prop_assert!((back - v).abs() <= v / 512.0 + f32::MIN_POSITIVE);
        }
    }

    #[test]
    fn packing_keeps_zero_and_missing() {
        assert_eq!(PackedCount::pack(Some(0.0)).unpack(), Some(0.0));
        assert_eq!(PackedCount::pack(None).unpack(), None);
        assert_eq!(PackedCount::pack(Some(f32::NAN)).unpack(), None);
        assert_eq!(PackedCount::pack(Some(-1.0)).unpack(), None);
    }
}
