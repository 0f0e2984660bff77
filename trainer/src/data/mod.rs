//! Series turned into what the forecaster learns from.

mod corpus;
mod windows;

pub use corpus::{Corpus, TEST_STRIDE};
pub use windows::{Split, WindowSet, probe_windows, windows};
