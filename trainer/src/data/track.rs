//! One series and its parts by time: what is trained on, what chooses, what judges.

use super::{Split, WindowSet, windows};
use rand_core::Rng;
use scaleiq_core::forecast::Plan;
use scaleiq_core::interval::{Interval, IntervalLength};
use scaleiq_workload::traffic::augmentation::augmented;

/// A series at one interval length. Rows up to `validation_from` are trained on, then up to
/// `test_from` they choose the best checkpoint, and the rest judges.
#[derive(Clone, Debug)]
pub struct Track {
    /// Where it comes from.
    pub name: String,
    /// Its intervals, without a hole.
    pub rows: Vec<Interval>,
    /// What was planned, row by row; empty where nothing was.
    pub plans: Vec<Plan>,
    /// Length of an interval.
    pub length: IntervalLength,
    /// Row at which validation begins.
    pub validation_from: usize,
    /// Row at which the test begins.
    pub test_from: usize,
}

impl Track {
    /// Whether a part is left that judges.
    #[must_use]
    pub fn is_judged(&self) -> bool {
        self.test_from < self.rows.len()
    }

    /// Windows of the training part, at most about `most`, at least `stride` rows apart.
    #[must_use]
    pub fn training_windows(&self, stride: usize, most: usize) -> WindowSet {
        let stride = stride.max(self.validation_from.div_ceil(most.max(1)));
        windows(&self.rows, self.length, Split { from: 0, to: self.validation_from }, stride)
    }

    /// Windows of the validation part, at most about `most`, at least `stride` rows apart.
    #[must_use]
    pub fn validation_windows(&self, stride: usize, most: usize) -> WindowSet {
        let split = Split { from: self.validation_from, to: self.test_from };
        let stride = stride.max((split.to - split.from).div_ceil(most.max(1)));
        windows(&self.rows, self.length, split, stride)
    }

    /// Windows of the test part, `stride` rows apart.
    #[must_use]
    pub fn test_windows(&self, stride: usize) -> WindowSet {
        let split = Split { from: self.test_from, to: self.rows.len() };
        windows(&self.rows, self.length, split, stride)
    }

    /// The training part as if it were another workload. Nothing of it validates or judges.
    #[must_use]
    pub fn augmented(&self, rng: &mut impl Rng) -> Self {
        let rows = augmented(&self.rows[..self.validation_from], self.length, rng);
        let end = rows.len();
        Self {
            name: format!("{}, augmented", self.name),
            rows,
            plans: Vec::new(),
            length: self.length,
            validation_from: end,
            test_from: end,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_chacha::ChaCha8Rng;
    use rand_core::SeedableRng;
    use scaleiq_core::units::UnixSeconds;

    fn track(n: usize) -> Track {
        let row = |k: usize| Interval {
            arrivals_events: (k % 50 != 7).then_some(1000.0),
            ..Interval::missing(UnixSeconds(300 * (k as i64 + 1)))
        };
        Track {
            name: "a".into(),
            rows: (0..n).map(row).collect(),
            plans: Vec::new(),
            length: IntervalLength::new(300).unwrap(),
            validation_from: n * 7 / 10,
            test_from: n * 8 / 10,
        }
    }

    #[test]
    fn windows_are_bounded_and_apart_by_time() {
        let track = track(2000);
        let train = track.training_windows(3, 200);
        let validation = track.validation_windows(7, 10);
        assert!((150..=200).contains(&train.len()), "{}", train.len());
        assert!(validation.len() <= 10 && !validation.is_empty());
        assert!(validation.origin(0) >= track.validation_from);
    }

    #[test]
    fn an_augmentation_never_reaches_into_validation() {
        let track = track(2000);
        let other = track.augmented(&mut ChaCha8Rng::seed_from_u64(5));
        assert_eq!(other.rows.len(), track.validation_from);
        assert!(other.validation_windows(1, 100).is_empty());
    }
}
