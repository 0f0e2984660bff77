//! Forecasts from rows that somebody hands in: a history of their own, beside the loop and without
//! touching it.
//!
//! ```text
//! body -> Rows (JSON or CSV, placed in time as the loop would) -> RowForecaster -> Forecast
//! ```

mod body;
mod forecast;

pub use body::Rows;
pub use forecast::RowForecaster;
