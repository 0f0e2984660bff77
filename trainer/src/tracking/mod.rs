//! Runs where a team looks at them: mirrored to an MLflow server while they are trained.

mod client;
pub mod mirror;
mod sending;
