//! What stands where a network would, if there is none.

use super::{ForecastModel, ModelInput, QUANTILES, STEPS};
use core::fmt;

/// Stands where a network would, and always fails: the experts forecast alone then.
#[derive(Clone, Copy, Debug)]
pub struct NoModel;

/// There is no network to ask.
#[derive(Clone, Copy, Debug)]
pub struct NoNetwork;

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
