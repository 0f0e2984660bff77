//! What the agent tells of itself.

mod exposition;
mod figures;
mod kinds;
mod known;
mod metrics;
mod subscribe;

pub use exposition::Exposition;
pub use metrics::{Acted, Metrics, Signs};
