//! The shipped networks, and what they are given.

use scaleiq_core::forecast::{
    CALENDAR, CHANNELS, CONTEXT, LEVELS, ModelInput, SLOT_WIDTH, SLOTS, STEPS, WINDOW,
};
use scaleiq_core::interval::IntervalLength;
use scaleiq_core::policy::OBSERVATION;
use scaleiq_workload::traffic::builtin::{self, SampleSpec};
use std::path::{Path, PathBuf};
use trainer::data::{Split, windows};

/// The path of a shipped file.
#[must_use]
pub fn shipped(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/edge").join(name)
}

/// Inputs met in four weeks and three days of sample traffic.
#[must_use]
pub fn inputs() -> Vec<ModelInput> {
    let spec = SampleSpec { rows: 720 * 31, ..SampleSpec::default() };
    let sample = builtin::generate(&spec);
    let mut inputs = Vec::new();
    // A young memory, half a one and a full one.
    for (from, to) in [(1, 340), (720 * 10, 720 * 10 + 360), (720 * 28, 720 * 31)] {
        let stride = if to > 720 * 20 { 5 } else { 1 };
        let set = windows(&sample.rows, IntervalLength::TWO_MINUTES, Split { from, to }, stride);
        inputs.extend((0..set.len()).map(|k| set.input(k)));
    }
    inputs
}

/// The network's four inputs, with their shapes.
#[must_use]
pub fn tensors(input: &ModelInput) -> [(Vec<usize>, &[f32]); 4] {
    [
        (vec![LEVELS, CHANNELS, WINDOW], input.recent.as_flattened().as_flattened()),
        (vec![SLOTS, SLOT_WIDTH], input.seasons.as_flattened()),
        (vec![STEPS, CALENDAR], input.calendar.as_flattened()),
        (vec![1, CONTEXT], &input.context),
    ]
}

/// A made-up state for the Q-network, one for each `k`.
#[must_use]
pub fn state(k: usize) -> [f32; OBSERVATION] {
    std::array::from_fn(|i| (((k * 31 + i * 17) % 41) as f32 / 20.0 - 1.0) * 1.5)
}
