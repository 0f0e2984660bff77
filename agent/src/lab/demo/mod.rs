//! The demo: an embedded event processor under built-in sample traffic, scaled live.

pub mod processor;
pub mod terminal;
pub mod traffic;
