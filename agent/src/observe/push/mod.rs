//! Sources that deliver samples by themselves.

mod jsonl;

pub use jsonl::{Sink, drain, follow};
