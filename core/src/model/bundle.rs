//! A model folder, verified and ready to run.

use super::{
    CARD_FILE, Card, FORECASTER_INT8, ForecastNetwork, ModelError, Q_NETWORK_F32, QNetwork,
    sha256_hex,
};
use crate::controller::Controller;
use crate::forecast::Perception;
use crate::interval::IntervalLength;
use crate::policy::Dqn;
use crate::settings::Settings;
use std::borrow::Cow;
use std::path::{Path, PathBuf};

/// The controller that the agent runs, but for the plans it is told.
pub type LiveController = Controller<Perception<ForecastNetwork>, Dqn<QNetwork>>;

/// Name of the model built into the program.
pub const SHIPPED_NAME: &str = "edge";

/// The shipped model's files, built into the program so that it runs from anywhere.
const SHIPPED: [(&str, &[u8]); 3] = [
    (CARD_FILE, include_bytes!("../../../models/edge/card.json")),
    (FORECASTER_INT8, include_bytes!("../../../models/edge/forecaster.int8.onnx")),
    (Q_NETWORK_F32, include_bytes!("../../../models/edge/q_network.f32.onnx")),
];

/// A card and the two networks it describes.
#[derive(Clone)]
pub struct Bundle {
    card: Card,
    forecaster: ForecastNetwork,
    q_network: QNetwork,
}

impl Bundle {
    /// The model built into the program.
    ///
    /// # Errors
    /// Only if the program was built from a damaged `models/` folder.
    pub fn shipped() -> Result<Self, ModelError> {
        Self::read(|name| {
            let path = PathBuf::from(format!("<built-in {SHIPPED_NAME}>/{name}"));
            match SHIPPED.iter().find(|(known, _)| *known == name) {
                Some((_, bytes)) => Ok((path, Cow::Borrowed(*bytes))),
                None => Err(ModelError::Read { path, source: std::io::ErrorKind::NotFound.into() }),
            }
        })
    }

    /// The shipped Q-network's ONNX bytes: a forecaster trained alone is paired with it.
    #[must_use]
    pub fn shipped_q_network() -> &'static [u8] {
        SHIPPED.iter().find(|(name, _)| *name == Q_NETWORK_F32).map_or(&[], |(_, bytes)| bytes)
    }

    /// A model folder.
    ///
    /// # Errors
    /// Names the file that is missing, damaged, or made for another version.
    pub fn load(folder: &Path) -> Result<Self, ModelError> {
        Self::read(|name| {
            let path = folder.join(name);
            match std::fs::read(&path) {
                Ok(bytes) => Ok((path, Cow::Owned(bytes))),
                Err(source) => Err(ModelError::Read { path, source }),
            }
        })
    }

    fn read<'a>(
        file: impl Fn(&'static str) -> Result<(PathBuf, Cow<'a, [u8]>), ModelError>,
    ) -> Result<Self, ModelError> {
        let (path, bytes) = file(CARD_FILE)?;
        let card = Card::parse(&bytes, &path)?;
        let verified = |name| {
            let (path, bytes) = file(name)?;
            let found = sha256_hex(&bytes);
            match card.files.get(name) {
                Some(expected) if *expected == found => Ok((path, bytes)),
                other => {
                    let expected = other.cloned().unwrap_or_else(|| "nothing of it".into());
                    Err(ModelError::Hash { path, found, expected })
                }
            }
        };
        let (path, bytes) = verified(FORECASTER_INT8)?;
        let forecaster = ForecastNetwork::parse(&bytes, &path)?;
        let (path, bytes) = verified(Q_NETWORK_F32)?;
        let q_network = QNetwork::parse(&bytes, &path)?;
        Ok(Self { card, forecaster, q_network })
    }

    /// The model's card.
    #[must_use]
    pub fn card(&self) -> &Card {
        &self.card
    }

    /// The forecaster's network.
    #[must_use]
    pub fn forecaster(&self) -> &ForecastNetwork {
        &self.forecaster
    }

    /// The policy's network.
    #[must_use]
    pub fn q_network(&self) -> &QNetwork {
        &self.q_network
    }

    /// The policy: the Q-network, as cautious as its card says.
    #[must_use]
    pub fn policy(&self) -> Dqn<QNetwork> {
        Dqn::new(self.q_network.clone()).cautious(self.card.policy.caution)
    }

    /// A memory over the forecaster alone.
    #[must_use]
    pub fn perception(&self, length: IntervalLength) -> Perception<ForecastNetwork> {
        Perception::new(length, self.forecaster.clone())
    }

    /// A controller that has seen nothing yet.
    #[must_use]
    pub fn controller(&self, settings: Settings) -> LiveController {
        let perception = self.perception(settings.interval);
        Controller::new(settings, perception, self.policy())
    }
}
