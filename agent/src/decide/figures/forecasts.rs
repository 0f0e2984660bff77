//! Forecasts held against what came.

use scaleiq_core::forecast::{Forecast, HORIZONS, Q10, Q50, Q90};
use scaleiq_core::interval::Interval;
use scaleiq_workload::sim::live::Days;
use serde::Serialize;
use std::collections::VecDeque;

/// Relative error of numbers that are the same: traffic that never changes has a band of no width.
const ROUNDING: f64 = 1e-5;

/// How forecasts did so far ahead, in the last week.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ForecastFigures {
    /// Seconds ahead.
    pub ahead_s: u32,
    /// Sum of the median's absolute errors over the sum of what came.
    pub error_ratio: Option<f64>,
    /// Share of intervals within the 0.1 and the 0.9 quantile; 0.8 is what it should be.
    pub coverage_ratio: Option<f64>,
    /// Intervals that were judged.
    pub intervals: u64,
}

/// The 0.1, 0.5 and 0.9 quantile of the events in the interval that ends at each of [`HORIZONS`].
#[derive(Clone, Copy, Debug)]
struct Pending {
    origin: i64,
    events: [[f32; 3]; HORIZONS.len()],
}

#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    error: f64,
    events: f64,
    covered: u64,
    intervals: u64,
}

/// Keeps forecasts until their moment has come, and judges them then.
#[derive(Clone, Debug, Default)]
pub struct ForecastRecord {
    pending: VecDeque<Pending>,
    days: Days<[Sums; HORIZONS.len()]>,
}

impl ForecastRecord {
    /// An interval of `length_s` is over, at whose end `forecast` was made.
    pub fn closed(&mut self, interval: &Interval, forecast: Option<&Forecast>, length_s: u32) {
        if let Some(arrivals) = interval.arrivals_events {
            self.judge(interval, f64::from(arrivals), length_s);
        }
        let Some(forecast) = forecast else { return };
        let events = HORIZONS.map(|steps| {
            let step = forecast.events.get(steps - 1);
            [Q10, Q50, Q90].map(|q| step.and_then(|e| e.get(q)).copied().unwrap_or(0.0))
        });
        self.pending.push_back(Pending { origin: forecast.origin.0, events });
        let [.., longest] = HORIZONS;
        while self.pending.len() > longest {
            self.pending.pop_front();
        }
    }

    fn judge(&mut self, interval: &Interval, arrivals: f64, length_s: u32) {
        let today = self.days.at(interval.end);
        for (horizon, sums) in today.iter_mut().enumerate() {
            let origin = interval.end.0 - HORIZONS[horizon] as i64 * i64::from(length_s);
            let Some(made) = self.pending.iter().find(|made| made.origin == origin) else {
                continue;
            };
            let [low, median, high] = made.events[horizon].map(f64::from);
            sums.error += (median - arrivals).abs();
            sums.events += arrivals;
            let crumbs = ROUNDING * arrivals;
            sums.covered += u64::from((low - crumbs..=high + crumbs).contains(&arrivals));
            sums.intervals += 1;
        }
    }

    /// How they did, for intervals of `length_s`.
    #[must_use]
    pub fn figures(&self, length_s: u32) -> Vec<ForecastFigures> {
        let horizon = |(horizon, steps): (usize, usize)| {
            let mut all = Sums::default();
            for sums in self.days.iter().map(|day| day[horizon]) {
                all.error += sums.error;
                all.events += sums.events;
                all.covered += sums.covered;
                all.intervals += sums.intervals;
            }
            ForecastFigures {
                ahead_s: length_s.saturating_mul(steps as u32),
                error_ratio: (all.events > 0.0).then(|| all.error / all.events),
                coverage_ratio: (all.intervals > 0)
                    .then(|| all.covered as f64 / all.intervals as f64),
                intervals: all.intervals,
            }
        };
        HORIZONS.into_iter().enumerate().map(horizon).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use scaleiq_core::forecast::ForecastSource;
    use scaleiq_core::interval::IntervalLength;
    use scaleiq_core::units::UnixSeconds;

    #[test]
    fn forecasts_are_judged_when_their_moment_has_come() {
        let mut record = ForecastRecord::default();
        let length = IntervalLength::TWO_MINUTES;
        for k in 1..=30i64 {
            let end = UnixSeconds(120 * k);
            let interval = Interval { arrivals_events: Some(100.0), ..Interval::missing(end) };
            // 50 at the lowest quantile, 130 at the highest; nothing is known of the step before the last.
            let quantiles = std::array::from_fn(|q| 50.0 + 10.0 * q as f32);
            let events = [quantiles; 24];
            let forecast = Forecast::new(end, length, events, ForecastSource::Model).unwrap();
            record.closed(&interval, (k != 7).then_some(&forecast), 120);
        }
        let [soon, .., last] = record.figures(120).try_into().unwrap_or([ZERO; 3]);
        assert_eq!((soon.ahead_s, soon.intervals), (720, 23));
        assert_eq!((last.ahead_s, last.intervals), (2880, 6));
        let q50 = 50.0 + 10.0 * Q50 as f64;
        assert!((soon.error_ratio.unwrap() - (q50 - 100.0).abs() / 100.0).abs() < 1e-6);
        let covered = 50.0 + 10.0 * Q90 as f32 >= 100.0;
        assert_eq!(soon.coverage_ratio, Some(f64::from(u8::from(covered))));
    }

    const ZERO: ForecastFigures =
        ForecastFigures { ahead_s: 0, error_ratio: None, coverage_ratio: None, intervals: 0 };
}
