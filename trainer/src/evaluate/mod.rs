//! Judging forecasts.

pub mod contest;
pub mod forecasts;
pub mod metrics;
pub mod parts;
pub mod peers;
pub mod policy;
pub mod test_series;
