//! Pauses between tries: exponential, capped, with jitter.
//!
//! What failed for many at once must not be tried again by all of them at the same moment (Brooker,
//! Exponential Backoff and Jitter, AWS Architecture Blog 2015).

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::time::Duration;

/// The pauses: each twice as long as the one before, up to the longest.
#[derive(Clone, Debug)]
pub struct Backoff {
    first: Duration,
    longest: Duration,
    next: Duration,
}

impl Backoff {
    /// Pauses from about `first` to about `longest`.
    #[must_use]
    pub fn new(first: Duration, longest: Duration) -> Self {
        Self { first, longest, next: first }
    }

    /// Returns the next pause: between half of what is due and all of it.
    pub fn pause(&mut self) -> Duration {
        let due = self.next.min(self.longest);
        self.next = due.saturating_mul(2);
        due.mul_f64(0.5 + 0.5 * random())
    }

    /// Begins anew, after a success.
    pub fn reset(&mut self) {
        self.next = self.first;
    }
}

/// A number from 0 to 1, another one each time: the standard library seeds its hash maps at random.
fn random() -> f64 {
    RandomState::new().build_hasher().finish() as f64 / u64::MAX as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest_and_begin_anew() {
        let mut backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(6));
        for round in 0..2 {
            for due in [1, 2, 4, 6, 6].map(Duration::from_secs) {
                let pause = backoff.pause();
                assert!((due / 2..=due).contains(&pause), "{round}: {pause:?} of {due:?}");
            }
            backoff.reset();
        }
    }

    #[test]
    fn no_two_wait_for_as_long() {
        let pause = || Backoff::new(Duration::from_secs(1), Duration::from_secs(1)).pause();
        assert!((0..20).map(|_| pause()).any(|other| other != pause()));
    }
}
