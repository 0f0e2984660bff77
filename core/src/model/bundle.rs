//! A model folder, verified and ready to run.

use super::{
    CARD_FILE, Card, FORECASTER_F32, FORECASTER_INT8, ForecastNetwork, ModelError, PACK,
    Q_NETWORK_F32, Q_NETWORK_INT8, QNetwork, sha256_hex,
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

/// Name of the model built into the program.
pub const SHIPPED_NAME: &str = "edge";

/// The shipped model's files, built into the program so that it runs from anywhere.
const SHIPPED: [(&str, &[u8]); 6] = [
    (CARD_FILE, include_bytes!("../../../models/edge/card.json")),
    (FORECASTER_F32, include_bytes!("../../../models/edge/forecaster.f32.onnx")),
    (FORECASTER_INT8, include_bytes!("../../../models/edge/forecaster.int8.onnx")),
    (Q_NETWORK_F32, include_bytes!("../../../models/edge/q_network.f32.onnx")),
    (Q_NETWORK_INT8, include_bytes!("../../../models/edge/q_network.int8.onnx")),
    (PACK, include_bytes!("../../../models/edge/model.pack")),
];

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
        Self::open(None, Precision::default())
    }

    /// The model built into the program, for the int8 engine.
    ///
    /// # Errors
    /// Only if the program was built from a damaged `models/` folder.
    pub fn shipped_native() -> Result<NativeBundle, ModelError> {
        NativeBundle::read(Verified::open(Origin::BuiltIn)?)
    }

    /// The shipped Q-network's ONNX files: a forecaster that is trained alone is paired with them.
    #[must_use]
    pub fn shipped_q_network() -> [(&'static str, &'static [u8]); 2] {
        let file = |name| {
            let found = SHIPPED.iter().find(|(known, _)| *known == name);
            (name, found.map_or::<&[u8], _>(&[], |(_, bytes)| bytes))
        };
        [file(Q_NETWORK_F32), file(Q_NETWORK_INT8)]
    }

    /// The card of the model in `folder`, or of the one built into the program.
    ///
    /// # Errors
    /// If it cannot be read, or was made for another version.
    pub fn card_of(folder: Option<&Path>) -> Result<Card, ModelError> {
        Ok(Verified::open(folder.map_or(Origin::BuiltIn, Origin::Folder))?.card)
    }

    /// The pack of the model in `folder`, or of the one built into the program, as devices take it:
    /// where it is, for messages, and its bytes, which can be run.
    ///
    /// # Errors
    /// Names the file that is missing, damaged, or made for another version.
    pub fn pack(folder: Option<&Path>) -> Result<(PathBuf, Cow<'static, [u8]>), ModelError> {
        let files = Verified::open(folder.map_or(Origin::BuiltIn, Origin::Folder))?;
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
        Self::open(Some(folder), Precision::default())
    }

    /// The model in `folder`, or the one built into the program, with its forecaster in `precision`.
    ///
    /// # Errors
    /// Names the file that is missing, damaged, or made for another version.
    pub fn open(folder: Option<&Path>, precision: Precision) -> Result<Self, ModelError> {
        let files = Verified::open(folder.map_or(Origin::BuiltIn, Origin::Folder))?;
        let (path, bytes) = files.verified(precision.forecaster())?;
        let forecaster = ForecastNetwork::parse(&bytes, &path)?;
        let (path, bytes) = files.verified(Q_NETWORK_F32)?;
        let q_network = QNetwork::parse(&bytes, &path)?;
        Ok(Self { card: files.card, forecaster, q_network })
    }

    /// A model folder, for the int8 engine. Its pack stays in memory for as long as the program runs.
    ///
    /// # Errors
    /// Names the file that is missing, damaged, or made for another version.
    pub fn load_native(folder: &Path) -> Result<NativeBundle, ModelError> {
        NativeBundle::read(Verified::open(Origin::Folder(folder))?)
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

/// A file's path, for messages, and its content.
type Content = (PathBuf, Cow<'static, [u8]>);

/// Where a model is.
#[derive(Clone, Copy)]
enum Origin<'a> {
    /// In the program.
    BuiltIn,
    /// In a model folder.
    Folder(&'a Path),
}

impl Origin<'_> {
    fn file(self, name: &'static str) -> Result<Content, ModelError> {
        let (path, content) = match self {
            Self::BuiltIn => {
                let path = PathBuf::from(format!("<built-in {SHIPPED_NAME}>/{name}"));
                let file = SHIPPED.iter().find(|(known, _)| *known == name);
                let content = file.map(|(_, bytes)| Cow::Borrowed(*bytes));
                (path, content.ok_or_else(|| std::io::ErrorKind::NotFound.into()))
            }
            Self::Folder(folder) => {
                let path = folder.join(name);
                let content = std::fs::read(&path).map(Cow::Owned);
                (path, content)
            }
        };
        match content {
            Ok(bytes) => Ok((path, bytes)),
            Err(source) => Err(ModelError::Read { path, source }),
        }
    }
}

/// A model's files, and the card that verifies for them.
struct Verified<'a> {
    origin: Origin<'a>,
    /// The card's.
    path: PathBuf,
    card: Card,
}

impl<'a> Verified<'a> {
    /// Reads the card.
    fn open(origin: Origin<'a>) -> Result<Self, ModelError> {
        let (path, bytes) = origin.file(CARD_FILE)?;
        let card = Card::parse(&bytes, &path)?;
        Ok(Self { origin, path, card })
    }

    /// The pack, if the model has one.
    fn pack(&self) -> Result<Content, ModelError> {
        if !self.card.files.contains_key(PACK) {
            let why = self.card.too_large.clone();
            let why = why.unwrap_or_else(|| "`trainer pack` makes it".into());
            return Err(ModelError::NoPack { path: self.path.clone(), why });
        }
        self.verified(PACK)
    }

    /// A file, if it is what the card says.
    fn verified(&self, name: &'static str) -> Result<Content, ModelError> {
        let (path, bytes) = self.origin.file(name)?;
        let found = sha256_hex(&bytes);
        match self.card.files.get(name) {
            Some(expected) if *expected == found => Ok((path, bytes)),
            other => {
                let expected = other.cloned().unwrap_or_else(|| "nothing of it".into());
                Err(ModelError::Hash { path, found, expected })
            }
        }
    }
}
