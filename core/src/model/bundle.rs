//! A model folder, verified and ready to run.

use super::origin::{Origin, Verified, shipped_file};
use super::{
    Card, FORECASTER_F32, FORECASTER_INT8, ForecastNetwork, ModelError, Q_NETWORK_F32,
    Q_NETWORK_INT8, QNetwork,
};
use crate::controller::Controller;
use crate::engine::{NativeForecaster, NativeQNetwork, Pack};
use crate::forecast::{ForecastModel, ForecastPipeline};
use crate::interval::IntervalLength;
use crate::policy::{Dqn, ValueModel};
use crate::settings::Settings;
use std::borrow::Cow;
use std::path::{Path, PathBuf};

/// The controller that the agent runs, but for the plans it is told.
pub type LiveController<F = ForecastNetwork, Q = QNetwork> =
    Controller<ForecastPipeline<F>, Dqn<Q>>;

/// A [`Bundle`] whose networks the int8 engine runs.
pub type NativeBundle = Bundle<NativeForecaster<'static>, NativeQNetwork<'static>>;

/// The numbers in which tract runs a forecaster.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Precision {
    /// Weights and activations of 8 bits, as in the int8 engine.
    #[default]
    Int8,
    /// As it was trained. Where the processor has no instructions for 8 bits (VNNI), and for small
    /// networks, tract runs it faster.
    Float,
}

impl Precision {
    /// The forecaster's file.
    #[must_use]
    pub fn forecaster(self) -> &'static str {
        match self {
            Self::Int8 => FORECASTER_INT8,
            Self::Float => FORECASTER_F32,
        }
    }
}

/// A card and the two networks it describes, which tract runs unless other types are named.
#[derive(Clone)]
pub struct Bundle<F = ForecastNetwork, Q = QNetwork> {
    card: Card,
    forecaster: F,
    q_network: Q,
}

impl Bundle {
    /// The model built into the program.
    ///
    /// # Errors
    /// Only if the program was built from a damaged `models/` folder.
    pub fn shipped() -> Result<Self, ModelError> {
        Self::open(Origin::BuiltIn, Precision::default())
    }

    /// The model built into the program, for the int8 engine.
    ///
    /// # Errors
    /// Only if the program was built from a damaged `models/` folder.
    pub fn shipped_native() -> Result<NativeBundle, ModelError> {
        Self::load_native(Origin::BuiltIn)
    }

    /// The shipped Q-network's ONNX files: a forecaster that is trained alone is paired with them.
    #[must_use]
    pub fn shipped_q_network() -> [(&'static str, &'static [u8]); 2] {
        [Q_NETWORK_F32, Q_NETWORK_INT8].map(|name| (name, shipped_file(name).unwrap_or_default()))
    }

    /// The card of a model.
    ///
    /// # Errors
    /// If it cannot be read, lacks a signature that it needs, or was made for another version.
    pub fn card_of<'a>(origin: impl Into<Origin<'a>>) -> Result<Card, ModelError> {
        Ok(Verified::open(origin.into())?.card)
    }

    /// The pack of a model, as devices take it: where it is, for messages, and its bytes, which can be run.
    ///
    /// # Errors
    /// Names the file that is missing, damaged, not signed as is needed, or made for another version.
    pub fn pack<'a>(
        origin: impl Into<Origin<'a>>,
    ) -> Result<(PathBuf, Cow<'static, [u8]>), ModelError> {
        let files = Verified::open(origin.into())?;
        let (path, bytes) = files.pack()?;
        let fault = Pack::parse(&bytes).err();
        match fault {
            None => Ok((path, bytes)),
            Some(error) => Err(ModelError::Network { path, message: error.to_string() }),
        }
    }

    /// A model folder.
    ///
    /// # Errors
    /// Names the file that is missing, damaged, or made for another version.
    pub fn load(folder: &Path) -> Result<Self, ModelError> {
        Self::open(folder, Precision::default())
    }

    /// A model, with its forecaster in `precision`.
    ///
    /// # Errors
    /// Names the file that is missing, damaged, not signed as is needed, or made for another version.
    pub fn open<'a>(
        origin: impl Into<Origin<'a>>,
        precision: Precision,
    ) -> Result<Self, ModelError> {
        let files = Verified::open(origin.into())?;
        let (path, bytes) = files.verified(precision.forecaster())?;
        let forecaster = ForecastNetwork::parse(&bytes, &path)?;
        let (path, bytes) = files.verified(Q_NETWORK_F32)?;
        let q_network = QNetwork::parse(&bytes, &path)?;
        Ok(Self { card: files.card, forecaster, q_network })
    }

    /// A model, for the int8 engine. Its pack stays in memory for as long as the program runs.
    ///
    /// # Errors
    /// Names the file that is missing, damaged, not signed as is needed, or made for another version.
    pub fn load_native<'a>(origin: impl Into<Origin<'a>>) -> Result<NativeBundle, ModelError> {
        NativeBundle::read(Verified::open(origin.into())?)
    }
}

impl NativeBundle {
    fn read(files: Verified<'_>) -> Result<Self, ModelError> {
        let (path, bytes) = files.pack()?;
        let bytes = match bytes {
            Cow::Borrowed(bytes) => bytes,
            // The networks are views of the pack, and are handed on to whatever decides.
            Cow::Owned(bytes) => Vec::leak(bytes),
        };
        let pack = Pack::parse(bytes)
            .map_err(|error| ModelError::Network { path, message: error.to_string() })?;
        let (forecaster, q_network) = (pack.forecaster(), pack.q_network());
        Ok(Self { card: files.card, forecaster, q_network })
    }
}

impl<F: ForecastModel + Clone, Q: ValueModel + Clone> Bundle<F, Q> {
    /// The model's card.
    #[must_use]
    pub fn card(&self) -> &Card {
        &self.card
    }

    /// The forecaster's network.
    #[must_use]
    pub fn forecaster(&self) -> &F {
        &self.forecaster
    }

    /// The policy's network.
    #[must_use]
    pub fn q_network(&self) -> &Q {
        &self.q_network
    }

    /// The policy: the Q-network, as cautious as its card says.
    #[must_use]
    pub fn policy(&self) -> Dqn<Q> {
        Dqn::new(self.q_network.clone()).with_min_advantage(self.card.policy.min_advantage)
    }

    /// A memory over the forecaster alone.
    #[must_use]
    pub fn pipeline(&self, length: IntervalLength) -> ForecastPipeline<F> {
        ForecastPipeline::new(length, self.forecaster.clone())
    }

    /// `settings` with the parameters of the card.
    #[must_use]
    pub fn tuned(&self, settings: Settings) -> Settings {
        Settings { parameters: self.card.policy.parameters, ..settings }
    }

    /// A controller that has seen nothing yet, with the parameters of the card.
    #[must_use]
    pub fn controller(&self, settings: Settings) -> LiveController<F, Q> {
        let pipeline = self.pipeline(settings.interval);
        Controller::new(self.tuned(settings), pipeline, self.policy())
    }
}
