//! A run from data to exported models: its folder, its stages, and variations of it.

pub mod ablation;
pub mod curves;
pub mod pipeline;
pub mod policy;
pub mod run;
pub mod tuning;
