//! Event metrics from CSV files, and traffic that is made up.
//!
//! ```text
//! CSV file  -> column (header) -> table (cells) -> grid (regular intervals) -> Series
//! nothing   -> sample_traffic (the built-in sample) -> Series
//! a seed    -> synthetic (training augmentation)    -> counts
//! ```
//!
//! What is wrong with a file is said with its name, line and column, and with what to do about it.
//! A gap stays a gap: it is never read as 0. What is planned (holidays, campaigns) may go on after
//! the last count.

pub mod column;
pub mod disguise;
pub mod error;
mod grid;
mod pulse;
mod random;
mod resample;
pub mod sample_traffic;
mod series;
pub mod synthetic;
mod table;
mod value;
mod write;

pub use error::{DataError, Place};
pub use series::Series;
pub use value::moment;
