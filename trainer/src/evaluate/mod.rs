//! Judging forecasts.

pub mod forecasts;
pub mod metrics;
