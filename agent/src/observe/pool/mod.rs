//! Pools of jobs that are looked at: a file for each system.

#[cfg(feature = "kubernetes")]
pub mod kubernetes;
pub mod probe;
#[cfg(feature = "http")]
mod prometheus;
pub mod watch;

pub use probe::{PoolProbe, PoolReading, PoolSettings, PoolVariant};
#[cfg(feature = "http")]
pub use prometheus::PROMETHEUS;
pub use watch::PoolWatch;
