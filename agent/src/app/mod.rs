//! Puts the parts together: what there is, what is configured, and what is opened for it.

mod begin;
mod build;
mod components;
mod config;
mod run;
mod running;
mod workload;

pub use components::Components;
pub use config::Config;
pub use run::run;
pub use workload::WorkloadConfig;
