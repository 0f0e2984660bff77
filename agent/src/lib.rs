//! The ScaleIQ sidecar as a library; `main.rs` is its command line.
//!
//! ```text
//! observe -> workload (observe, forecast, decide, guard) -> journal -> actuate
//!               |       |-> serve (REST, metrics, dashboard)
//!               |       \-> figures (pools side by side, forecasts against what came)
//!               \-> device (which may decide instead)
//! ```
//!
//! `cli` and `app` know every room and no room knows them. `platform`, `config` and `device` know no other
//! room.

pub mod actuate;
pub mod app;
pub mod cli;
pub mod config;
pub mod decide;
pub mod device;
pub mod drift;
pub mod error;
pub mod journal;
pub mod lab;
pub mod observe;
pub mod platform;
pub mod serve;
pub mod telemetry;
pub mod text;
pub mod workload;
