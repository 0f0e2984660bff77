//! A linear layer that explores by itself: factorised Gaussian noise on its weights
//! (Fortunato et al. 2018, "Noisy Networks for Exploration", arXiv:1706.10295).
//!
//! ```text
//! weight = mean + spread * f(e_in) f(e_out)^T      bias = mean + spread * f(e_out)
//! f(e) = sign(e) sqrt(|e|),  e ~ N(0, 1)
//! ```
//!
//! Parameters and noise live on the host as plain numbers: they are few, a checkpoint is then plain
//! data, and noise from ChaCha makes a run repeat to the bit. Only the effective weights go to the
//! device; the gradient of a spread is the gradient of its weight times the noise.

use burn::tensor::{Device, Tensor, TensorData};
use rand_chacha::ChaCha8Rng;
use rand_core::Rng;
use rand_distr::{Distribution, StandardNormal};
use serde::{Deserialize, Serialize};

/// Spread at the start of training, before it is divided by the root of the inputs.
pub const FIRST_SPREAD: f32 = 0.5;

/// Weights and bias of a linear layer as plain numbers: `y = x W + b`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DenseWeights {
    /// `[inputs][outputs]`, row-major.
    pub weight: Vec<f32>,
    /// One per output.
    pub bias: Vec<f32>,
    /// Numbers taken.
    pub inputs: usize,
    /// Numbers given.
    pub outputs: usize,
}

impl DenseWeights {
    fn constant(inputs: usize, outputs: usize, value: f32) -> Self {
        let weight = vec![value; inputs * outputs];
        Self { weight, bias: vec![value; outputs], inputs, outputs }
    }
}

/// Noise of one layer, already through `f`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LayerNoise {
    inputs: Vec<f32>,
    outputs: Vec<f32>,
}

/// A linear layer; with a spread it is noisy, without it is a plain one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NoisyLinear {
    mean: DenseWeights,
    spread: Option<DenseWeights>,
}

impl NoisyLinear {
    /// A plain layer (He 2015: it is followed by a ReLU).
    #[must_use]
    pub fn plain(inputs: usize, outputs: usize, rng: &mut ChaCha8Rng) -> Self {
        let bound = (6.0 / inputs as f32).sqrt();
        let mut mean = DenseWeights::constant(inputs, outputs, 0.0);
        fill(&mut mean.weight, bound, rng);
        Self { mean, spread: None }
    }

    /// A noisy layer with the paper's initial values.
    #[must_use]
    pub fn noisy(inputs: usize, outputs: usize, rng: &mut ChaCha8Rng) -> Self {
        let bound = 1.0 / (inputs as f32).sqrt();
        let mut mean = DenseWeights::constant(inputs, outputs, 0.0);
        fill(&mut mean.weight, bound, rng);
        fill(&mut mean.bias, bound, rng);
        let spread = DenseWeights::constant(inputs, outputs, FIRST_SPREAD * bound);
        Self { mean, spread: Some(spread) }
    }

    /// The weights without noise.
    #[must_use]
    pub fn mean(&self) -> &DenseWeights {
        &self.mean
    }

    /// Fresh noise; a plain layer draws none.
    #[must_use]
    pub fn draw(&self, rng: &mut ChaCha8Rng) -> LayerNoise {
        if self.spread.is_none() {
            return LayerNoise::default();
        }
        let mut draw = |n: usize| (0..n).map(|_| squash(StandardNormal.sample(rng))).collect();
        LayerNoise { inputs: draw(self.mean.inputs), outputs: draw(self.mean.outputs) }
    }

    /// The weights under `noise`.
    #[must_use]
    pub fn effective(&self, noise: &LayerNoise) -> DenseWeights {
        let mut weights = self.mean.clone();
        if let Some(spread) = &self.spread {
            let rows = weights.weight.chunks_mut(spread.outputs);
            for ((row, spread), e_in) in
                rows.zip(spread.weight.chunks(spread.outputs)).zip(&noise.inputs)
            {
                for ((w, s), e_out) in row.iter_mut().zip(spread).zip(&noise.outputs) {
                    *w += s * e_in * e_out;
                }
            }
            for ((b, s), e) in weights.bias.iter_mut().zip(&spread.bias).zip(&noise.outputs) {
                *b += s * e;
            }
        }
        weights
    }

    /// Every trained number, in the order of [`NoisyLinear::gradients`].
    pub(super) fn parameters_mut(&mut self) -> impl Iterator<Item = &mut Vec<f32>> {
        let parts = std::iter::once(&mut self.mean).chain(self.spread.as_mut());
        parts.flat_map(|p| [&mut p.weight, &mut p.bias])
    }

