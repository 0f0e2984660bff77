//! Learning: the forecaster from recorded traffic, the scaling policy from simulated pools.

pub mod rl;
pub mod run_loop;
pub mod supervised;
