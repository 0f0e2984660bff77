//! How fast steps are taken, and in how much memory.

use super::Figure;
use crate::runtime::memory;
use std::time::{Duration, Instant};

/// Steps a second since it was told last, evaluations and saving apart.
pub const STEPS_PER_SECOND: &str = "steps_per_second";
/// Most memory that the process has held so far.
pub const PEAK_MEMORY_MIB: &str = "peak_memory_mib";

/// Watches the steps of a run.
#[derive(Debug, Default)]
pub(super) struct Pace {
    steps: u32,
    spent: Duration,
}

impl Pace {
    /// Counts a step that began then.
    pub(super) fn step_since(&mut self, began: Instant) {
        self.steps += 1;
        self.spent += began.elapsed();
    }

    /// What they came to since it was asked last.
    pub(super) fn figures(&mut self) -> Vec<Figure> {
        let Self { steps, spent } = std::mem::take(self);
        let mut figures = vec![(STEPS_PER_SECOND, f64::from(steps) / spent.as_secs_f64())];
        figures.extend(memory::peak_mib().map(|mib| (PEAK_MEMORY_MIB, mib)));
        figures
    }
}
