//! Trains, evaluates and exports ScaleIQ's models; `main.rs` is its command line.

pub mod bench;
pub mod cli;
pub mod command;
pub mod config;
pub mod data;
pub mod device;
pub mod evaluate;
pub mod export;
pub mod interrupt;
pub mod model;
pub mod parallel;
pub mod progress;
pub mod report;
pub mod run;
pub mod train;
