//! Trains, evaluates and exports ScaleIQ's models; `main.rs` is its command line.
