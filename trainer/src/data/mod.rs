//! Series, from files and servers, turned into what the forecaster learns from.

mod corpus;
mod dates;
pub mod fetch;
pub mod file;
mod mask;
mod parquet;
mod pool;
pub mod prometheus;
pub mod recording;
mod track;
mod windows;
pub mod workload;

pub use corpus::{Corpus, TEST_STRIDE};
pub use mask::{Mask, Masked};
pub use pool::with_pool;
pub use track::Track;
pub use windows::{Split, WindowSet, probe_windows, windows};
