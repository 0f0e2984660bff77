//! Trains, evaluates and exports ScaleIQ's models; `main.rs` is its command line.

pub mod benchmark;
pub mod cli;
pub mod config;
pub mod data;
pub mod evaluate;
pub mod experiment;
pub mod export;
pub mod learn;
pub mod model;
pub mod monitor;
pub mod report;
pub mod runtime;
pub mod search;
pub mod tracking;
