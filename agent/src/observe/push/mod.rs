//! Sources that deliver samples by themselves.

mod http;
mod jsonl;

pub use http::{HTTP, Http};
pub use jsonl::{JSONL, JsonLines};
