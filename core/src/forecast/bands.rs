//! A forecast: bands of quantiles for each step.

use super::ensemble::{EXPERT_NAMES, EXPERTS, Makeup, NETWORK};
use super::grid::{HORIZONS, Q10, Q50, Q90, QUANTILES, QuantileGrid, STEPS};
use super::source::{Basis, ForecastSource, STAND_IN};
use crate::interval::IntervalLength;
use crate::learned::learned;
use crate::units::{EventsPerSecond, UnixSeconds};

/// Arrivals of the next [`STEPS`] intervals as seen from `origin`.
///
/// Every number is finite and not negative, and quantiles ascend within a step.
#[derive(Clone, Debug, PartialEq)]
pub struct Forecast {
    /// End of the last interval known.
    pub origin: UnixSeconds,
    /// Length of an interval.
    pub length: IntervalLength,
    /// Events per interval, `[step][quantile]`; step 0 is the interval that begins at `origin`.
    pub events: QuantileGrid,
    /// Who made it.
    pub source: ForecastSource,
    /// What it is made of; `None` for forecasts that were not mixed.
    pub makeup: Option<Makeup>,
}
learned!(Forecast { origin, events, source, makeup } built { length });

/// A grid that is no forecast: a number in it was not finite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotFinite;

impl Forecast {
    /// Of nothing, to be read into.
    pub(crate) fn none(length: IntervalLength) -> Self {
        let events = [[0.0; QUANTILES.len()]; STEPS];
        Self {
            origin: UnixSeconds(0),
            length,
            events,
            source: ForecastSource::default(),
            makeup: None,
        }
    }

    /// Makes a forecast from raw quantiles: negative counts become 0 and crossing quantiles are
    /// straightened upwards.
    ///
    /// # Errors
    /// If any number is NaN or infinite.
    pub fn new(
        origin: UnixSeconds,
        length: IntervalLength,
        mut events: QuantileGrid,
        source: ForecastSource,
    ) -> Result<Self, NotFinite> {
        for step in &mut events {
            let mut floor = 0.0;
            for value in step {
                if !value.is_finite() {
                    return Err(NotFinite);
                }
                *value = value.max(floor);
                floor = *value;
            }
        }
        Ok(Self { origin, length, events, source, makeup: None })
    }

    /// Arrival rate at the moment `at`, quantile index `quantile`, interpolated between the
    /// middles of intervals. Before the first and after the last middle it is constant.
    #[must_use]
    pub fn rate(&self, at: UnixSeconds, quantile: usize) -> EventsPerSecond {
        let length_s = self.length.seconds() as f32;
        let position = at.since(self.origin) as f32 / length_s - 0.5;
        let position = position.clamp(0.0, (STEPS - 1) as f32);
        let low = position as usize;
        let part = position - low as f32;
        let value = |step: usize| self.events.get(step).and_then(|q| q.get(quantile)).copied();
        let a = value(low).unwrap_or(0.0);
        let b = value(low + 1).unwrap_or(a);
        EventsPerSecond((a + (b - a) * part) / length_s)
    }

    /// What the network has in it.
    #[must_use]
    pub fn basis(&self) -> Basis {
        let (network_weight, network_effect) = match (self.source, &self.makeup) {
            (ForecastSource::Baseline, _) => Default::default(),
            (ForecastSource::Model, None) => ([1.0; HORIZONS.len()], [1.0; HORIZONS.len()]),
            (ForecastSource::Model, Some(makeup)) => {
                (makeup.weights.map(|w| w[NETWORK]), makeup.network_effect)
            }
        };
        Basis { source: self.source, network_weight, network_effect }
    }

