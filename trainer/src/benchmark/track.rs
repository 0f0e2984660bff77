//! Thins a course out while it is played.

use super::contender::Contender;
use scaleiq_core::units::UnixSeconds;

/// Most points of a course: about as many as a plot has pixels across.
pub const POINTS: usize = 600;

/// A course in buckets of equal length: the mean of each.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Track {
    /// Whose jobs these are; `None`: the jobs that were needed.
    pub policy: Option<Contender>,
    /// The knob that they were played with.
    pub knob: Option<f32>,
    /// Means, oldest first.
    pub means: Vec<f64>,
    start: UnixSeconds,
    value_s: u32,
    per_bucket: usize,
    open: (f64, usize),
}

impl Track {
    /// A course of `count` values to come, the first from `start` on, one every `value_s` seconds.
    #[must_use]
    pub fn new(start: UnixSeconds, value_s: u32, count: usize) -> Self {
        Self { start, value_s, per_bucket: count.div_ceil(POINTS).max(1), ..Self::default() }
    }

    /// Start of each bucket, in epoch seconds. A last one that is not full is left out.
    #[must_use]
    pub fn times(&self) -> Vec<i64> {
        let bucket_s = i64::from(self.value_s) * self.per_bucket as i64;
        (0..self.means.len() as i64).map(|k| self.start.0 + k * bucket_s).collect()
    }

    /// Adds the next value.
    pub fn push(&mut self, value: f64) {
        let (sum, count) = &mut self.open;
        (*sum, *count) = (*sum + value, *count + 1);
        if *count == self.per_bucket {
            self.means.push(*sum / *count as f64);
            self.open = (0.0, 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_hold_means() {
        let mut track = Track::new(UnixSeconds(1000), 30, 2 * POINTS - 1);
        (0..2 * POINTS - 1).for_each(|k| track.push(k as f64));
        assert_eq!(track.means.len(), POINTS - 1);
        assert_eq!(
            (&track.means[..3], &track.times()[..2]),
            (&[0.5, 2.5, 4.5][..], &[1000, 1060][..])
        );
    }
}
