//! A forecast in the form in which it is served.

use scaleiq_core::forecast::{Forecast, ForecastSource, HORIZONS, Q10, Q50, Q90, QUANTILES};
use scaleiq_core::units::UnixSeconds;
use serde::Serialize;
use std::collections::BTreeMap;

/// A forecast: what `POST /predict` answers.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Prediction {
    /// Name of the model.
    pub model: String,
    /// With the network among the experts, or without it.
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
    /// Weight of the network among the experts; 0 if they are alone.
    pub network_weight: f32,
    /// Share of the median that would be missing without the network.
    pub network_effect: f32,
    /// What the forecast is made of; absent if it was not mixed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub makeup: Option<HorizonMakeup>,
}

/// What a forecast is made of at one horizon.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HorizonMakeup {
    /// Weight of each expert.
    pub weights: BTreeMap<&'static str, f32>,
    /// Distance of the 0.1 and the 0.9 quantile from the mixture, in mean absolute errors.
    pub band: [f32; 2],
}

impl HorizonMakeup {
    fn new(forecast: &Forecast, horizon: usize) -> Option<Self> {
        let weights = forecast.expert_weights(horizon)?.into_iter().collect();
        Some(Self { weights, band: forecast.makeup?.band[horizon] })
    }
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
        let basis = forecast.basis();
        let steps = forecast.events.iter().enumerate();
        Self {
            model: model.into(),
            source: forecast.source,
            origin: forecast.origin,
            interval_s,
            quantiles: QUANTILES,
            steps: steps.map(|(k, e)| StepEvents { end: after(k + 1), events: *e }).collect(),
            horizons: (0..HORIZONS.len())
                .map(|horizon| {
                    let steps = HORIZONS[horizon];
                    let at = after(steps);
                    HorizonRates {
                        steps,
                        at,
                        rate_q10: forecast.rate(at, Q10).0,
                        rate_q50: forecast.rate(at, Q50).0,
                        rate_q90: forecast.rate(at, Q90).0,
                        confidence: forecast.confidence(steps - 1),
                        network_weight: basis.network_weight[horizon],
                        network_effect: basis.network_effect[horizon],
                        makeup: HorizonMakeup::new(forecast, horizon),
                    }
                })
                .collect(),
        }
    }
}
