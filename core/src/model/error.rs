//! Why a model cannot be used.

use super::files::{CARD_FILE, PACK};
use super::key::SignatureFault;
use std::io::ErrorKind;
use std::path::PathBuf;

/// Why a model cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// A file of the model cannot be read.
    #[error("cannot read model file {path}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The card is not valid JSON or lacks a field.
    #[error("{path}, line {line}: the model card is not valid: {message}")]
    Card {
        /// The card.
        path: PathBuf,
        /// 1-based line.
        line: usize,
        /// What is wrong.
        message: String,
    },
    /// The card does not describe what this program can run.
    #[error("{path}: field `{field}` is {found}, this program needs {expected}")]
    Mismatch {
        /// The card.
        path: PathBuf,
        /// Its field.
        field: &'static str,
        /// What it says.
        found: String,
        /// What is needed.
        expected: String,
    },
    /// A file's content is not what the card says.
    #[error(
        "model file {path} has SHA-256 {found}, its card says {expected}: truncated, corrupt or from another model"
    )]
    Hash {
        /// The file.
        path: PathBuf,
        /// Hash of the content.
        found: String,
        /// Hash on the card.
        expected: String,
    },
    /// A key is given, and nobody has signed the model.
    #[error(
        "{path}: the model is not signed, and a key is given that must have signed it: `trainer sign` \
         makes {path} from {CARD_FILE}"
    )]
    Unsigned {
        /// Where the signature should be.
        path: PathBuf,
    },
    /// A key is given, and the signature is not its.
    #[error(
        "model file {path}: {fault}; nothing of the model was read: sign it with `trainer sign`"
    )]
    Signature {
        /// The signature.
        path: PathBuf,
        /// What is wrong with it.
        fault: SignatureFault,
    },
    /// The model has no pack.
    #[error("{path}: the model has no {PACK}, which the native engine and devices need: {why}")]
    NoPack {
        /// The card.
        path: PathBuf,
        /// What the card says to that, or how one is made.
        why: String,
    },
    /// The engine does not accept the file, or running it failed.
    #[error("model file {path} cannot be run: {message}")]
    Network {
        /// The file.
        path: PathBuf,
        /// The engine's error.
        message: String,
    },
}

impl ModelError {
    /// The same, where what could not be read is the signature.
    pub(super) fn unsigned(self) -> Self {
        match self {
            Self::Read { path, source } if source.kind() == ErrorKind::NotFound => {
                Self::Unsigned { path }
            }
            other => other,
        }
    }
}
