//! How long decisions take.

use serde::Serialize;
use std::collections::VecDeque;
use std::time::Duration;

/// Decisions that are remembered.
const KEPT: usize = 1000;

/// How long the last decisions took, from the sample to the number of jobs.
#[derive(Clone, Debug, Default)]
pub struct Latencies(VecDeque<Duration>);

/// Quantiles of that.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Latency {
    /// Half took no longer, in seconds.
    pub p50_s: f64,
    /// 99 % took no longer.
    pub p99_s: f64,
}

impl Latencies {
    /// A decision took so long.
    pub fn push(&mut self, took: Duration) {
        if self.0.len() == KEPT {
            self.0.pop_front();
        }
        self.0.push_back(took);
    }

    /// Quantiles of the last thousand; `None` before the first.
    #[must_use]
    pub fn quantiles(&self) -> Option<Latency> {
        let mut sorted: Vec<Duration> = self.0.iter().copied().collect();
        sorted.sort_unstable();
        let at = |share: f64| {
            let place = (share * sorted.len() as f64).ceil() as usize;
            sorted.get(place.saturating_sub(1)).map(Duration::as_secs_f64)
        };
        Some(Latency { p50_s: at(0.5)?, p99_s: at(0.99)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_of_the_last_thousand() {
        let mut latencies = Latencies::default();
        assert_eq!(latencies.quantiles(), None);
        latencies.push(Duration::from_secs(5));
        assert_eq!(latencies.quantiles(), Some(Latency { p50_s: 5.0, p99_s: 5.0 }));
        (1..=1000).for_each(|ms| latencies.push(Duration::from_millis(ms)));
        assert_eq!(latencies.quantiles(), Some(Latency { p50_s: 0.5, p99_s: 0.99 }));
    }
}
