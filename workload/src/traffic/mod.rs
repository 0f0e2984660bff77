//! Traffic that is made up: the built-in sample, and what training draws.

pub mod builtin;
pub mod disguise;
mod pulse;
pub mod random;
pub mod synthetic;
