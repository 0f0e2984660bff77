//! What the agent tells of itself.

mod decisions;
mod exposition;
mod figures;
mod kinds;
mod known;
mod metrics;
mod outcomes;
mod samples;

pub use exposition::Exposition;
pub use metrics::{Metrics, Signs};
pub use outcomes::Acted;
