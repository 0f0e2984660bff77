//! A fixed tiny problem on which devices are compared: every kind of operator that training the
//! forecaster uses, once, forwards and backwards.
//!
//! The forecaster itself takes minutes on a software driver: each shape of a product of matrices is a
//! kernel that it compiles for seconds. Here are three products, forwards, and numbers are given instead of
//! drawn.

use super::adamw::{AdamW, AdamWConfig};
use super::loss::loss;
use crate::config::LossWeights;
use anyhow::{Result, ensure};
use burn::module::{Module, Param};
use burn::nn::conv::{Conv1d, Conv1dConfig};
use burn::nn::{LayerNorm, LayerNormConfig, Linear, LinearConfig, PaddingConfig1d};
use burn::optim::GradientsParams;
use burn::tensor::activation::{gelu, softmax};
use burn::tensor::{Device, Tensor, TensorData};
use scaleiq_core::forecast::QUANTILES;

/// Steps of [`probe_losses`].
pub const PROBE_STEPS: usize = 3;
const LEARNING_RATE: f64 = 0.01;
const BATCH: usize = 4;
/// Channels in, width of a token and number of tokens: one size, so that matrices are alike.
const SIZE: usize = 8;
const KERNEL: usize = 3;

/// A causal convolution, attention among what it gives, and a quantile head.
#[derive(Module, Debug)]
struct Probe {
    convolution: Conv1d,
    norm: LayerNorm,
    head: Linear,
}

impl Probe {
    fn new(device: &Device) -> Self {
        let mut head = LinearConfig::new(SIZE, QUANTILES.len()).init(device);
        head.weight = Param::from_data(numbers([SIZE, QUANTILES.len()], 0.3), device);
        head.bias = Some(Param::from_data(numbers([QUANTILES.len()], 0.4), device));
        let config = Conv1dConfig::new(SIZE, SIZE, KERNEL);
        let padding = PaddingConfig1d::Explicit(KERNEL - 1, 0);
        let mut convolution = config.with_padding(padding).init(device);
        convolution.weight = Param::from_data(numbers([SIZE, SIZE, KERNEL], 0.1), device);
        convolution.bias = Some(Param::from_data(numbers([SIZE], 0.2), device));
        Self { convolution, norm: LayerNormConfig::new(SIZE).init(device), head }
    }

    /// `[BATCH, SIZE, SIZE]` to `[BATCH, SIZE, QUANTILES]`.
    fn forward(&self, input: Tensor<3>) -> Tensor<3> {
        let tokens = gelu(self.convolution.forward(input).swap_dims(1, 2));
        let tokens = self.norm.forward(tokens);
        let scores = tokens.clone().matmul(tokens.clone().swap_dims(1, 2));
        let weights = softmax(scores.div_scalar((SIZE as f32).sqrt()), 2);
        self.head.forward(tokens.clone() + weights.matmul(tokens))
    }
}

/// Numbers within -0.3..0.3 that differ from each other.
fn numbers<const D: usize>(shape: [usize; D], shift: f32) -> TensorData {
    let count = shape.iter().product();
    let number = |k: usize| 0.3 * (k as f32 * 1.7 + 10.0 * shift).sin();
    TensorData::new((0..count).map(number).collect::<Vec<f32>>(), shape)
}

/// Losses of [`PROBE_STEPS`] training steps on the problem; `told` hears of each half of a step when it is
/// done, the first half being the way forwards.
/// `trainer doctor` compares them between devices.
///
/// # Errors
/// If a loss is not finite.
pub fn probe_losses(device: &Device, mut told: impl FnMut(usize, &str)) -> Result<Vec<f32>> {
    let mut network = Probe::new(device);
    // Adam moves a weight as far for a gradient of rounding noise as for a real one, unless this is above it.
    let config = AdamWConfig { epsilon: 1e-3, ..AdamWConfig::default() };
    let mut optimizer = AdamW::new(config);
    let mut losses = Vec::new();
    for step in 1..=PROBE_STEPS {
        let input = Tensor::from_data(numbers([BATCH, SIZE, SIZE], 0.6), device);
        let truth = Tensor::from_data(numbers([BATCH, SIZE], 0.7), device);
        let value = loss(&LossWeights::default(), network.forward(input), truth);
        let gradients = value.backward();
        // Reading a number waits for all that it takes.
        let value = value.into_scalar::<f32>();
        ensure!(value.is_finite(), "the loss of step {step} is {value}");
        told(step, "forwards");
        let gradients = GradientsParams::from_grads(gradients, &network);
        network = optimizer.step(LEARNING_RATE, network, gradients).0;
        losses.push(value);
        told(step, "backwards");
    }
    Ok(losses)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cpu_learns() {
        let mut halves = Vec::new();
        let told = |step, half: &str| halves.push(format!("{step} {half}"));
        let losses = probe_losses(&Device::flex().autodiff(), told).unwrap();
        assert_eq!((halves.len(), halves[5].as_str()), (2 * PROBE_STEPS, "3 backwards"));
        assert!(losses[2] < losses[0], "{losses:?}");
    }
}
