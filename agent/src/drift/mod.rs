//! How forecasts do.

mod hindsight;

pub use hindsight::{Hindsight, STEPS_AHEAD};
