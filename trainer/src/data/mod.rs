//! Series turned into what the forecaster learns from.

mod corpus;
mod mask;
mod track;
mod windows;

pub use corpus::{Corpus, TEST_STRIDE};
pub use mask::{Mask, Masked};
pub use track::Track;
pub use windows::{Split, WindowSet, probe_windows, windows};
