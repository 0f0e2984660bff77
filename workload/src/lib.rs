//! The world outside of the controller: traffic, and what may be made of it.
//!
//! ```text
//! a file    -> csv (any export: decoded, told apart, put on a grid)  -> Series
//! a journal -> journal (what an agent has recorded)                  -> Series
//! nothing   -> traffic::builtin (the built-in sample)                -> Series
//! a seed    -> traffic::synthetic (training augmentation)            -> counts
//! counts    -> sim (a pool of jobs, its queue, what goes wrong)      -> samples, Score
//! samples   -> baselines (the rules that people use today)           -> jobs
//! ```
//!
//! What is wrong with a file is said with its name, line and column, and with what to do about it.
//! A gap stays a gap: it is not read as 0 unless that is asked for. What is planned (holidays,
//! campaigns) may go on after the last count.

pub mod baselines;
pub mod column;
pub mod csv;
pub mod error;
mod extra;
pub mod journal;
mod moment;
pub mod promql;
mod resample;
mod series;
pub mod sim;
pub mod traffic;
mod write;

pub use csv::ReadOptions;
pub use error::{DataError, Place};
pub use extra::Extra;
pub use moment::moment;
pub use series::Series;
