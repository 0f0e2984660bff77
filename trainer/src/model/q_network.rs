//! The dueling Q-network (Wang et al. 2016, arXiv:1511.06581) with noisy streams.
//!
//! ```text
//! state -> trunk (plain, ReLU) -+-> value stream     (noisy) -> V     \
//!                               +-> advantage stream (noisy) -> A[9]  / Q = V + A - mean(A)
//! ```
//!
//! Hidden widths `[.., h]`: all but the last belong to the trunk, each stream has its own last one.

use super::noisy::{DenseWeights, DeviceLinear, LayerNoise, NoisyLinear};
use crate::runtime::threads::on_all;
use burn::tensor::activation::relu;
use burn::tensor::{Device, Gradients, Tensor, TensorData};
use rand_chacha::ChaCha8Rng;
use scaleiq_core::policy::{ACTIONS, OBSERVATION, Observation};
use serde::{Deserialize, Serialize};

/// A Q-network's parameters on the host.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct QNetwork {
    trunk: Vec<NoisyLinear>,
    value: Vec<NoisyLinear>,
    advantage: Vec<NoisyLinear>,
}

/// The weights that a network computes with, as plain numbers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct QNetworkWeights {
    /// Layers that both streams share; a ReLU follows each.
    pub trunk: Vec<DenseWeights>,
    /// Layers of the value stream; a ReLU follows each but the last.
    pub value: Vec<DenseWeights>,
    /// Layers of the advantage stream; a ReLU follows each but the last.
    pub advantage: Vec<DenseWeights>,
}

/// Noise of every layer, in the order of trunk, value, advantage.
#[derive(Clone, Debug, PartialEq)]
pub struct NetworkNoise(Vec<LayerNoise>);

impl QNetwork {
    /// An untrained network. Without hidden widths the streams read the state directly.
    #[must_use]
    pub fn new(hidden: &[usize], rng: &mut ChaCha8Rng) -> Self {
        let (stream_width, trunk_widths) = match hidden.split_last() {
            Some((last, rest)) => (Some(*last), rest),
            None => (None, hidden),
        };
        let mut width = OBSERVATION;
        let mut trunk = Vec::new();
        for next in trunk_widths {
            trunk.push(NoisyLinear::plain(width, *next, rng));
            width = *next;
        }
        let mut stream = |outputs: usize| match stream_width {
            Some(w) => {
                vec![NoisyLinear::noisy(width, w, rng), NoisyLinear::noisy(w, outputs, rng)]
            }
            None => vec![NoisyLinear::noisy(width, outputs, rng)],
        };
        let value = stream(1);
        let advantage = stream(ACTIONS);
        Self { trunk, value, advantage }
    }

    fn layers(&self) -> impl Iterator<Item = &NoisyLinear> {
        self.trunk.iter().chain(&self.value).chain(&self.advantage)
    }

    /// Fresh noise for every layer.
    #[must_use]
    pub fn draw_noise(&self, rng: &mut ChaCha8Rng) -> NetworkNoise {
        NetworkNoise(self.layers().map(|l| l.draw(rng)).collect())
    }

    /// What it computes with: its weights under `noise`, or their means.
    #[must_use]
    pub fn effective(&self, noise: Option<&NetworkNoise>) -> QNetworkWeights {
        let mut noises = noise.map(|n| n.0.iter());
        let mut effective = |layers: &[NoisyLinear]| {
            let each = layers.iter().map(|layer| {
                let noise = noises.as_mut().and_then(Iterator::next);
                noise.map_or_else(|| layer.mean().clone(), |n| layer.effective(n))
            });
            each.collect::<Vec<_>>()
        };
        QNetworkWeights {
            trunk: effective(&self.trunk),
            value: effective(&self.value),
            advantage: effective(&self.advantage),
        }
    }

    /// The network on a device: under `noise`, or with its mean weights.
    #[must_use]
    pub fn on(&self, device: &Device, noise: Option<&NetworkNoise>) -> DeviceNetwork {
        self.effective(noise).on(device)
    }

