//! A run from data to exported models: its folder, its stages, and variations of it.

pub mod ablation;
pub mod context;
pub mod curves;
mod extent;
pub mod forecaster;
pub mod manifest;
pub mod pipeline;
pub mod policy;
pub mod results;
pub mod run;
mod tensorboard;
pub mod tuning;
mod workloads;
