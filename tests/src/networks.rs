//! The shipped networks and those of the presets, and what they are given.

use burn::module::Module as _;
use burn::tensor::Device;
use scaleiq_core::forecast::{
    CALENDAR, CHANNELS, CONTEXT, LEVELS, ModelInput, SLOT_WIDTH, SLOTS, STEPS, WINDOW,
};
use scaleiq_core::interval::IntervalLength;
use scaleiq_core::model::{FORECASTER_INT8, Q_NETWORK_INT8};
use scaleiq_core::parameters::Parameters;
use scaleiq_core::policy::OBSERVATION;
use scaleiq_workload::traffic::builtin::{self, SampleSpec};
use std::path::{Path, PathBuf};
use trainer::config::{ForecasterConfig, Preset};
use trainer::data::{Split, probe_windows, windows};
use trainer::export::{NetworkFiles, file, forecaster_files, pack};

/// The path of a shipped file.
#[must_use]
pub fn shipped(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/edge").join(name)
}

/// A forecaster before any training.
pub struct Untrained {
    /// How many numbers training would set.
    pub parameters: usize,
    /// What it is exported as.
    pub files: NetworkFiles,
    /// Its pack, with the shipped Q-network, which never acts.
    pub pack: Vec<u8>,
}

impl Untrained {
    /// One of a preset's size.
    #[must_use]
    pub fn of(preset: Preset) -> Self {
        let (device, windows) = (Device::flex().autodiff(), probe_windows());
        let network = ForecasterConfig::preset(preset).shape().init(7, &device);
        let network = network.with_scaler(&windows.context_scaler(), &device);
        let files = forecaster_files(&network, &windows).unwrap();
        let q_network = std::fs::read(shipped(Q_NETWORK_INT8)).unwrap();
        let int8 = file(&files, FORECASTER_INT8).unwrap();
        let pack = pack(int8, &q_network, f32::MAX, Parameters::DEFAULT).unwrap();
        Self { parameters: network.num_params(), files, pack }
    }
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
