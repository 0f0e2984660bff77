//! Judging forecasts.

pub mod baselines;
pub mod contest;
pub mod forecasts;
pub mod metrics;
pub mod parts;
pub mod policy;
pub mod test_series;
