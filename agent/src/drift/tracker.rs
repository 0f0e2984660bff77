//! What was forecast for a moment some time before it came: forecasts held against what happened.

use scaleiq_core::forecast::{Forecast, HORIZONS, Q10, Q50, Q90};
use std::collections::VecDeque;

/// Steps ahead: 12 minutes at intervals of 2 minutes.
pub const STEPS_AHEAD: usize = HORIZONS[0];

/// A forecast of one interval, made [`STEPS_AHEAD`] steps before its end.
#[derive(Clone, Copy, Debug)]
struct Held {
    from: i64,
    to: i64,
    rates: [f32; 3],
}

/// Keeps forecasts until their moment has passed.
#[derive(Clone, Debug, Default)]
pub struct ForecastTracker {
    pending: VecDeque<Held>,
}

impl ForecastTracker {
    /// Takes a new forecast.
    pub fn push(&mut self, forecast: &Forecast) {
        let length_s = forecast.length.seconds();
        let Some(quantiles) = forecast.events.get(STEPS_AHEAD - 1) else { return };
        let rates = [Q10, Q50, Q90].map(|q| quantiles.get(q).map_or(0.0, |e| e / length_s as f32));
        let ahead_s = (STEPS_AHEAD - 1) as i64 * i64::from(length_s);
        let from = forecast.origin.0.saturating_add(ahead_s);
        let to = from.saturating_add(i64::from(length_s));
        if self.pending.back().is_none_or(|last| last.from < from) {
            self.pending.push_back(Held { from, to, rates });
        }
        if self.pending.len() > 2 * STEPS_AHEAD {
            self.pending.pop_front();
        }
    }

    /// The 0.1, 0.5 and 0.9 quantile that were forecast for `at`, in events per second.
    #[must_use]
    pub fn rates(&self, at: i64) -> Option<[f32; 3]> {
        self.pending.iter().find(|h| h.from < at && at <= h.to).map(|h| h.rates)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use scaleiq_core::forecast::ForecastSource;
    use scaleiq_core::interval::IntervalLength;
    use scaleiq_core::units::UnixSeconds;

    #[test]
    fn a_forecast_meets_its_moment() {
        let mut tracker = ForecastTracker::default();
        let events = std::array::from_fn(|step| [120.0 * step as f32; 9]);
        let origin = UnixSeconds(1200);
        let length = IntervalLength::TWO_MINUTES;
        let forecast = Forecast::new(origin, length, events, ForecastSource::Model).unwrap();
        tracker.push(&forecast);
        assert_eq!(tracker.rates(1800), None);
        assert_eq!(tracker.rates(1801), Some([5.0; 3]));
        assert_eq!(tracker.rates(1920), Some([5.0; 3]));
        assert_eq!(tracker.rates(1921), None);
    }
}
