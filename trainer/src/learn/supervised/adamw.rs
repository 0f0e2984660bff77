//! AdamW (Loshchilov & Hutter 2019) with clipping by the global norm (Pascanu 2013).
//!
//! Burn's own optimizer clips each tensor by itself, and restores its state on the default device,
//! which is wgpu even where no driver exists. This one is 100 lines and its state is plain numbers.

use crate::runtime::device::is_cpu;
use crate::runtime::threads::for_each_four;
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
        let step = Step::new(&self.config, self.steps, learning_rate, norm);
        let old = std::mem::take(&mut self.moments).into_iter();
        let mut update = Update { step, gradients, old, new: &mut self.moments };
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

/// What a step does to each number.
#[derive(Clone, Copy)]
struct Step {
    /// The gradient's factor.
    scale: f32,
    beta_1: f32,
    beta_2: f32,
    /// One over the share of the truth that a moment has after so many steps.
    correct_1: f32,
    correct_2: f32,
    epsilon: f32,
    rate: f32,
    /// What of a weight a step takes away.
    decay: f32,
}

impl Step {
    fn new(config: &AdamWConfig, steps: u32, learning_rate: f64, norm: f32) -> Self {
        let AdamWConfig { beta_1, beta_2, epsilon, weight_decay, clip_norm } = *config;
        let correct = |beta: f32| 1.0 / (1.0 - beta.powi(steps as i32));
        Self {
            scale: if norm > clip_norm { clip_norm / norm } else { 1.0 },
            beta_1,
            beta_2,
            correct_1: correct(beta_1),
            correct_2: correct(beta_2),
            epsilon,
            rate: learning_rate as f32,
            decay: (learning_rate * f64::from(weight_decay)) as f32,
        }
    }

    /// The parameter and its moments after the step.
    fn take(&self, [p, g, m, v]: [Tensor<1>; 4]) -> [Tensor<1>; 3] {
        if is_cpu(&p.device()) {
            return self.take_on_cpu([p, g, m, v]);
        }
        let g = g.mul_scalar(self.scale);
        let m = m.mul_scalar(self.beta_1) + g.clone().mul_scalar(1.0 - self.beta_1);
        let v = v.mul_scalar(self.beta_2) + g.square().mul_scalar(1.0 - self.beta_2);
        let size = v.clone().mul_scalar(self.correct_2).sqrt().add_scalar(self.epsilon);
        let by = m.clone().mul_scalar(self.correct_1) / size;
        let p = p.mul_scalar(1.0 - self.decay) - by.mul_scalar(self.rate);
        [p, m, v]
    }

    /// The same in one pass over memory.
    fn take_on_cpu(&self, tensors: [Tensor<1>; 4]) -> [Tensor<1>; 3] {
        let device = tensors[0].device();
        let [mut p, mut g, mut m, mut v] = tensors.map(Tensor::into_data);
        let numbers = [&mut p, &mut g, &mut m, &mut v];
        let numbers = numbers.map(|data| data.as_mut_slice().expect("parameters are f32"));
        for_each_four(numbers, |p, g, m, v| {
            let g = *g * self.scale;
            *m = *m * self.beta_1 + g * (1.0 - self.beta_1);
            *v = *v * self.beta_2 + g * g * (1.0 - self.beta_2);
            let size = (*v * self.correct_2).sqrt() + self.epsilon;
            *p = *p * (1.0 - self.decay) - self.rate * (*m * self.correct_1) / size;
        });
        [p, m, v].map(|numbers| Tensor::from_data(numbers, &device))
    }
}

struct Update<'a> {
    step: Step,
    gradients: GradientsParams,
    old: std::vec::IntoIter<(Tensor<1>, Tensor<1>)>,
    new: &'a mut Vec<(Tensor<1>, Tensor<1>)>,
}

impl ModuleMapper for Update<'_> {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let (id, tensor, mapper) = param.consume();
        let Some(gradient) = self.gradients.remove::<D>(id) else {
            return Param::from_mapped_value(id, tensor, mapper);
        };
        let trained = tensor.is_require_grad();
        let shape = tensor.dims();
        let tensor = tensor.inner();
        let length = shape.iter().product::<usize>();
        let gradient = gradient.reshape([length]);
        let none = || (gradient.zeros_like(), gradient.zeros_like());
        let (m, v) = self.old.next().unwrap_or_else(none);
        let decay = if D > 1 { self.step.decay } else { 0.0 };
        let step = Step { decay, ..self.step };
        let [tensor, m, v] = step.take([tensor.reshape([length]), gradient, m, v]);
        self.new.push((m, v));
        let tensor = Tensor::from_inner(tensor.reshape(shape));
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
        let mut layer: Linear = LinearConfig::new(1, 1).init(&device);
        layer.weight = Param::from_data([[0.4_f32]], &device);
        layer.bias = Some(Param::from_data([-0.2_f32], &device));
        layer
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
