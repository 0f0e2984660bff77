//! The ScaleIQ sidecar as a library; `main.rs` is its command line.
pub mod command;
