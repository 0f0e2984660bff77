//! AdamW (Loshchilov & Hutter 2019) with clipping by the global norm (Pascanu 2013).
//!
//! Burn's own optimizer clips each tensor by itself, and restores its state on the default device,
//! which is wgpu even where no driver exists. This one is 100 lines and its state is plain numbers.

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::optim::GradientsParams;
use burn::tensor::{Tensor, TensorData};
use serde::{Deserialize, Serialize};

/// Settings of [`AdamW`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct AdamWConfig {
    /// Decay of the first moment.
    pub beta_1: f32,
    /// Decay of the second moment.
    pub beta_2: f32,
    /// Added to the root of the second moment.
    pub epsilon: f32,
    /// Share of a weight matrix that decays per step, times the learning rate. Vectors (biases,
    /// norms) do not decay.
    pub weight_decay: f32,
    /// The global norm that gradients are scaled down to.
    pub clip_norm: f32,
}

impl Default for AdamWConfig {
    fn default() -> Self {
        Self { beta_1: 0.9, beta_2: 0.999, epsilon: 1e-8, weight_decay: 0.01, clip_norm: 1.0 }
    }
}

/// Moments of every parameter, in the order in which the module visits them.
#[derive(Clone, Debug)]
pub struct AdamW {
    config: AdamWConfig,
    steps: u32,
    moments: Vec<(Tensor<1>, Tensor<1>)>,
}

/// An optimizer's state as plain numbers, for checkpoints.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct AdamWState {
    steps: u32,
    moments: Vec<(Vec<f32>, Vec<f32>)>,
}

impl AdamW {
    /// An optimizer that has not stepped yet.
    #[must_use]
    pub fn new(config: AdamWConfig) -> Self {
        Self { config, steps: 0, moments: Vec::new() }
    }

    /// Moves `module` against `gradients`. Returns it with the gradients' global norm.
    pub fn step<M: Module>(
        &mut self,
        learning_rate: f64,
        module: M,
        gradients: GradientsParams,
    ) -> (M, f32) {
        let mut norm = SquaredNorm { gradients: &gradients, sum: None };
        module.visit(&mut norm);
        let norm = norm.sum.map_or(0.0, |s| s.sqrt().into_scalar::<f32>());
        self.steps += 1;
        let scale = if norm > self.config.clip_norm { self.config.clip_norm / norm } else { 1.0 };
        let mut update = Update { optimizer: self, gradients, learning_rate, scale, index: 0 };
        (module.map(&mut update), norm)
    }

    /// The state as plain numbers.
    ///
    /// # Panics
    /// If the device fails to hand its tensors over.
    #[must_use]
    pub fn state(&self) -> AdamWState {
        let numbers = |t: &Tensor<1>| t.to_data().try_to_vec::<f32>().expect("moments are f32");
        AdamWState {
            steps: self.steps,
            moments: self.moments.iter().map(|(m, v)| (numbers(m), numbers(v))).collect(),
        }
    }

    /// Continues from a state that [`AdamW::state`] gave.
    #[must_use]
    pub fn restore(config: AdamWConfig, state: AdamWState, device: &burn::tensor::Device) -> Self {
        let device = device.clone().inner();
        let tensor = |numbers: Vec<f32>| {
            let length = numbers.len();
            Tensor::<1>::from_data(TensorData::new(numbers, [length]), &device)
        };
        let moments = state.moments.into_iter().map(|(m, v)| (tensor(m), tensor(v))).collect();
        Self { config, steps: state.steps, moments }
    }
}

struct SquaredNorm<'a> {
    gradients: &'a GradientsParams,
    sum: Option<Tensor<1>>,
}

impl ModuleVisitor for SquaredNorm<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if let Some(gradient) = self.gradients.get::<D>(param.id) {
            let square = gradient.square().sum();
            self.sum = Some(match self.sum.take() {
                Some(sum) => sum + square,
                None => square,
            });
        }
    }
}

struct Update<'a> {
    optimizer: &'a mut AdamW,
    gradients: GradientsParams,
    learning_rate: f64,
    scale: f32,
    index: usize,
}

