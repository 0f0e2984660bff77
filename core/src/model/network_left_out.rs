//! Stands in for tract in a program that was built without it.

use super::ModelError;
use crate::forecast::{ForecastModel, ModelInput, QUANTILES, STEPS};
use crate::policy::{ACTIONS, OBSERVATION, ValueModel};
use std::convert::Infallible;
use std::path::Path;

/// There is none.
#[derive(Clone)]
pub struct ForecastNetwork(Infallible);

/// There is none.
#[derive(Clone)]
pub struct QNetwork(Infallible);

impl ForecastNetwork {
    /// Says that it is left out.
    ///
    /// # Errors
    /// Always.
    pub fn parse(_: &[u8], path: &Path) -> Result<Self, ModelError> {
        Err(left_out(path))
    }
}

impl ForecastModel for ForecastNetwork {
    type Error = Infallible;

    fn infer(&mut self, _: &ModelInput) -> Result<[f32; STEPS * QUANTILES.len()], Infallible> {
        match self.0 {}
    }
}

impl QNetwork {
    /// Says that it is left out.
    ///
    /// # Errors
    /// Always.
    pub fn parse(_: &[u8], path: &Path) -> Result<Self, ModelError> {
        Err(left_out(path))
    }
}

impl ValueModel for QNetwork {
    type Error = Infallible;

    fn values(&mut self, _: &[f32; OBSERVATION]) -> Result<[f32; ACTIONS], Infallible> {
        match self.0 {}
    }
}

fn left_out(path: &Path) -> ModelError {
    let message = "this program was built without `tract`, which runs ONNX files";
    ModelError::Network { path: path.into(), message: message.into() }
}
