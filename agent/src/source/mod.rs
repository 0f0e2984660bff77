//! Where samples come from.

mod json;
mod jsonl;
mod lines;

pub use json::{Refusal, RefusedSample, parse, parse_all};
pub use jsonl::{Sink, drain, follow};
pub use lines::{Found, Lines, MAX_LINE_BYTES};
