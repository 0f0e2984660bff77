//! Where samples come from, and the way from what a sender said to what the loop takes:
//! `json` reads, `intake` places it in time and sums what several senders say.

mod assumption;
pub mod held;
#[cfg(feature = "http")]
mod http;
mod inlet;
mod intake;
mod json;
mod lines;
pub mod pool;
pub mod probe;
#[cfg(feature = "http")]
pub mod promql;
pub mod push;
pub mod queue;
mod reported;
pub mod source;

pub use assumption::Assumption;
pub use inlet::{Closed, Ingested, Inlet};
pub use intake::{Admitted, Intake, SourceStatus, Trust};
pub use json::{Body, MAX_SAMPLES, Manner, parse};
pub use lines::{Found, Lines, MAX_LINE_BYTES};
pub use reported::{Refusal, RefusedSample, Reported, Warning, WarningKind};
pub use source::Source;
