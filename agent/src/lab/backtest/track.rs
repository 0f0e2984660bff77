//! Thins a run out for drawing while it is played: memory does not grow with the history.

use scaleiq_core::units::UnixSeconds;
use serde::Serialize;

/// Most points drawn: more than a screen has, so that zooming in shows something.
pub const MAX_POINTS: usize = 10_000;

/// How a series is thinned out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// The mean of a bucket: for rates and job counts.
    Mean,
    /// The highest value: for waits and backlogs, where the peak is the point.
    Max,
}

/// Buckets of equal length over a span of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Buckets {
    start: UnixSeconds,
    bucket_s: u32,
    count: usize,
}

impl Buckets {
    /// At most [`MAX_POINTS`] buckets of a whole number of ticks, that cover `span_s`.
    #[must_use]
    pub fn new(start: UnixSeconds, span_s: u64, tick_s: u32) -> Self {
        let ticks = span_s.div_ceil(u64::from(tick_s)).max(1);
        let per_bucket = ticks.div_ceil(MAX_POINTS as u64);
        let bucket_s = u32::try_from(per_bucket).unwrap_or(u32::MAX).saturating_mul(tick_s);
        Self { start, bucket_s, count: ticks.div_ceil(per_bucket) as usize }
    }

    /// Where the first one begins.
    #[must_use]
    pub fn begin(&self) -> UnixSeconds {
        self.start
    }

    /// End of each bucket, in epoch seconds.
    #[must_use]
    pub fn times(&self) -> Vec<i64> {
        (1..=self.count as i64).map(|k| self.start.0 + k * i64::from(self.bucket_s)).collect()
    }

    /// The bucket of a tick that ends at `end`; `None` outside.
    fn index(&self, end: UnixSeconds) -> Option<usize> {
        let into_s = end.since(self.start) - 1;
        let index = usize::try_from(into_s / i64::from(self.bucket_s)).ok()?;
        (into_s >= 0 && index < self.count).then_some(index)
    }
}

/// One series, thinned out as it comes.
#[derive(Clone, Debug)]
pub struct Series {
    buckets: Buckets,
    keep: Keep,
    /// Sum or highest value, and how many.
    cells: Vec<(f64, u32)>,
}

impl Series {
    /// A series in which nothing is known yet.
    #[must_use]
    pub fn new(buckets: Buckets, keep: Keep) -> Self {
        Self { buckets, keep, cells: vec![(0.0, 0); buckets.count] }
    }

    /// Adds the value of the tick that ends at `end`. Outside of the buckets nothing is kept.
    pub fn add(&mut self, end: UnixSeconds, value: f64) {
        let cell = self.buckets.index(end).and_then(|index| self.cells.get_mut(index));
        if let Some((kept, n)) = cell
            && value.is_finite()
        {
            *kept = match self.keep {
                Keep::Mean => *kept + value,
                Keep::Max if *n > 0 => kept.max(value),
                Keep::Max => value,
            };
            *n += 1;
        }
    }

    /// The thinned values, with two decimal places; `None` where nothing is known.
    #[must_use]
    pub fn values(&self) -> Vec<Option<f64>> {
        let value = |(kept, n): &(f64, u32)| {
            let value = match self.keep {
                Keep::Mean => kept / f64::from(*n),
                Keep::Max => *kept,
            };
            (*n > 0).then(|| (value * 100.0).round() / 100.0)
        };
        self.cells.iter().map(value).collect()
    }
}

impl Serialize for Series {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.values().serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_histories_are_kept_as_they_are() {
        let buckets = Buckets::new(UnixSeconds(1000), 300, 30);
        assert_eq!(buckets.times().len(), 10);
        let mut series = Series::new(buckets, Keep::Mean);
        series.add(UnixSeconds(1030), 1.0);
        series.add(UnixSeconds(1300), 9.0);
        series.add(UnixSeconds(1000), 5.0);
        series.add(UnixSeconds(1330), 5.0);
        let values = series.values();
        assert_eq!((values[0], values[1], values[9]), (Some(1.0), None, Some(9.0)));
    }

    #[test]
    fn long_ones_keep_means_or_peaks() {
        let span_s = 30 * MAX_POINTS as u64 * 3;
        let buckets = Buckets::new(UnixSeconds(0), span_s, 30);
        assert_eq!(buckets.times().len(), MAX_POINTS);
        let mut mean = Series::new(buckets, Keep::Mean);
        let mut max = Series::new(buckets, Keep::Max);
        for (k, value) in [1.0, 6.0, 2.0, f64::NAN].into_iter().enumerate() {
            let end = UnixSeconds(30 * (k as i64 + 1));
            mean.add(end, value);
            max.add(end, value);
        }
        assert_eq!((mean.values()[0], max.values()[0]), (Some(3.0), Some(6.0)));
        assert_eq!(mean.values()[1], None);
    }

    #[test]
    fn a_length_that_does_not_divide_is_covered() {
        let buckets = Buckets::new(UnixSeconds(0), 30 * (MAX_POINTS as u64 * 2 + 1), 30);
        assert!(buckets.times().len() <= MAX_POINTS);
        assert!(*buckets.times().last().unwrap() >= 30 * (MAX_POINTS as i64 * 2 + 1));
    }
}
