//! The agent on simulated pools: the demo's traffic, and a user's own history.

pub mod backtest;
pub mod decisions;
pub mod demo;
pub mod replay;
pub mod report;
pub mod verdict;
