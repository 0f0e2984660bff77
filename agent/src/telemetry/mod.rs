//! What the agent tells of itself.

mod figures;
mod kinds;
mod metrics;

pub use metrics::{Acted, Metrics, Signs};
