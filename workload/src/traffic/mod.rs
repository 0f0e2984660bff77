//! Traffic that is made up: the built-in sample, and what training draws.

pub mod augmentation;
pub mod builtin;
mod burst;
pub mod random;
pub mod synthetic;
