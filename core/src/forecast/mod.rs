//! Forecasts: quantiles of the arrivals in each of the next 24 intervals.

mod bands;
mod baseline;
mod ensemble;
mod ghost;
mod grid;
mod input;
mod no_model;
mod pipeline;
mod plan;
mod source;

pub use bands::{Forecast, NotFinite};
pub use baseline::Baseline;
pub use ensemble::{Adaptation, EXPERT_NAMES, EXPERTS, Makeup, OWN_SEASONS};
pub use grid::{HORIZONS, Q10, Q25, Q50, Q75, Q90, Q99, QUANTILES, QuantileGrid, STEPS};
pub use input::{
    CALENDAR, CHANNELS, CONTEXT, LEVELS, ModelInput, SLOT_CONTEXT, SLOT_WIDTH, SLOTS, Scale, WINDOW,
};
pub use no_model::{NoModel, NoNetwork};
pub use pipeline::{ForecastModel, ForecastPipeline, Forecaster};
pub use plan::{Ahead, PLAN_NAMES, PLANS, Plan, ahead};
pub use source::{Basis, ForecastSource, STAND_IN};
