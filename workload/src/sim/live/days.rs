//! What is kept for a week.

use scaleiq_core::units::{DAY_S, UnixSeconds};
use std::collections::VecDeque;

/// Days that are kept beside the present one.
const KEPT: i64 = 7;

/// A value for the present day (UTC) and each of the seven before in which something happened: a whole
/// week, whatever the hour.
#[derive(Clone, Debug)]
pub struct Days<T> {
    days: VecDeque<(i64, T)>,
    today: (i64, T),
}

impl<T: Default> Default for Days<T> {
    fn default() -> Self {
        Self { days: VecDeque::new(), today: (i64::MIN, T::default()) }
    }
}

impl<T: Default> Days<T> {
    /// The value of the day of `at`; older days than are kept are forgotten.
    pub fn at(&mut self, at: UnixSeconds) -> &mut T {
        let day = at.0.div_euclid(i64::from(DAY_S));
        if self.today.0 < day {
            let ended = std::mem::replace(&mut self.today, (day, T::default()));
            self.days.push_back(ended);
            while self.days.front().is_some_and(|(old, _)| *old < day - KEPT) {
                self.days.pop_front();
            }
        }
        &mut self.today.1
    }

    /// The values, the oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.days.iter().chain([&self.today]).map(|(_, value)| value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_week_is_kept() {
        let mut days = Days::<u32>::default();
        for hour in 0..24 * 20 {
            *days.at(UnixSeconds(3600 * hour)) += 1;
        }
        assert_eq!(days.iter().copied().collect::<std::vec::Vec<_>>(), [24; 8]);
        *days.at(UnixSeconds(100 * i64::from(DAY_S))) += 1;
        assert_eq!(days.iter().sum::<u32>(), 1);
    }
}
