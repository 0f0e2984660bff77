//! Trained models on hosts: a folder with a card, ONNX files that tract runs, and the pack that the
//! int8 engine runs.
//!
//! Files are verified against the card's SHA-256 before a parser sees them, and the card against a signature
//! where a [`ModelKey`] is given (promise X-2).

mod bundle;
mod card;
mod error;
mod files;
mod key;
#[cfg_attr(not(feature = "tract"), path = "network_left_out.rs")]
mod network;
#[cfg(feature = "tract")]
mod onnx;
mod origin;

pub use bundle::{Bundle, LiveController, NativeBundle, Precision};
pub use card::{Card, Files, PolicyCard, SCHEMA_VERSION, sha256_hex};
pub use error::ModelError;
pub use files::{
    CARD_FILE, CARD_SIGNATURE, FORECASTER_F32, FORECASTER_INT8, PACK, PACK_SIGNATURE,
    Q_NETWORK_F32, Q_NETWORK_INT8,
};
pub use key::{ModelKey, SIGNATURE_BYTES, SignatureFault};
pub use network::{ForecastNetwork, QNetwork};
#[cfg(feature = "tract")]
pub use onnx::onnx;
pub use origin::{Origin, SHIPPED_NAME};
