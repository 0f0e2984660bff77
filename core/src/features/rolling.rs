//! Rolling count, mean, deviation, minimum and maximum in O(1) amortised.
//!
//! Running sums from which the oldest value is subtracted go wrong: one spike of 1e12 leaves
//! rounding dust behind that swamps the variance of everything after it. Here nothing is ever
//! subtracted. Time is cut into blocks of one window's length; a window is the tail of the last
//! block and the head of the present one, and two summaries merge exactly enough. (van Herk,
//! "A fast algorithm for local minimum and maximum filters", 1992; Gil and Werman, "Computing 2-D
//! min, median, and max filters", 1993; the merge is Chan, Golub and LeVeque's, 1983.) Since each
//! block starts afresh, errors do not pile up, however long it runs.

use crate::history::Ring;
use heapless::Deque;

/// Count, mean, sum of squared deviations, minimum and maximum of some values.
#[derive(Clone, Copy, Debug)]
pub(super) struct Summary {
    known: u32,
    mean: f64,
    squares: f64,
    min: f32,
    max: f32,
}

impl Summary {
    const EMPTY: Summary =
        Summary { known: 0, mean: 0.0, squares: 0.0, min: f32::INFINITY, max: f32::NEG_INFINITY };

    /// Of one value; NaN is missing and counts for nothing.
    fn of(value: f32) -> Self {
        if value.is_nan() {
            return Self::EMPTY;
        }
        Self { known: 1, mean: f64::from(value), squares: 0.0, min: value, max: value }
    }

    fn merge(self, other: Self) -> Self {
        if self.known == 0 {
            return other;
        }
        if other.known == 0 {
            return self;
        }
        let known = self.known + other.known;
        let (a, b, n) = (f64::from(self.known), f64::from(other.known), f64::from(known));
        let apart = other.mean - self.mean;
        Self {
            known,
            mean: self.mean + apart * (b / n),
            squares: self.squares + other.squares + apart * apart * (a * b / n),
            min: self.min.min(other.min),
            max: self.max.max(other.max),
        }
    }

    /// NaN unless at least `enough` values are known; so are the others.
    pub(super) fn mean(&self, enough: u32) -> f64 {
        if self.known >= enough { self.mean } else { f64::NAN }
    }

    /// Standard deviation of a sample (divided by `n - 1`); `squares` is a sum of squares, so it
    /// is never below zero.
    pub(super) fn std(&self, enough: u32) -> f64 {
        if self.known < enough.max(2) {
            return f64::NAN;
        }
        libm::sqrt(self.squares / f64::from(self.known - 1))
    }

    pub(super) fn min(&self, enough: u32) -> f64 {
        if self.known >= enough.max(1) { f64::from(self.min) } else { f64::NAN }
    }

    pub(super) fn max(&self, enough: u32) -> f64 {
        if self.known >= enough.max(1) { f64::from(self.max) } else { f64::NAN }
    }
}

/// The last `W` intervals, summed up.
#[derive(Clone, Debug)]
pub(super) struct Window<const W: usize> {
    /// At `k`: the last `k` values of the finished block.
    tails: [Summary; W],
    /// The present block so far.
    head: Summary,
    /// How many values that is, missing ones included.
    filled: usize,
}

impl<const W: usize> Window<W> {
    pub(super) fn new() -> Self {
        Self { tails: [Summary::EMPTY; W], head: Summary::EMPTY, filled: 0 }
    }

    /// Takes a value that was just pushed to `recent` (a ring of `W` values at least) and sums up
    /// the window that ends with it.
    pub(super) fn push<const N: usize>(&mut self, value: f32, recent: &Ring<f32, N>) -> Summary {
        self.head = self.head.merge(Summary::of(value));
        self.filled += 1;
        let tail = self.tails.get(W.saturating_sub(self.filled));
        let window = tail.copied().unwrap_or(Summary::EMPTY).merge(self.head);
        if self.filled >= W {
            let mut tail = Summary::EMPTY;
            for (age, slot) in self.tails.iter_mut().enumerate() {
                *slot = tail;
                tail = Summary::of(recent.ago(age).unwrap_or(f32::NAN)).merge(tail);
            }
            self.head = Summary::EMPTY;
            self.filled = 0;
        }
        window
    }
}

/// The largest of the last `W` values, where nothing else of a window is needed: a queue of the
/// values that can still become the largest, falling from front to back.
#[derive(Clone, Debug, Default)]
pub(super) struct RollingMax<const W: usize> {
    /// (step, value)
    candidates: Deque<(u32, f32), W>,
    step: u32,
}

impl<const W: usize> RollingMax<W> {
    /// Takes a value (NaN = missing) and gives the largest known one; NaN if there is none.
    pub(super) fn push(&mut self, value: f32) -> f32 {
        let now = self.step;
        self.step = now.wrapping_add(1);
        while self.candidates.front().is_some_and(|c| now.wrapping_sub(c.0) as usize >= W) {
            self.candidates.pop_front();
        }
        if !value.is_nan() {
            while self.candidates.back().is_some_and(|c| c.1 <= value) {
                self.candidates.pop_back();
            }
            // Never full: at most one candidate for each of the `W` steps in the window.
            let _ = self.candidates.push_back((now, value));
        }
        self.candidates.front().map_or(f32::NAN, |c| c.1)
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use std::vec::Vec;

    fn summaries<const W: usize>(values: &[f32]) -> Vec<Summary> {
        let (mut recent, mut window) = (Ring::<f32, W>::default(), Window::<W>::new());
        let push = |&v: &f32| {
            recent.push(v);
            window.push(v, &recent)
        };
        values.iter().map(push).collect()
    }

    #[test]
    fn a_spike_leaves_nothing_behind() {
        let mut values = std::vec![1.0_f32, 2.0, 3.0, 1e12, 4.0, 5.0, 6.0, 7.0, 8.0];
        values.push(f32::NAN);
        let got = summaries::<3>(&values);
        assert_eq!((got[6].mean(3), got[6].std(3)), (5.0, 1.0));
        assert_eq!((got[8].mean(3), got[8].std(3)), (7.0, 1.0));
        assert_eq!((got[4].min(3), got[4].max(3)), (3.0, 1e12_f32.into()));
        assert_eq!((got[9].mean(2), got[9].std(2)), (7.5, libm::sqrt(0.5)));
        assert!(got[9].mean(3).is_nan() && got[1].std(3).is_nan());
    }

    #[test]
    fn equal_values_have_no_deviation_at_all() {
        assert!(summaries::<7>(&[999_999_995_904.0; 50]).iter().skip(1).all(|s| s.std(2) == 0.0));
    }

    #[test]
    fn the_largest_is_forgotten_in_time() {
        let mut max = RollingMax::<3>::default();
        let got = [5.0, 1.0, f32::NAN, 2.0, f32::NAN, f32::NAN].map(|v| max.push(v));
        assert_eq!(got, [5.0, 5.0, 5.0, 2.0, 2.0, 2.0]);
        assert!(max.push(f32::NAN).is_nan());
    }

    #[test]
    fn the_step_may_wrap() {
        let mut max = RollingMax::<3> { step: u32::MAX - 1, ..RollingMax::default() };
        let got = [5.0, 4.0, 3.0, 2.0, 1.0].map(|v| max.push(v));
        assert_eq!(got, [5.0, 5.0, 5.0, 4.0, 3.0]);
    }
}
