//! A fixed tiny problem on which devices are compared.

use super::plan::Plan;
use super::training::ForecasterTraining;
use crate::config::Config;
use crate::data::{WindowSet, probe_windows};
use crate::learn::run_loop::Trainable as _;
use crate::model::forecaster::ForecasterShape;
use crate::model::weights::Weights;
use crate::runtime::stop::never;
use anyhow::Result;
use burn::tensor::Device;

/// Steps of [`probe_losses`].
pub const PROBE_STEPS: usize = 3;

/// Losses of [`PROBE_STEPS`] training steps on the problem, each told to `tick` when it is taken: what
/// `trainer doctor` compares between devices.
///
/// # Errors
/// If the network cannot be made there, or a loss is not finite.
pub fn probe_losses(device: &Device, mut tick: impl FnMut(usize)) -> Result<Vec<f64>> {
    // Without an encoder block: the decoder has the same operators, and each further shape of a matrix is
    // two kernels more, which a software driver compiles for a second each.
    let shape = ForecasterShape {
        width: 16,
        heads: 2,
        layers: 0,
        feed_forward: 16,
        conv_channels: 2,
        dropout: 0.0,
    };
    let mut plan = Plan::new(&Config::default(), 1);
    (plan.shape, plan.batch) = (shape, 4);
    let (set, none) = (probe_windows(), WindowSet::default());
    // Weights are drawn on the CPU: random numbers differ between backends. They move as a record,
    // since a tensor that moves between devices stays tied to the gradients of its old one.
    let cpu = Device::flex().autodiff();
    let drawn = ForecasterTraining::new(plan.clone(), &set, &none, &cpu)?;
    let weights = Weights::of(drawn.network())?;
    let mut training = ForecasterTraining::from_weights(plan, weights, &set, &none, device)?;
    let mut losses = Vec::new();
    for step in 0..PROBE_STEPS {
        let told = training.step(step, &never)?.unwrap_or_default();
        losses.extend(told.figures.first().map(|(_, loss)| *loss));
        tick(step + 1);
    }
    Ok(losses)
}
