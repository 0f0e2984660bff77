//! The ScaleIQ sidecar as a library; `main.rs` is its command line.
//!
//! ```text
//! source -> control (observe, forecast, decide, guard) -> actuate
//!                     \-> serve (REST, metrics, dashboard)
//! ```

pub mod actuate;
pub mod backtest;
pub mod brain;
pub mod cli;
pub mod command;
pub mod config;
pub mod control;
pub mod demo;
pub mod hindsight;
pub mod metrics;
pub mod planned;
pub mod replay;
pub mod report;
pub mod serve;
pub mod source;
