//! Running totals into counts.

use super::reading::Amount;

/// What became of an amount.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Counted {
    /// Events since the last look; `None` if that cannot be known.
    pub events: Option<f64>,
    /// Whether the total was smaller than before: the system began anew.
    pub was_reset: bool,
}

/// Remembers the last total.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counter {
    last: Option<f64>,
    /// Seconds since it was told.
    since_s: f64,
}

impl Counter {
    /// Returns the events of `amount` in the last `elapsed_s` seconds, which are those since the last call.
    ///
    /// A total that is smaller than the last one has begun anew at 0: what it shows now came since, and
    /// at least so much did. Prometheus' `increase` counts the same way. Of a total that was not told for
    /// longer, what came since is taken to have come evenly, so that it does not look like a burst.
    pub fn count(&mut self, amount: Amount, elapsed_s: f64) -> Counted {
        self.since_s += elapsed_s;
        match amount {
            Amount::Unknown => Counted::default(),
            Amount::Over { events, seconds } if is_amount(events) && seconds > 0.0 => {
                Counted { events: Some(events / seconds * elapsed_s), was_reset: false }
            }
            Amount::Total(total) if is_amount(total) => {
                let since_s = std::mem::take(&mut self.since_s);
                let share = if since_s > elapsed_s { elapsed_s / since_s } else { 1.0 };
                match self.last.replace(total) {
                    Some(last) if total >= last => {
                        Counted { events: Some((total - last) * share), was_reset: false }
                    }
                    Some(_) => Counted { events: Some(total * share), was_reset: true },
                    None => Counted::default(),
                }
            }
            // Another number than that of a count is no answer, and what comes next is no difference to it.
            Amount::Over { .. } | Amount::Total(_) => Counted::default(),
        }
    }
}

fn is_amount(value: f64) -> bool {
    value.is_finite() && value >= 0.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn totals_become_counts_and_a_smaller_one_has_begun_anew() {
        let mut counter = Counter::default();
        let counts =
            [100.0, 130.0, 130.0, 20.0, 25.0].map(|total| counter.count(Amount::Total(total), 5.0));
        assert_eq!(counts.map(|c| c.events), [None, Some(30.0), Some(0.0), Some(20.0), Some(5.0)]);
        assert_eq!(counts.map(|c| c.was_reset), [false, false, false, true, false]);
    }

    #[test]
    fn what_is_no_number_is_no_count_and_is_not_remembered() {
        let mut counter = Counter::default();
        counter.count(Amount::Total(50.0), 5.0);
        for bad in [f64::NAN, f64::INFINITY, -1.0] {
            assert_eq!(counter.count(Amount::Total(bad), 5.0), Counted::default());
            let over = Amount::Over { events: bad, seconds: 5.0 };
            assert_eq!(counter.count(over, 5.0), Counted::default());
        }
        // So much came in 35 seconds, of which these are five.
        assert_eq!(counter.count(Amount::Total(120.0), 5.0).events, Some(10.0));
        assert_eq!(counter.count(Amount::Unknown, 5.0).events, None);
        assert_eq!(counter.count(Amount::Total(140.0), 5.0).events, Some(10.0));
        assert_eq!(counter.count(Amount::Total(150.0), 5.0).events, Some(10.0));
    }

    #[test]
    fn a_count_over_another_time_is_brought_to_the_time_that_passed() {
        let over = Amount::Over { events: 600.0, seconds: 60.0 };
        assert_eq!(Counter::default().count(over, 5.0).events, Some(50.0));
        let over = Amount::Over { events: 600.0, seconds: 0.0 };
        assert_eq!(Counter::default().count(over, 5.0).events, None);
    }
}
