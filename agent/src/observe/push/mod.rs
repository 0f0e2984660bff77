//! Sources that deliver samples by themselves.

mod http;
mod jsonl;
#[cfg(feature = "grpc")]
pub mod otlp;
mod serial;
mod sink;

pub use http::{HTTP, Http};
pub use jsonl::{JSONL, JsonLines};
pub use serial::{SERIAL, Serial};
