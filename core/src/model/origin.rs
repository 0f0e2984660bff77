//! Where models are, and what must hold before anything of one is parsed: its card is signed, if a key is given,
//! and each file has the SHA-256 that the card says.

use super::{
    CARD_FILE, CARD_SIGNATURE, Card, FORECASTER_F32, FORECASTER_INT8, ModelError, ModelKey, PACK,
    Q_NETWORK_F32, Q_NETWORK_INT8, sha256_hex,
};
use std::borrow::Cow;
use std::path::{Path, PathBuf};

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

/// A file of the model built into the program; `None` if it has no such file.
pub(super) fn shipped_file(name: &str) -> Option<&'static [u8]> {
    SHIPPED.iter().find(|(known, _)| *known == name).map(|(_, bytes)| *bytes)
}

/// A file's path, for messages, and its content.
type Content = (PathBuf, Cow<'static, [u8]>);

/// Where a model is, and who must have signed it.
#[derive(Clone, Copy, Debug)]
pub enum Origin<'a> {
    /// In the program.
    BuiltIn,
    /// In a model folder.
    Folder {
        /// The folder.
        path: &'a Path,
        /// Whose signature its card must have; with none, the card is trusted as it is.
        key: Option<&'a ModelKey>,
    },
}

impl<'a, P: AsRef<Path> + ?Sized> From<&'a P> for Origin<'a> {
    fn from(path: &'a P) -> Self {
        Self::Folder { path: path.as_ref(), key: None }
    }
}

impl<'a> From<Option<&'a Path>> for Origin<'a> {
    /// A folder, or the model built into the program.
    fn from(folder: Option<&'a Path>) -> Self {
        folder.map_or(Self::BuiltIn, Self::from)
    }
}

impl Origin<'_> {
    fn file(self, name: &'static str) -> Result<Content, ModelError> {
        let (path, content) = match self {
            Self::BuiltIn => {
                let path = PathBuf::from(format!("<built-in {SHIPPED_NAME}>/{name}"));
                let content = shipped_file(name).map(Cow::Borrowed);
                (path, content.ok_or_else(|| std::io::ErrorKind::NotFound.into()))
            }
            Self::Folder { path: folder, .. } => {
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
pub(super) struct Verified<'a> {
    origin: Origin<'a>,
    /// The card's.
    path: PathBuf,
    pub(super) card: Card,
}

impl<'a> Verified<'a> {
    /// Reads the card; where a key is given, only once its signature is found to be good.
    pub(super) fn open(origin: Origin<'a>) -> Result<Self, ModelError> {
        let (path, bytes) = origin.file(CARD_FILE)?;
        if let Origin::Folder { key: Some(key), .. } = origin {
            let (path, signature) = origin.file(CARD_SIGNATURE).map_err(ModelError::unsigned)?;
            key.check(&bytes, &signature).map_err(|fault| ModelError::Signature { path, fault })?;
        }
        let card = Card::parse(&bytes, &path)?;
        Ok(Self { origin, path, card })
    }

    /// The pack, if the model has one.
    pub(super) fn pack(&self) -> Result<Content, ModelError> {
        if !self.card.files.contains_key(PACK) {
            let why = self.card.too_large.clone();
            let why = why.unwrap_or_else(|| "`trainer pack` makes it".into());
            return Err(ModelError::NoPack { path: self.path.clone(), why });
        }
        self.verified(PACK)
    }

    /// A file, if it is what the card says.
    pub(super) fn verified(&self, name: &'static str) -> Result<Content, ModelError> {
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