    /// Gradients of every parameter, in the order of [`QNetwork::parameters_mut`], from those of the weights
    /// under `noise`, as [`DeviceNetwork::gradients`] gives them.
    #[must_use]
    pub fn gradients(&self, effective: Vec<Vec<f32>>, noise: &NetworkNoise) -> Vec<Vec<f32>> {
        let mut effective = effective.into_iter();
        let layers = self.layers().zip(&noise.0).flat_map(|(layer, noise)| {
            let mut next = || effective.next().unwrap_or_default();
            layer.gradients(next(), next(), noise)
        });
        layers.collect()
    }

    /// Every trained number.
    pub fn parameters_mut(&mut self) -> impl Iterator<Item = &mut Vec<f32>> {
        let Self { trunk, value, advantage } = self;
        let layers = trunk.iter_mut().chain(value).chain(advantage);
        layers.flat_map(NoisyLinear::parameters_mut)
    }

    /// Every trained number, in the same order.
    pub fn parameters(&self) -> impl Iterator<Item = &Vec<f32>> {
        self.layers().flat_map(NoisyLinear::parameters)
    }

    /// Moves each parameter by the share `tau` towards `online` (Lillicrap 2016).
    pub fn follow(&mut self, online: &QNetwork, tau: f32) {
        let mut pairs: Vec<_> = self.parameters_mut().zip(online.parameters()).collect();
        on_all(&mut pairs, |(mine, theirs)| {
            mine.iter_mut().zip(*theirs).for_each(|(a, b)| *a += tau * (b - *a));
        });
    }

    /// The weights without noise, for an exporter.
    #[must_use]
    pub fn export(&self) -> QNetworkWeights {
        self.effective(None)
    }
}

impl QNetworkWeights {
    /// The network on a device, which tracks the weights if it differentiates.
    #[must_use]
    pub fn on(self, device: &Device) -> DeviceNetwork {
        let place = |layers: Vec<DenseWeights>| {
            layers.into_iter().map(|weights| DeviceLinear::new(weights, device)).collect()
        };
        DeviceNetwork {
            trunk: place(self.trunk),
            value: place(self.value),
            advantage: place(self.advantage),
            device: device.clone(),
        }
    }
}

/// A Q-network's effective weights on a device.
#[derive(Clone, Debug)]
pub struct DeviceNetwork {
    trunk: Vec<DeviceLinear>,
    value: Vec<DeviceLinear>,
    advantage: Vec<DeviceLinear>,
    device: Device,
}

impl DeviceNetwork {
    /// `[B, OBSERVATION]` to the values of the actions, `[B, ACTIONS]`.
    #[must_use]
    pub fn forward(&self, states: Tensor<2>) -> Tensor<2> {
        let x = self.trunk.iter().fold(states, |x, layer| relu(layer.forward(x)));
        let value = stream(&self.value, x.clone());
        let advantage = stream(&self.advantage, x);
        let mean = advantage.clone().mean_dim(1);
        value + (advantage - mean)
    }

    /// Where it is.
    #[must_use]
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// The same weights where a thread tracks what it alone does with them.
    #[must_use]
    pub fn apart(&self) -> Self {
        let each = |layers: &[DeviceLinear]| layers.iter().map(DeviceLinear::apart).collect();
        Self {
            trunk: each(&self.trunk),
            value: each(&self.value),
            advantage: each(&self.advantage),
            device: self.device.clone(),
        }
    }

    /// Gradients of the weights and biases of trunk, value and advantage.
    ///
    /// # Panics
    /// If it took no part in the loss.
    #[must_use]
    pub fn gradients(&self, mut gradients: Gradients) -> Vec<Vec<f32>> {
        let mut all = Vec::new();
        for layer in self.trunk.iter().chain(&self.value).chain(&self.advantage) {
            let weight = layer.weight.grad_remove(&mut gradients);
            all.push(numbers(weight.expect("every weight takes part")));
            let bias = layer.bias.grad_remove(&mut gradients);
            all.push(numbers(bias.expect("every bias takes part")));
        }
        all
    }

    /// States as a tensor on the network's device.
    #[must_use]
    pub fn batch(&self, states: &[Observation]) -> Tensor<2> {
        let data = TensorData::new(states.as_flattened().to_vec(), [states.len(), OBSERVATION]);
        Tensor::from_data(data, &self.device)
    }

