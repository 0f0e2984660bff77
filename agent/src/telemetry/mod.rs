//! What the agent tells of itself.

mod connections;
mod decisions;
mod exposition;
mod figures;
mod joined;
mod kinds;
mod known;
mod limits;
mod metrics;
mod outcomes;
mod samples;

pub use connections::ConnectionMetrics;
pub use exposition::Exposition;
pub use metrics::{Metrics, Signs};
pub use outcomes::ActuationResult;
