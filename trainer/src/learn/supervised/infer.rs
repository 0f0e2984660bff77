//! What a network says of windows, without learning from them.

use super::loss::loss;
use crate::config::LossWeights;
use crate::data::WindowSet;
use crate::model::forecaster::Forecaster;
use crate::runtime::device::is_cpu;
use crate::runtime::stop::Stop;
use crate::runtime::threads::in_parallel;
use burn::module::Module;
use burn::tensor::Device;
use scaleiq_core::forecast::{QUANTILES, STEPS};
use std::ops::Range;

/// Rows evaluated at once.
const EVALUATION_BATCH: usize = 256;

/// Sum of the losses of the windows `part` of `set`; `None` if `stop` says so.
pub(super) fn sum_of_losses(
    weights: &LossWeights,
    network: &Forecaster,
    set: &WindowSet,
    part: Range<usize>,
    device: &Device,
    stop: Stop,
) -> Option<f64> {
    let network = network.valid();
    let device = device.clone().inner();
    let all: Vec<usize> = part.collect();
    let sum_of = |picked: &&[usize]| {
        if stop() {
            return None;
        }
        let (batch, truth) = set.batch(picked, &device);
        let mean = loss(weights, network.forward(batch), truth).into_scalar::<f32>();
        Some(f64::from(mean) * picked.len() as f64)
    };
    let batches: Vec<&[usize]> = all.chunks(EVALUATION_BATCH).collect();
    if is_cpu(&device) {
        return in_parallel(&batches, sum_of).into_iter().sum();
    }
    batches.iter().map(sum_of).sum()
}

/// Changes of `z` forecast for the windows `picked`, `[STEPS * QUANTILES]` each.
#[must_use]
pub fn forecast(
    network: &Forecaster,
    set: &WindowSet,
    picked: &[usize],
    device: &Device,
) -> Vec<[f32; STEPS * QUANTILES.len()]> {
    let network = network.valid();
    let device = device.clone().inner();
    let mut out = Vec::with_capacity(picked.len());
    for picked in picked.chunks(EVALUATION_BATCH) {
        let (batch, _) = set.batch(picked, &device);
        let values = network.forward(batch).into_data().try_to_vec::<f32>().unwrap_or_default();
        out.extend(values.as_chunks::<{ STEPS * QUANTILES.len() }>().0);
    }
    out
}
