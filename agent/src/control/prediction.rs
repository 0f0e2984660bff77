//! A forecast in the form in which it is served.

use scaleiq_core::forecast::{Forecast, ForecastSource, HORIZONS, Q10, Q50, Q90, QUANTILES};
use scaleiq_core::units::UnixSeconds;
use serde::Serialize;

/// A forecast: what `POST /predict` answers.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Prediction {
    /// Name of the model.
    pub model: String,
    /// The network, or the baseline in its place.
    pub source: ForecastSource,
    /// End of the last interval known.
    pub origin: UnixSeconds,
    /// Length of an interval.
    pub interval_s: u32,
    /// Levels of `steps[].events`.
    pub quantiles: [f32; QUANTILES.len()],
    /// Each interval that was forecast.
    pub steps: Vec<StepEvents>,
    /// Rates at the horizons that are reported.
    pub horizons: Vec<HorizonRates>,
}

/// Events in one interval.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StepEvents {
    /// End of the interval.
    pub end: UnixSeconds,
    /// One number per quantile level.
    pub events: [f32; QUANTILES.len()],
}

/// Arrival rates at one horizon, in events per second.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HorizonRates {
    /// Intervals ahead of the origin.
    pub steps: usize,
    /// The moment.
    pub at: UnixSeconds,
    /// 0.1 quantile.
    pub rate_q10: f32,
    /// Median.
    pub rate_q50: f32,
    /// 0.9 quantile.
    pub rate_q90: f32,
    /// How sure the forecast is, 0..=1.
    pub confidence: f32,
}

impl Prediction {
    /// `forecast` as made by `model`.
    #[must_use]
    pub fn new(model: &str, forecast: &Forecast) -> Self {
        let interval_s = forecast.length.seconds();
        let after = |steps: usize| {
            let steps = i64::try_from(steps).unwrap_or(i64::MAX);
            forecast.origin.plus(steps.saturating_mul(i64::from(interval_s)))
        };
        let steps = forecast.events.iter().enumerate();
        Self {
            model: model.into(),
            source: forecast.source,
            origin: forecast.origin,
            interval_s,
            quantiles: QUANTILES,
            steps: steps.map(|(k, e)| StepEvents { end: after(k + 1), events: *e }).collect(),
            horizons: HORIZONS
                .map(|steps| {
                    let at = after(steps);
                    HorizonRates {
                        steps,
                        at,
                        rate_q10: forecast.rate(at, Q10).0,
                        rate_q50: forecast.rate(at, Q50).0,
                        rate_q90: forecast.rate(at, Q90).0,
                        confidence: forecast.confidence(steps - 1),
                    }
                })
                .to_vec(),
        }
    }
}
