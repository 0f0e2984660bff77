//! Puts the parts together: what there is, what is configured, and what is opened for it.

mod build;
mod components;
mod config;

pub use components::Components;
pub use config::Config;
