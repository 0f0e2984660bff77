//! What stands where a network would, if there is none.

use scaleiq_core::forecast::{ForecastModel, ModelInput, QUANTILES, STEPS};
use std::fmt;

/// Stands where a network would, and always fails: the baseline forecasts then.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NoModel;

/// There is no network to ask.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NoNetwork;

impl fmt::Display for NoNetwork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no network is loaded")
    }
}

impl ForecastModel for NoModel {
    type Error = NoNetwork;

    fn infer(&mut self, _: &ModelInput) -> Result<[f32; STEPS * QUANTILES.len()], NoNetwork> {
        Err(NoNetwork)
    }
}
