//! Sums and maxima over the last seconds, in a fixed number of buckets.
//!
//! Samples come once a second or once in two minutes; what is remembered of a window is the same
//! number of buckets either way, each at most a `1 / (N - 1)`-th of the window long unless a single
//! sample is longer.

use crate::learned::learned;
use crate::ring::Ring;
use crate::units::UnixSeconds;

#[derive(Clone, Copy, Debug, Default)]
struct Bucket {
    start: UnixSeconds,
    end: UnixSeconds,
    value: f32,
}
learned!(Bucket { start, end, value });

/// Values of the last seconds in `N` buckets. A window is used either for sums or for maxima.
#[derive(Clone, Debug, Default)]
pub struct Window<const N: usize> {
    buckets: Ring<Bucket, N>,
}
learned!([const N: usize] Window<N> { buckets });

impl<const N: usize> Window<N> {
    /// Adds `value` for the span that ends at `end`, to be summed over the last `window_s`.
    pub fn add(&mut self, end: UnixSeconds, span_s: u32, value: f32, window_s: u32) {
        self.push(end, span_s, value, window_s, |a, b| a + b);
    }

    /// Adds `value` as of `at`, to be compared over the last `window_s`.
    pub fn raise(&mut self, at: UnixSeconds, value: f32, window_s: u32) {
        self.push(at, 0, value, window_s, f32::max);
    }

    fn push(
        &mut self,
        end: UnixSeconds,
        span_s: u32,
        value: f32,
        window_s: u32,
        merge: impl Fn(f32, f32) -> f32,
    ) {
        let start = end.plus(-i64::from(span_s));
        let longest_s = i64::from(window_s) / (N as i64 - 1).max(1);
        match self.buckets.newest_mut() {
            Some(newest) if end.since(newest.start) <= longest_s => {
                *newest = Bucket { end, value: merge(newest.value, value), ..*newest };
            }
            _ => {
                self.buckets.push(Bucket { start, end, value });
            }
        }
    }

    /// The sum of what was added since `since`; a bucket that began before counts in part.
    #[must_use]
    pub fn sum_since(&self, since: UnixSeconds) -> f32 {
        let part = |b: &Bucket| {
            let length_s = b.end.since(b.start).max(1) as f32;
            b.value * (b.end.since(since) as f32 / length_s).clamp(0.0, 1.0)
        };
        self.since(since).map(|b| part(&b)).sum()
    }

    /// The highest value since `since`, the bucket in which that moment lies included.
    #[must_use]
    pub fn highest_since(&self, since: UnixSeconds) -> Option<f32> {
        self.since(since).map(|b| b.value).reduce(f32::max)
    }

    fn since(&self, since: UnixSeconds) -> impl Iterator<Item = Bucket> {
        (0..N).map_while(|age| self.buckets.ago(age)).take_while(move |b| b.end >= since)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_cut_at_the_windows_edge() {
        let mut window = Window::<4>::default();
        for k in 1..=10 {
            window.add(UnixSeconds(30 * k), 30, 60.0, 90);
        }
        assert_eq!(window.sum_since(UnixSeconds(240)), 120.0);
        assert_eq!(window.sum_since(UnixSeconds(255)), 90.0);
    }

    #[test]
    fn many_short_samples_fit_few_buckets() {
        let mut window = Window::<9>::default();
        for k in 1..=1000 {
            window.add(UnixSeconds(k), 1, 1.0, 80);
        }
        let sum = window.sum_since(UnixSeconds(920));
        assert!((sum - 80.0).abs() <= 10.0, "{sum}");
    }

    #[test]
    fn the_highest_is_forgotten_in_time() {
        let mut window = Window::<9>::default();
        window.raise(UnixSeconds(0), 7.0, 80);
        for k in 1..=20 {
            window.raise(UnixSeconds(10 * k), 3.0, 80);
        }
        assert_eq!(window.highest_since(UnixSeconds(120)), Some(3.0));
        let mut window = Window::<9>::default();
        window.raise(UnixSeconds(0), 7.0, 80);
        window.raise(UnixSeconds(60), 3.0, 80);
        assert_eq!(window.highest_since(UnixSeconds(0)), Some(7.0));
        assert_eq!(window.highest_since(UnixSeconds(61)), None);
    }
}
