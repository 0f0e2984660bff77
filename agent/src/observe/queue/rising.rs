//! Running totals that may fall although nothing began anew.

use super::reading::Amount;

/// A total of a system that keeps it on disk, or on several machines. After a crash that lost what was not
/// written, or from a replica that lagged, it is smaller than it was: nothing is counted then until it
/// grows again. Taken for a new beginning, all that it shows would be events of one moment.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rising {
    last: f64,
    lost: f64,
}

impl Rising {
    /// Whether `total` is less than half of the last one: where nothing else tells, that is a new beginning, and a
    /// smaller fall is none.
    #[must_use]
    pub fn has_halved(&self, total: f64) -> bool {
        total < self.last / 2.0
    }

    /// Returns `total` as it would be if it had never fallen; `began_anew` says of one that fell that what
    /// counts it was made anew, so that it is a beginning.
    pub fn total(&mut self, total: f64, began_anew: bool) -> Amount {
        let fallen = (self.last - total).max(0.0);
        if fallen > 0.0 {
            self.lost = if began_anew { 0.0 } else { self.lost + fallen };
        }
        self.last = total;
        Amount::Total(total + self.lost)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::queue::counter::Counter;

    #[test]
    fn what_falls_counts_nothing_and_what_begins_anew_counts_from_0() {
        let (mut rising, mut counter) = (Rising::default(), Counter::default());
        let totals = [
            (1000.0, true),
            (1030.0, false),
            (990.0, false),
            (995.0, true),
            (1100.0, false),
            (7.0, true),
            (9.0, false),
        ];
        let events = totals
            .map(|(total, began_anew)| counter.count(rising.total(total, began_anew), 10.0).events);
        let known = [30.0, 0.0, 5.0, 105.0, 7.0, 2.0].map(Some);
        assert_eq!((events[0], &events[1..]), (None, &known[..]));
    }
}
