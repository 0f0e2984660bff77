//! Configurations: what is wrong with one, and values that come from elsewhere or are seen by nobody.

mod env;
mod problem;
mod secret;

pub(crate) use env::{substitute, variables};
pub use problem::{Problem, Problems};
pub use secret::Secret;
