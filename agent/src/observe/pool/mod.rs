//! Pools of jobs that are looked at: a file for each system.

pub mod probe;
pub mod watch;

pub use probe::{PoolProbe, PoolReading, PoolSettings, PoolVariant};
pub use watch::PoolWatch;
