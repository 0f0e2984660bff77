//! What is known at the moment of a decision: the last sample, what was learned about workload and
//! pool, and what lies ahead.

mod budget;
mod counted;
mod estimate;
mod nowcast;
mod observer;
mod path;
mod pool;
mod projection;
mod rate;
mod rebalance;
mod throughput;
mod work;

pub use estimate::{Estimate, HorizonRates, LeadBacklog, NoEstimate};
pub use observer::Observer;
pub use pool::PoolObserver;
pub use rebalance::START_SPREAD;
pub use work::DEFAULT_WORK_MS;

#[cfg(test)]
mod tests;
