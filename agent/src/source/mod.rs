//! Where samples come from, and the way from what a sender said to what the loop takes:
//! `json` reads, `intake` places it in time and sums what several senders say.

mod assumption;
mod draft;
mod field;
mod intake;
mod json;
mod jsonl;
mod lines;
mod number;
mod told;

pub use assumption::Assumption;
pub use draft::Manner;
pub use intake::{Admitted, Intake, SourceStatus, Trust};
pub use json::{Body, MAX_SAMPLES, parse};
pub use jsonl::{Sink, drain, follow};
pub use lines::{Found, Lines, MAX_LINE_BYTES};
pub use told::{Refusal, RefusedSample, Told, Warning, WarningKind};
