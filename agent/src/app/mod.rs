//! Puts the parts together: what is configured, and what is opened for it.

mod build;
mod config;
mod file;
mod reader;

pub use config::Config;
