//! How forecasts do.

mod tracker;

pub use tracker::{ForecastTracker, STEPS_AHEAD};
