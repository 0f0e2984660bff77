//! What a network says of windows, without learning from them.

use super::loss::loss;
use crate::config::LossWeights;
use crate::data::WindowSet;
use crate::model::forecaster::Forecaster;
use crate::runtime::stop::Stop;
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
    let mut sum = 0.0f64;
    for picked in all.chunks(EVALUATION_BATCH) {
        if stop() {
            return None;
        }
        let (batch, truth) = set.batch(picked, &device);
        let value = loss(weights, network.forward(batch), truth).into_scalar::<f32>();
        sum += f64::from(value) * picked.len() as f64;
    }
    Some(sum)
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
