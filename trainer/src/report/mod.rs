//! Plots and the report of a run.

pub mod comparison;
pub mod evaluation;
mod page;
mod plots;
mod style;
pub mod summary;

pub use page::{Page, Table};
pub use plots::{
    ForecastSlice, HorizonErrors, PolicySlice, ScalingSlice, calibration, error_by_horizon,
    forecast, learning_curves, policies, scaling,
};
pub use style::PlotError;
