//! A forecast as it is drawn.

use crate::drift::STEPS_AHEAD;
use scaleiq_core::forecast::{Forecast, ForecastSource, Q10, Q50, Q90, QUANTILES};
use serde::Serialize;

/// A forecast as rates in events per second, for drawing.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Fan {
    origin: i64,
    step_s: u32,
    source: ForecastSource,
    q10: Vec<f32>,
    q50: Vec<f32>,
    q90: Vec<f32>,
    /// How sure it is at the first horizon, 0..=1.
    confidence: f32,
}

impl From<&Forecast> for Fan {
    fn from(forecast: &Forecast) -> Self {
        let step_s = forecast.length.seconds();
        let rates = |q: usize| {
            let rate =
                |step: &[f32; QUANTILES.len()]| step.get(q).copied().unwrap_or(0.0) / step_s as f32;
            forecast.events.iter().map(rate).collect()
        };
        Self {
            origin: forecast.origin.0,
            step_s,
            source: forecast.source,
            q10: rates(Q10),
            q50: rates(Q50),
            q90: rates(Q90),
            confidence: forecast.confidence(STEPS_AHEAD - 1),
        }
    }
}
