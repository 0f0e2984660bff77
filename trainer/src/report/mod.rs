//! Pages, written or served: of runs, of evaluations and of searches.

mod advice;
pub mod chapter;
pub mod columns;
pub mod comparison;
pub mod evaluation;
mod page;
mod plots;
pub mod runs;
pub mod search;
pub mod serve;
mod style;

pub use page::{Chart, Page, Table};
pub use plots::{PolicySlice, policies};
pub use style::PlotError;