    /// Every trained number, in the same order.
    pub(super) fn parameters(&self) -> impl Iterator<Item = &Vec<f32>> {
        let parts = std::iter::once(&self.mean).chain(self.spread.as_ref());
        parts.flat_map(|p| [&p.weight, &p.bias])
    }

    /// Gradients of every trained number from those of the effective weights.
    pub(super) fn gradients(
        &self,
        weight: Vec<f32>,
        bias: Vec<f32>,
        noise: &LayerNoise,
    ) -> Vec<Vec<f32>> {
        if self.spread.is_none() {
            return vec![weight, bias];
        }
        let rows = weight.chunks(self.mean.outputs).zip(&noise.inputs);
        let spread_weight = rows.flat_map(|(row, e_in)| {
            row.iter().zip(&noise.outputs).map(move |(g, e_out)| g * e_in * e_out)
        });
        let spread_weight = spread_weight.collect();
        let spread_bias = bias.iter().zip(&noise.outputs).map(|(g, e)| g * e).collect();
        vec![weight, bias, spread_weight, spread_bias]
    }
}

/// A layer's effective weights on a device.
#[derive(Clone, Debug)]
pub struct DeviceLinear {
    pub(super) weight: Tensor<2>,
    pub(super) bias: Tensor<1>,
}

impl DeviceLinear {
    /// Moves weights to `device`; they are tracked there if it differentiates.
    #[must_use]
    pub fn new(weights: DenseWeights, device: &Device) -> Self {
        let DenseWeights { weight, bias, inputs, outputs } = weights;
        let weight = Tensor::from_data(TensorData::new(weight, [inputs, outputs]), device);
        let bias = Tensor::from_data(TensorData::new(bias, [outputs]), device);
        if device.is_autodiff() {
            return Self { weight: weight.require_grad(), bias: bias.require_grad() };
        }
        Self { weight, bias }
    }

    /// The same weights, tracked apart from these.
    pub(super) fn apart(&self) -> Self {
        let Self { weight, bias } = self.clone();
        let weight = Tensor::from_inner(weight.inner()).require_grad();
        let bias = Tensor::from_inner(bias.inner()).require_grad();
        Self { weight, bias }
    }

    /// `x W + b`.
    #[must_use]
    pub fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        x.matmul(self.weight.clone()) + self.bias.clone().unsqueeze()
    }
}

fn squash(e: f32) -> f32 {
    e.abs().sqrt().copysign(e)
}

/// Uniform numbers within `-bound..bound`.
fn fill(numbers: &mut [f32], bound: f32, rng: &mut ChaCha8Rng) {
    for x in numbers {
        let unit = (rng.next_u32() >> 8) as f32 / (1u32 << 24) as f32;
        *x = (2.0 * unit - 1.0) * bound;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_core::SeedableRng;

    #[test]
    fn noise_has_no_mean_and_the_papers_spread() {
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        let layer = NoisyLinear::noisy(16, 8, &mut rng);
        let draws = 4000;
        let (mut sum, mut square) = (0.0f64, 0.0f64);
        for _ in 0..draws {
            let noise = layer.draw(&mut rng);
            let change = layer.effective(&noise).weight[37] - layer.mean.weight[37];
            sum += f64::from(change);
            square += f64::from(change * change);
        }
        let n = f64::from(draws);
        let sigma = f64::from(FIRST_SPREAD) / 4.0;
        assert!((sum / n).abs() < 0.1 * sigma, "{}", sum / n);
        // E[f(e)^2] = E|e| = sqrt(2 / pi), once per factor.
        let expected = sigma * sigma * 2.0 / std::f64::consts::PI;
        assert!((square / n / expected - 1.0).abs() < 0.15, "{}", square / n / expected);
    }

    #[test]
    fn a_plain_layer_has_no_noise() {
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        let layer = NoisyLinear::plain(4, 3, &mut rng);
        let noise = layer.draw(&mut rng);
        assert_eq!(layer.effective(&noise), layer.mean);
        assert_eq!(layer.parameters().count(), 2);
    }

    #[test]
    fn the_same_seed_gives_the_same_layer_and_noise() {
        let make = || {
            let mut rng = ChaCha8Rng::seed_from_u64(9);
            let layer = NoisyLinear::noisy(5, 2, &mut rng);
            let noise = layer.draw(&mut rng);
            layer.effective(&noise)
        };
        assert_eq!(make(), make());
    }
}