    /// The values of the actions in each state.
    #[must_use]
    pub fn values(&self, states: &[Observation]) -> Vec<[f32; ACTIONS]> {
        if states.is_empty() {
            return Vec::new();
        }
        numbers(self.forward(self.batch(states))).as_chunks().0.to_vec()
    }
}

fn stream(layers: &[DeviceLinear], x: Tensor<2>) -> Tensor<2> {
    let Some((last, hidden)) = layers.split_last() else { return x };
    last.forward(hidden.iter().fold(x, |x, layer| relu(layer.forward(x))))
}

/// A tensor's numbers on the host.
///
/// # Panics
/// If the device fails to hand them over: training cannot go on then.
pub(crate) fn numbers<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_into_vec::<f32>().expect("the device hands its f32 tensors over")
}

/// The action of the highest value, as the deployed policy chooses.
#[must_use]
pub fn best_action(values: &[f32; ACTIONS]) -> usize {
    let best = (0..ACTIONS).max_by(|a, b| values[*a].total_cmp(&values[*b]));
    best.unwrap_or(scaleiq_core::policy::NEUTRAL)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_core::SeedableRng;

    /// A layer by hand, with a ReLU if `rectify`.
    fn dense(w: &DenseWeights, x: &[f32], rectify: bool) -> Vec<f32> {
        let sum = |o: usize| {
            let products = x.iter().enumerate().map(|(i, x)| x * w.weight[i * w.outputs + o]);
            w.bias[o] + products.sum::<f32>()
        };
        (0..w.outputs).map(|o| if rectify { sum(o).max(0.0) } else { sum(o) }).collect()
    }

    #[test]
    fn exported_weights_compute_the_same() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let network = QNetwork::new(&[16, 8], &mut rng);
        let state: Observation = std::array::from_fn(|i| (i as f32 * 0.7).sin());
        let q = network.on(&Device::flex(), None).values(&[state])[0];
        let w = network.export();
        assert_eq!([w.trunk.len(), w.value.len(), w.advantage.len()], [1, 2, 2]);
        let x = dense(&w.trunk[0], &state, true);
        let v = dense(&w.value[1], &dense(&w.value[0], &x, true), false)[0];
        let a = dense(&w.advantage[1], &dense(&w.advantage[0], &x, true), false);
        let mean = a.iter().sum::<f32>() / a.len() as f32;
        for (got, a) in q.iter().zip(&a) {
            assert!((got - (v + a - mean)).abs() < 1e-5);
        }
    }

    #[test]
    fn noise_changes_values_and_its_gradient_is_right() {
        let mut rng = ChaCha8Rng::seed_from_u64(2);
        let mut network = QNetwork::new(&[6, 5], &mut rng);
        let noise = network.draw_noise(&mut rng);
        let state: Observation = std::array::from_fn(|i| (i as f32 * 0.3).cos());
        let device = Device::flex().autodiff();
        let loss = |n: &QNetwork| {
            let values = n.on(&Device::flex(), Some(&noise)).values(&[state])[0];
            values.iter().map(|v| v * v).sum::<f32>()
        };
        let placed = network.on(&device, Some(&noise));
        let gradients = placed.forward(placed.batch(&[state])).square().sum().backward();
        let gradients = network.gradients(placed.gradients(gradients), &noise);
        assert_eq!(gradients.len(), network.parameters().count());
        for (part, gradient) in gradients.iter().enumerate() {
            let index = gradient.len() / 2;
            let mut moved = |by: f32| {
                network.parameters_mut().nth(part).unwrap()[index] += by;
                loss(&network)
            };
            let (up, down) = (moved(1e-2), moved(-2e-2));
            moved(1e-2);
            let (slope, gradient) = ((up - down) / 2e-2, gradient[index]);
            assert!(
                (slope - gradient).abs() < 0.02 + 0.05 * slope.abs(),
                "{part}: {slope} {gradient}"
            );
        }
    }

    #[test]
    fn the_target_follows() {
        let mut rng = ChaCha8Rng::seed_from_u64(2);
        let online = QNetwork::new(&[4], &mut rng);
        let mut target = QNetwork::new(&[4], &mut rng);
        target.follow(&online, 1.0);
        for (a, b) in target.parameters().flatten().zip(online.parameters().flatten()) {
            assert!((a - b).abs() < 1e-6);
        }
    }
}