    /// The experts with their weights at the horizon of this index, and with them what stands in for the
    /// network: it has the weight in the mixture that the network would have. `None` if the forecast was
    /// not mixed.
    #[must_use]
    pub fn expert_weights(&self, horizon: usize) -> Option<[(&'static str, f32); EXPERTS + 1]> {
        let weights = self.makeup.as_ref()?.weights.get(horizon)?;
        let stands_in = self.source == ForecastSource::Baseline;
        Some(core::array::from_fn(|k| match (EXPERT_NAMES.get(k), weights.get(k)) {
            (Some(name), Some(_)) if k == NETWORK && stands_in => (*name, 0.0),
            (Some(name), Some(weight)) => (*name, *weight),
            _ => (STAND_IN, if stands_in { weights[NETWORK] } else { 0.0 }),
        }))
    }

    /// How sure the forecast is at `step`: 1 for a point, towards 0 as the 10..90 % band grows
    /// beyond the median.
    #[must_use]
    pub fn confidence(&self, step: usize) -> f32 {
        match self.events.get(step) {
            Some(q) if q[Q90] > 0.0 => {
                let spread = (q[Q90] - q[Q10]) / q[Q50].max(0.25 * q[Q90]);
                1.0 / (1.0 + spread)
            }
            Some(_) => 1.0,
            None => 0.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid(f: impl Fn(usize, usize) -> f32) -> QuantileGrid {
        core::array::from_fn(|s| core::array::from_fn(|q| f(s, q)))
    }

    fn forecast(events: QuantileGrid) -> Result<Forecast, NotFinite> {
        let origin = UnixSeconds(1200);
        Forecast::new(origin, IntervalLength::TWO_MINUTES, events, ForecastSource::Model)
    }

    #[test]
    fn quantiles_never_cross_and_counts_are_not_negative() {
        let f = forecast(grid(|_, q| if q % 2 == 0 { q as f32 } else { -5.0 })).unwrap();
        assert_eq!(f.events[0], [0.0, 0.0, 2.0, 2.0, 4.0, 4.0, 6.0, 6.0, 8.0]);
        assert_eq!(forecast(grid(|_, _| f32::NAN)), Err(NotFinite));
    }

    #[test]
    fn rates_are_read_between_the_middles_of_intervals() {
        let f = forecast(grid(|s, _| 120.0 * (s + 1) as f32)).unwrap();
        let rate = |t: i64| f.rate(UnixSeconds(1200 + t), Q50).0;
        assert_eq!([rate(-500), rate(60), rate(120), rate(180)], [1.0, 1.0, 1.5, 2.0]);
        assert_eq!(rate(1_000_000), 24.0);
    }

    #[test]
    fn a_forecast_without_the_network_owes_it_nothing() {
        let weights = [[0.25; EXPERTS]; HORIZONS.len()];
        let makeup = Makeup { weights, network_effect: [0.1; 3], ..Makeup::default() };
        let with = Forecast { makeup: Some(makeup), ..forecast(grid(|_, _| 1.0)).unwrap() };
        assert_eq!(with.basis().network_weight, [0.25; 3]);
        assert_eq!(with.basis().network_effect, [0.1; 3]);
        let without = Forecast { source: ForecastSource::Baseline, ..with.clone() };
        assert_eq!(without.basis(), Basis::default());
        let weight = |forecast: &Forecast, name| {
            let weights = forecast.expert_weights(0).unwrap();
            weights.iter().find(|(known, _)| *known == name).unwrap().1
        };
        let both = |forecast| ["network", STAND_IN].map(|name| weight(forecast, name));
        assert_eq!([both(&with), both(&without)], [[0.25, 0.0], [0.0, 0.25]]);
    }

    #[test]
    fn a_wider_band_is_less_sure() {
        let narrow = forecast(grid(|_, q| 100.0 + q as f32)).unwrap();
        let wide = forecast(grid(|_, q| 100.0 + 20.0 * q as f32)).unwrap();
        assert!(narrow.confidence(0) > wide.confidence(0));
        assert!(narrow.confidence(0) < 1.0);
        assert_eq!(narrow.confidence(STEPS), 0.0);
    }
}
