//! Judging forecasts.

pub mod baselines;
pub mod contest;
pub mod covariates;
pub mod forecasts;
pub mod foreign;
pub mod importance;
mod kept;
pub mod made;
pub mod metrics;
pub mod paired;
pub mod parts;
pub mod player;
pub mod policy;
mod regression;
pub mod test_series;
pub mod view;
