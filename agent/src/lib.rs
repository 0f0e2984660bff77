//! The ScaleIQ sidecar as a library; `main.rs` is its command line.
//!
//! ```text
//! source -> control (observe, forecast, decide, guard) -> journal -> actuate
//!             |       |-> serve (REST, metrics, dashboard)
//!             |       \-> figures (pools side by side, forecasts against what came)
//!             \-> device (which may decide instead)
//! ```

pub mod actuate;
pub mod backtest;
pub mod brain;
pub mod cli;
pub mod clock;
pub mod command;
pub mod config;
pub mod control;
pub mod demo;
pub mod device;
pub mod figures;
pub mod hindsight;
pub mod journal;
pub mod logging;
pub mod metrics;
pub mod outlet;
pub mod planned;
pub mod replay;
pub mod report;
pub mod rows;
pub mod serve;
pub mod source;
pub mod stop;