impl Update<'_> {
    /// The step for one parameter, flattened.
    fn delta(&mut self, gradient: Tensor<1>) -> Tensor<1> {
        let AdamWConfig { beta_1, beta_2, epsilon, .. } = self.optimizer.config;
        let gradient = gradient.mul_scalar(self.scale);
        let moments = &mut self.optimizer.moments;
        if self.index == moments.len() {
            moments.push((gradient.zeros_like(), gradient.zeros_like()));
        }
        let (m, v) = &mut moments[self.index];
        *m = m.clone().mul_scalar(beta_1) + gradient.clone().mul_scalar(1.0 - beta_1);
        *v = v.clone().mul_scalar(beta_2) + gradient.square().mul_scalar(1.0 - beta_2);
        let steps = self.optimizer.steps as i32;
        let m = m.clone().div_scalar(1.0 - beta_1.powi(steps));
        let v = v.clone().div_scalar(1.0 - beta_2.powi(steps));
        self.index += 1;
        m / v.sqrt().add_scalar(epsilon)
    }
}

impl ModuleMapper for Update<'_> {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let (id, tensor, mapper) = param.consume();
        let Some(gradient) = self.gradients.remove::<D>(id) else {
            return Param::from_mapped_value(id, tensor, mapper);
        };
        let trained = tensor.is_require_grad();
        let tensor = tensor.inner();
        let shape = tensor.dims();
        let length = shape.iter().product::<usize>();
        let delta = self.delta(gradient.reshape([length])).reshape(shape);
        let decay = if D > 1 { f64::from(self.optimizer.config.weight_decay) } else { 0.0 };
        let tensor = tensor.mul_scalar(1.0 - self.learning_rate * decay)
            - delta.mul_scalar(self.learning_rate);
        let tensor = Tensor::from_inner(tensor);
        let tensor = if trained { tensor.require_grad() } else { tensor };
        Param::from_mapped_value(id, tensor, mapper)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::nn::{Linear, LinearConfig};
    use burn::tensor::Device;

    /// Steps towards y = 3x and returns the weight.
    fn train(mut layer: Linear, optimizer: &mut AdamW, steps: usize) -> Linear {
        let device = Device::flex().autodiff();
        for _ in 0..steps {
            let x = Tensor::<2>::from_floats([[1.0], [2.0]], &device);
            let error = layer.forward(x.clone()) - x * 3.0;
            let gradients = error.square().mean().backward();
            let gradients = GradientsParams::from_grads(gradients, &layer);
            layer = optimizer.step(0.05, layer, gradients).0;
        }
        layer
    }

    fn layer() -> Linear {
        let device = Device::flex().autodiff();
        device.seed(1);
        LinearConfig::new(1, 1).init(&device)
    }

    fn weight(layer: &Linear) -> f32 {
        layer.weight.val().into_scalar::<f32>()
    }

    #[test]
    fn it_finds_the_slope() {
        let trained = train(layer(), &mut AdamW::new(AdamWConfig::default()), 400);
        assert!((weight(&trained) - 3.0).abs() < 0.05, "{}", weight(&trained));
    }

    #[test]
    fn a_restored_state_continues_to_the_bit() {
        let config = AdamWConfig::default();
        let mut optimizer = AdamW::new(config);
        let half = train(layer(), &mut optimizer, 5);
        let mut restored = AdamW::restore(config, optimizer.state(), &Device::flex());
        let a = train(half.clone(), &mut optimizer, 5);
        let b = train(half, &mut restored, 5);
        assert_eq!(weight(&a), weight(&b));
    }

    #[test]
    fn the_first_step_is_clipped_and_normalised() {
        // Adam's first step is the learning rate, whatever the gradient's size.
        let before = layer();
        let after = train(before.clone(), &mut AdamW::new(AdamWConfig::default()), 1);
        let moved = (weight(&after) - weight(&before)).abs();
        assert!((moved - 0.05).abs() < 1e-3, "{moved}");
    }
}
