//! Totals of several series as one total.

use super::exposition::Found;
use std::collections::HashMap;

/// Series that are remembered although they are not there any more.
const MAX_REMEMBERED: usize = 20_000;

/// Adds up what each series grew by.
///
/// The plain sum would not do: where one series begins anew the others hide it, and where one is missing
/// the sum falls and looks as if all had begun anew.
#[derive(Debug, Default)]
pub(super) struct Totals {
    last: HashMap<String, f64>,
    sum: f64,
}

impl Totals {
    /// Returns the total with what `found` shows; `None` if it shows nothing.
    ///
    /// What begins anew begins at 0, and what was never seen began since the last look. The total that
    /// comes back is smaller than the one before it where a series began anew, if that tells it: what it
    /// shows then came since.
    pub(super) fn add(&mut self, found: &[Found<'_>]) -> Option<f64> {
        let found = || found.iter().filter(|(_, value)| value.is_finite() && *value >= 0.0);
        found().next()?;
        let (mut grown, mut is_anew) = (0.0, false);
        for (series, value) in found() {
            grown += match self.last.insert((*series).to_owned(), *value) {
                Some(before) if *value >= before => value - before,
                Some(_) => {
                    is_anew = true;
                    *value
                }
                None => *value,
            };
        }
        if self.last.len() > MAX_REMEMBERED {
            self.last = found().map(|(series, value)| ((*series).to_owned(), *value)).collect();
        }
        self.sum = if is_anew && grown < self.sum { grown } else { self.sum + grown };
        Some(self.sum)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::queue::counter::Counter;
    use crate::observe::queue::reading::Amount;

    #[test]
    fn each_series_is_counted_by_itself() {
        let (mut totals, mut counter) = (Totals::default(), Counter::default());
        let mut count = |found: &[Found<'_>]| {
            let total = totals.add(found).map_or(Amount::Unknown, Amount::Total);
            let counted = counter.count(total, 10.0);
            (counted.events, counted.was_reset)
        };
        assert_eq!(count(&[("a", 1000.0), ("b", 50.0)]), (None, false));
        assert_eq!(count(&[("a", 1010.0), ("b", 55.0)]), (Some(15.0), false));
        assert_eq!(count(&[("a", 1020.0)]), (Some(10.0), false), "b is gone");
        assert_eq!(count(&[("a", 1020.0), ("b", 60.0)]), (Some(5.0), false), "and back");
        // What came meanwhile came in twice the time.
        assert_eq!(count(&[]), (None, false));
        assert_eq!(count(&[("a", 1100.0), ("b", 3.0)]), (Some(41.5), true), "b began anew");
        assert_eq!(count(&[("a", 1101.0), ("b", 3.0), ("c", 4.0)]), (Some(5.0), false), "c is new");
        assert_eq!(count(&[("a", f64::NAN), ("b", 4.0)]), (Some(1.0), false));
    }
}
