//! A sender's clock, seen against ours.
//!
//! No sample comes before it was measured, so one from the future says at once by how much the clock
//! is ahead. One from the past may simply be late, or history: a clock is behind only if samples keep
//! coming as late as each other while time goes by, which neither a queue that is worked off nor a
//! history that is read does.

use crate::observe::{Warning, WarningKind};

/// A sample may end this many seconds ahead of our clock: rounding, and clocks that nobody minds.
pub(super) const AHEAD_S: i64 = 5;
/// Clocks are wrong by minutes; a single sample that is further ahead is nonsense.
const PLAUSIBLE_S: i64 = 3600;
/// No clock that keeps some time zone is further off, in seconds; a moment from elsewhere is no clock.
const MAX_S: i64 = 14 * 3600;
/// Samples that must be off by the same.
const SAMPLES: u32 = 3;
/// Seconds that must go by meanwhile, or two intervals.
const LASTING_S: i64 = 30;
/// Samples that come no later than this are on time, or no later than their interval.
const LATE_S: i64 = 60;

/// What is known of one sender's clock.
#[derive(Clone, Debug, Default)]
pub(super) struct SenderClock {
    /// Seconds to be added to its times.
    shift_s: i64,
    /// Samples that were off by about the same.
    run: Option<Run>,
}

#[derive(Clone, Copy, Debug)]
struct Run {
    lag_s: i64,
    since_s: i64,
    samples: u32,
}

impl SenderClock {
    /// Seconds to be added to its times.
    pub(super) fn shift_s(&self) -> i64 {
        self.shift_s
    }

    /// Compares: a sample over `interval_s`, the newest of its body, came at `now_s` and is `lag_s`
    /// old by our clock. Says whether what is to be added has changed by more than jitter.
    pub(super) fn compare(&mut self, lag_s: i64, interval_s: u32, now_s: i64) -> bool {
        let interval_s = i64::from(interval_s);
        let jitter_s = AHEAD_S.max(interval_s / 2);
        let before = self.shift_s;
        let residual_s = lag_s.saturating_sub(self.shift_s);
        if (-AHEAD_S..=LATE_S.max(interval_s)).contains(&lag_s) {
            (self.shift_s, self.run) = (0, None);
        } else if self.shift_s != 0 && (-AHEAD_S..=jitter_s).contains(&residual_s) {
            self.run = None;
        } else if (-PLAUSIBLE_S..0).contains(&lag_s) {
            (self.shift_s, self.run) = (lag_s, None);
        } else if lag_s.saturating_abs() <= MAX_S {
            let run = match self.run {
                Some(run) if (lag_s - run.lag_s).abs() <= jitter_s => {
                    Run { lag_s: lag_s.min(run.lag_s), samples: run.samples + 1, ..run }
                }
                _ => Run { lag_s, since_s: now_s, samples: 1 },
            };
            let lasts = now_s.saturating_sub(run.since_s) >= LASTING_S.max(2 * interval_s);
            self.run = Some(run);
            if run.samples >= SAMPLES && lasts {
                (self.shift_s, self.run) = (run.lag_s, None);
            }
        }
        (self.shift_s - before).abs() > jitter_s
    }

    /// What is to be said of a sample whose time was corrected.
    pub(super) fn warning(&self) -> Option<Warning> {
        let off_s = self.shift_s.abs();
        let message = match self.shift_s {
            0 => return None,
            1.. => format!(
                "the sender's clock is {off_s} s behind this machine's, or its samples come as late: \
                 taken as of when it came; if they are late, set `source.clock: sender`"
            ),
            _ => format!(
                "the sender's clock is {off_s} s ahead of this machine's: its times are corrected"
            ),
        };
        Some(Warning::of_field("time", WarningKind::Clock, message))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Samples of 30 s, one every `step_s`, each `lag_s` old: the shift behind each.
    fn shifts(clock: &mut SenderClock, step_s: i64, lags: &[i64]) -> Vec<i64> {
        let shift = |(k, lag): (usize, &i64)| {
            clock.compare(*lag, 30, 1_000_000 + k as i64 * step_s);
            clock.shift_s()
        };
        lags.iter().enumerate().map(shift).collect()
    }

    #[test]
    fn a_fast_clock_is_corrected_at_once_and_so_is_its_correction() {
        let mut clock = SenderClock::default();
        let lags = [1, -240, -238, -239, 2, 0];
        assert_eq!(shifts(&mut clock, 30, &lags), [0, -240, -240, -240, 0, 0]);
        assert!(clock.warning().is_none());
    }

    #[test]
    fn a_slow_clock_is_corrected_once_it_lasts() {
        let mut clock = SenderClock::default();
        assert_eq!(shifts(&mut clock, 30, &[302, 300, 301, 303, 1]), [0, 0, 300, 300, 0]);
        // As an hour that was set back, also where it had been fast.
        let lags = [-120, 3600, 3601, 3600];
        assert_eq!(shifts(&mut clock, 30, &lags), [-120, -120, -120, 3600]);
        assert!(clock.warning().unwrap().message.contains("3600 s behind"));
    }

    #[test]
    fn late_samples_and_histories_are_no_clocks() {
        for (step_s, lags) in [
            // A queue that is worked off; a history, quickly and sample by sample; retries.
            (1, vec![300, 271, 242, 213, 184, 155, 126]),
            (0, vec![4000, 3999, 3998, 3997, 3996, 3995]),
            (30, vec![2, 300, 2, 300, 2, 300]),
            (30, vec![900_000; 20]),
        ] {
            let shifts = shifts(&mut SenderClock::default(), step_s, &lags);
            assert!(shifts.iter().all(|shift| *shift == 0), "{lags:?}: {shifts:?}");
        }
    }

    #[test]
    fn one_sample_from_far_ahead_is_nonsense_and_a_zone_is_not() {
        let mut clock = SenderClock::default();
        assert_eq!(shifts(&mut clock, 30, &[1, -315_360_000, 2]), [0, 0, 0]);
        assert_eq!(shifts(&mut clock, 30, &[-7200, -7199, -7201]), [0, 0, -7201]);
    }
}
