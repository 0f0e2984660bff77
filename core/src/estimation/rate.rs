//! The present arrival rate and where it is heading.

use crate::learned::learned;
use crate::units::{DAY_S, UnixSeconds};

/// Seconds over which the level follows.
const LEVEL_S: f32 = 45.0;
/// Seconds over which the trend follows.
const TREND_S: f32 = 60.0;
/// Seconds over which the usual surprise of a sample is averaged.
const SURPRISE_S: f32 = 3600.0;
/// Surprises beyond this many usual ones are followed faster, in proportion,
const LARGE_SURPRISE: f32 = 2.5;
/// ... where a usual one is so many events larger than it has been: few events come unevenly. Chosen by ADR 8 (0
/// before),
const FEW_EVENTS: f32 = 2.0;
/// ... up to this many times as fast,
const MAX_HASTE: f32 = 8.0;
/// ... and never by more than this share of the surprise.
const MAX_FOLLOWED: f32 = 0.9;
/// A surprise counts for at most this many usual ones, and the level.
const MAX_UNUSUAL: f32 = 4.0;
/// Seconds in which the highest rate fades by a factor of e.
const HIGHEST_S: f32 = 3.0 * DAY_S as f32;
/// A gap longer than this many samples breaks the trend.
const GAP_SAMPLES: i64 = 3;

/// Double exponential smoothing (Holt 1957) that hurries when a sample is unlike what the last ones
/// have been: a burst is believed within a sample or two, while noise is averaged over a minute.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Rate {
    level: Option<f32>,
    trend: f32,
    surprise: f32,
    mean: f32,
    highest: f32,
    seen: f32,
    last: UnixSeconds,
}
learned!(Rate { level, trend, surprise, mean, highest, seen, last });

impl Rate {
    /// Takes the mean rate of the `span_s` seconds up to `end`.
    pub(super) fn push(&mut self, end: UnixSeconds, span_s: f32, rate: f32) {
        self.seen += 1.0;
        let day = weight(span_s, DAY_S as f32).max(1.0 / self.seen);
        self.mean += day * (rate - self.mean);
        if end.since(self.last) as f32 > GAP_SAMPLES as f32 * span_s {
            self.trend = 0.0;
        }
        self.last = end;
        let Some(level) = self.level else {
            (self.level, self.highest) = (Some(rate), rate);
            return;
        };
        let expected = level + self.trend * span_s;
        let error = rate - expected;
        let unusual = error.abs() / (self.surprise + FEW_EVENTS / span_s);
        let learn = weight(span_s, SURPRISE_S).max(1.0 / self.seen);
        let bounded = error.abs().min(MAX_UNUSUAL * self.surprise + level);
        self.surprise += learn * (bounded - self.surprise);
        let haste = (unusual / LARGE_SURPRISE).clamp(1.0, MAX_HASTE);
        let follow = (weight(span_s, LEVEL_S) * haste).min(MAX_FOLLOWED);
        let turn = (weight(span_s, TREND_S) * haste).min(MAX_FOLLOWED);
        let level = (expected + follow * error).max(0.0);
        self.level = Some(level);
        self.highest = (self.highest * libm::expf(-span_s / HIGHEST_S)).max(level);
        self.trend += turn * follow * error / span_s;
    }

    /// The rate now, in events per second; `None` before the first sample.
    pub(super) fn level(&self) -> Option<f32> {
        self.level
    }

    /// Its change per second.
    pub(super) fn trend(&self) -> f32 {
        self.trend
    }

    /// The highest rate of about the last three days.
    pub(super) fn highest(&self) -> f32 {
        self.highest
    }

    /// The mean rate of the last day.
    pub(super) fn mean(&self) -> f32 {
        self.mean
    }
}

/// What a sample of `span_s` weighs in an exponential average over `over_s`.
pub(super) fn weight(span_s: f32, over_s: f32) -> f32 {
    1.0 - libm::expf(-span_s / over_s)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(rates: impl IntoIterator<Item = f32>) -> Rate {
        let mut rate = Rate::default();
        for (k, value) in rates.into_iter().enumerate() {
            rate.push(UnixSeconds(30 * (k as i64 + 1)), 30.0, value);
        }
        rate
    }

    #[test]
    fn noise_is_averaged_and_a_burst_is_believed() {
        let noisy = (0..200).map(|k| if k % 2 == 0 { 98.0 } else { 102.0 });
        let calm = after(noisy.clone());
        assert!((calm.level().unwrap() - 100.0).abs() < 2.0);
        assert!((calm.mean() - 100.0).abs() < 1.0);
        let burst = after(noisy.chain([200.0]));
        assert!(burst.level().unwrap() > 180.0, "{burst:?}");
        assert!(burst.trend() > 1.0);
    }

    #[test]
    fn a_few_events_more_are_no_burst() {
        let usual = [4.0, 6.0, 3.0, 7.0, 5.0];
        let level_after = |scale: f32, last: f32| {
            let counts = (0..200).map(|k| usual[k % 5]).chain([last]);
            after(counts.map(|count| scale * count / 30.0)).level().unwrap() * 30.0 / scale
        };
        assert!(level_after(1.0, 12.0) < 9.0, "{}", level_after(1.0, 12.0));
        assert!(level_after(1.0, 40.0) > 30.0, "{}", level_after(1.0, 40.0));
        // As many times more of a hundred times as many are one.
        assert!(level_after(100.0, 12.0) > 10.0, "{}", level_after(100.0, 12.0));
    }

    #[test]
    fn a_ramp_is_followed() {
        let ramp = after((0..60).map(|k| 100.0 + 3.0 * k as f32));
        assert!((ramp.trend() - 0.1).abs() < 0.01, "{ramp:?}");
        assert!((ramp.level().unwrap() - 277.0).abs() < 5.0);
    }

    #[test]
    fn a_gap_breaks_the_trend() {
        let mut rate = after((0..60).map(|k| 100.0 + 3.0 * k as f32));
        rate.push(UnixSeconds(30 * 200), 30.0, 277.0);
        assert!(rate.trend().abs() < 0.02);
    }
}
