//! An exported forecaster in what the agent runs it with, so that what is judged is what runs.

use anyhow::Result;
use scaleiq_core::engine::NativeForecaster;
use scaleiq_core::forecast::{ForecastModel, ModelInput, QUANTILES, STEPS};
use scaleiq_core::model::{Bundle, Card, ForecastNetwork, ModelError, Origin, PACK, Precision};

/// A forecaster's network, ready to run.
#[derive(Clone)]
pub enum Runnable {
    /// In the int8 engine, which agent and firmware use unless they are told otherwise.
    Native(Box<NativeForecaster<'static>>),
    /// In tract: what is too large for that engine, and networks in f32.
    Tract(ForecastNetwork),
}

impl Runnable {
    /// The network of a model folder or of the model built into the program, with its card.
    ///
    /// # Errors
    /// Names the file that is missing, damaged, or made for another version.
    pub fn open<'a>(origin: impl Into<Origin<'a>>) -> Result<(Card, Self), ModelError> {
        let origin = origin.into();
        let card = Bundle::card_of(origin)?;
        let network = if card.files.contains_key(PACK) {
            Self::Native(Box::new(Bundle::load_native(origin)?.forecaster().clone()))
        } else {
            Self::Tract(Bundle::open(origin, Precision::Int8)?.forecaster().clone())
        };
        Ok((card, network))
    }
}

impl ForecastModel for Runnable {
    type Error = <ForecastNetwork as ForecastModel>::Error;

    fn infer(&mut self, input: &ModelInput) -> Result<[f32; STEPS * QUANTILES.len()], Self::Error> {
        match self {
            Self::Native(engine) => engine.infer(input).map_err(|never| match never {}),
            Self::Tract(network) => network.infer(input),
        }
    }
}
