//! Pools of jobs that are looked at: a file for each system.

#[cfg(feature = "kubernetes")]
pub mod kubernetes;
pub mod probe;
pub mod watch;

pub use probe::{PoolProbe, PoolReading, PoolSettings, PoolVariant};
pub use watch::PoolWatch;
