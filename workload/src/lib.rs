//! Event metrics from CSV files, and traffic that is made up.
//!
//! ```text
//! a file    -> csv (any export: decoded, told apart, put on a grid) -> Series
//! nothing   -> sample_traffic (the built-in sample) -> Series
//! a seed    -> synthetic (training augmentation)    -> counts
//! ```
//!
//! What is wrong with a file is said with its name, line and column, and with what to do about it.
//! A gap stays a gap: it is not read as 0 unless that is asked for. What is planned (holidays, campaigns) may go on after
//! the last count.

pub mod column;
pub mod csv;
pub mod disguise;
pub mod error;
mod moment;
mod pulse;
pub mod random;
mod resample;
pub mod sample_traffic;
mod series;
pub mod synthetic;
mod write;

pub use csv::ReadOptions;
pub use error::{DataError, Place};
pub use moment::moment;
pub use series::Series;
