//! One step of double DQN (van Hasselt 2016, arXiv:1509.06461; Mnih 2015), which learns as well by how much
//! actions differ where all of them were tried.

use super::replay::{Draw, Transition};
use crate::model::q_network::{DeviceNetwork, NetworkNoise, QNetwork, best_action, numbers};
use crate::runtime::device::is_cpu;
use crate::runtime::threads::{both, for_each_four, in_parallel, on_all};
use burn::tensor::{Device, Tensor, TensorData};
use rand_chacha::ChaCha8Rng;
use scaleiq_core::policy::{ACTIONS, NEUTRAL, Observation};
use serde::{Deserialize, Serialize};

/// Decay of Adam's first and second moment, and what is added to the root of the second.
const BETA_1: f32 = 0.9;
const BETA_2: f32 = 0.999;
const EPSILON: f32 = 1.5e-4;

/// Settings of a step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StepSettings {
    /// Learning rate of Adam.
    pub learning_rate: f32,
    /// Share of the online network mixed into the target network.
    pub tau: f32,
    /// Errors beyond this count linearly (Huber 1964).
    pub huber: f32,
    /// The global norm that gradients are scaled down to.
    pub gradient_clip: f32,
}

/// Adam (Kingma & Ba 2015) over plain numbers: the network lives on the host.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Adam {
    steps: i32,
    moments: Vec<(Vec<f32>, Vec<f32>)>,
}

impl Adam {
    fn step(&mut self, network: &mut QNetwork, gradients: &mut [Vec<f32>], rate: f32, scale: f32) {
        if self.moments.is_empty() {
            self.moments =
                gradients.iter().map(|g| (vec![0.0; g.len()], vec![0.0; g.len()])).collect();
        }
        self.steps += 1;
        let correct_1 = 1.0 / (1.0 - BETA_1.powi(self.steps));
        let correct_2 = 1.0 / (1.0 - BETA_2.powi(self.steps));
        let parts = network.parameters_mut().zip(gradients).zip(&mut self.moments);
        let mut parts: Vec<_> = parts.collect();
        on_all(&mut parts, |((parameters, gradients), (first, second))| {
            for_each_four([parameters, gradients, first, second], |p, g, m, v| {
                let g = *g * scale;
                *m += (1.0 - BETA_1) * (g - *m);
                *v += (1.0 - BETA_2) * (g * g - *v);
                *p -= rate * (*m * correct_1) / ((*v * correct_2).sqrt() + EPSILON);
            });
        });
    }
}

/// What a step found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Learned {
    /// Weighted Huber loss.
    pub loss: f32,
    /// Mean value of the actions taken.
    pub mean_q: f32,
    /// Temporal-difference error of each transition.
    pub errors: Vec<f32>,
}

/// The online network, its slow copy, and the optimizer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Learner {
    online: QNetwork,
    target: QNetwork,
    adam: Adam,
}

impl Learner {
    /// An untrained pair.
    #[must_use]
    pub fn new(hidden: &[usize], rng: &mut ChaCha8Rng) -> Self {
        let online = QNetwork::new(hidden, rng);
        Self { target: online.clone(), online, adam: Adam::default() }
    }

    /// The network that learns.
    #[must_use]
    pub fn online(&self) -> &QNetwork {
        &self.online
    }

    /// Learns from a batch. `device` differentiates.
    pub fn step(
        &mut self,
        draw: &Draw,
        settings: &StepSettings,
        device: &Device,
        rng: &mut ChaCha8Rng,
    ) -> Learned {
        let targets = self.targets(&draw.transitions, &device.clone().inner(), rng);
        let online = &self.online;
        let noise = online.draw_noise(rng);
        let learns = online.on(device, Some(&noise));
        let descent_of = |part: &Part<'_>| descent(part, &learns.apart(), settings);
        let parts = parts(draw, &targets, device);
        let mut descents = in_parallel(&parts, descent_of).into_iter();
        let mut all = descents.next().unwrap_or_default();
        descents.for_each(|descent| all.add(descent));
        let Descent { learned, gradients } = all;
        let mut gradients = online.gradients(gradients, &noise);
        let norm = norm(&gradients);
        // A step that is not finite is left out: one bad batch must not end a run.
        if norm.is_finite() {
            let scale =
                if norm > settings.gradient_clip { settings.gradient_clip / norm } else { 1.0 };
            self.adam.step(&mut self.online, &mut gradients, settings.learning_rate, scale);
        }
        self.target.follow(&self.online, settings.tau);
        learned
    }

    /// reward + discount * target's value of the action that the online network prefers.
    fn targets(
        &self,
        transitions: &[Transition],
        plain: &Device,
        rng: &mut ChaCha8Rng,
    ) -> Vec<f32> {
        let next: Vec<Observation> = transitions.iter().map(|t| t.next).collect();
        let noises = [self.online.draw_noise(rng), self.target.draw_noise(rng)];
        let values =
            |network: &QNetwork, noise: &NetworkNoise| network.on(plain, Some(noise)).values(&next);
        let (online, target) =
            both(|| values(&self.online, &noises[0]), || values(&self.target, &noises[1]));
        let best = online.iter().zip(&target).map(|(o, t)| t[best_action(o)]);
        transitions.iter().zip(best).map(|(t, best)| t.reward + t.discount * best).collect()
    }
}

/// Those of a batch that are computed at once.
struct Part<'a> {
    transitions: &'a [Transition],
    targets: &'a [f32],
    weights: &'a [f32],
    /// How many the batch has.
    of: usize,
}

/// Parts of a batch on the CPU: its threads compute one each, which beats all of them computing each operation.
const PARTS: usize = 2;

fn parts<'a>(draw: &'a Draw, targets: &'a [f32], device: &Device) -> Vec<Part<'a>> {
    let of = draw.transitions.len();
    let size = if is_cpu(device) { of.div_ceil(PARTS) } else { of }.max(1);
    let pieces = draw.transitions.chunks(size).zip(targets.chunks(size));
    let pieces = pieces.zip(draw.weights.chunks(size));
    let part = |((transitions, targets), weights)| Part { transitions, targets, weights, of };
    pieces.map(part).collect()
}

/// What a part of a batch adds to its loss, and its gradients of the effective weights.
#[derive(Default)]
struct Descent {
    learned: Learned,
    gradients: Vec<Vec<f32>>,
}

impl Descent {
    fn add(&mut self, other: Self) {
        self.learned.loss += other.learned.loss;
        self.learned.mean_q += other.learned.mean_q;
        self.learned.errors.extend(other.learned.errors);
        for (sums, gradients) in self.gradients.iter_mut().zip(other.gradients) {
            sums.iter_mut().zip(gradients).for_each(|(sum, gradient)| *sum += gradient);
        }
    }
}

fn descent(part: &Part<'_>, placed: &DeviceNetwork, settings: &StepSettings) -> Descent {
    let Part { transitions, targets, weights, of } = part;
    let count = transitions.len();
    let device = placed.device();
    let states: Vec<Observation> = transitions.iter().map(|t| t.state).collect();
    let table = |row: &dyn Fn(&Transition) -> [f32; ACTIONS]| {
        let rows: Vec<[f32; ACTIONS]> = transitions.iter().map(row).collect();
        let data = TensorData::new(rows.as_flattened().to_vec(), [count, ACTIONS]);
        Tensor::<2>::from_data(data, device)
    };
    let column = |numbers: &[f32]| {
        Tensor::<2>::from_data(TensorData::new(numbers.to_vec(), [count, 1]), device)
    };
    let all = placed.forward(placed.batch(&states));
    let values = (all.clone() * table(&|t| only(usize::from(t.action)))).sum_dim(1);
    let size = (values.clone() - column(targets)).abs();
    let near = size.clone().clamp_max(settings.huber);
    let far = (size - near.clone()).mul_scalar(settings.huber);
    let of_return = near.square().mul_scalar(0.5) + far;
    // Squares, since the mean is what counts: the tails of what an action brings are heavy.
    let plan = (all.clone() * table(&|_| only(NEUTRAL))).sum_dim(1);
    let of_advantages = (all - plan - table(&|t| t.advantages)).square().sum_dim(1).mul_scalar(0.5);
    let loss = ((of_return + of_advantages) * column(weights)).sum().div_scalar(*of as f32);
    let gradients = placed.gradients(loss.backward());
    let values = numbers(values.inner());
    let learned = Learned {
        loss: numbers(loss.inner()).first().copied().unwrap_or(f32::NAN),
        mean_q: values.iter().sum::<f32>() / *of as f32,
        errors: values.iter().zip(*targets).map(|(v, t)| v - t).collect(),
    };
    Descent { learned, gradients }
}

/// The root of the sum of squares of all numbers.
fn norm(gradients: &[Vec<f32>]) -> f32 {
    /// As many sums as fit into vector registers, so that they are taken at once.
    const LANES: usize = 16;
    let of_one = |numbers: &Vec<f32>| {
        let mut lanes = [0.0f64; LANES];
        for chunk in numbers.chunks(LANES) {
            lanes.iter_mut().zip(chunk).for_each(|(sum, g)| *sum += f64::from(*g) * f64::from(*g));
        }
        lanes.iter().sum::<f64>()
    };
    in_parallel(gradients, of_one).iter().sum::<f64>().sqrt() as f32
}

/// 1 for this action alone.
fn only(action: usize) -> [f32; ACTIONS] {
    std::array::from_fn(|k| if k == action { 1.0 } else { 0.0 })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::learn::rl::replay::PrioritizedReplay;
    use rand_core::SeedableRng;
    use scaleiq_core::policy::OBSERVATION;

    const SETTINGS: StepSettings =
        StepSettings { learning_rate: 2e-3, tau: 0.05, huber: 1.0, gradient_clip: 10.0 };

    fn state(which: usize) -> Observation {
        std::array::from_fn(|i| if i % 2 == which { 1.0 } else { 0.0 })
    }

    /// Two states: action 0 stays, any other goes across; only staying in 1 pays, 1 a step.
    fn toy() -> PrioritizedReplay {
        let mut replay = PrioritizedReplay::new(64, 0.6);
        for from in 0..2 {
            for action in 0..ACTIONS {
                let to = if action == 0 { from } else { 1 - from };
                let reward = if action == 0 && from == 1 { 1.0 } else { 0.0 };
                let (state, next) = (state(from), state(to));
                let action = action as u8;
                // What follows from the values below.
                let advantage = if from == 1 { 1.5 } else { -0.5 };
                let advantages = only(0).map(|staying| staying * advantage);
                replay.push(Transition { state, action, reward, next, discount: 0.5, advantages });
            }
        }
        replay
    }

    #[test]
    fn a_toy_world_is_solved_to_its_known_values() {
        let device = Device::flex().autodiff();
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let mut learner = Learner::new(&[16, 16], &mut rng);
        let mut replay = toy();
        let mut losses = Vec::new();
        for _ in 0..1500 {
            let draw = replay.draw(32, 1.0, &mut rng);
            let learned = learner.step(&draw, &SETTINGS, &device, &mut rng);
            replay.learned(&draw.indices, &learned.errors);
            losses.push(learned.loss);
        }
        let mean = |part: &[f32]| part.iter().sum::<f32>() / part.len() as f32;
        let (early, late) = (mean(&losses[..50]), mean(&losses[1450..]));
        assert!(late < 0.1 * early, "{early} -> {late}");
        let q = learner.online().on(&Device::flex(), None).values(&[state(0), state(1)]);
        // V(1) = 1 / (1 - 0.5) = 2, V(0) = 0.5 * V(1) = 1.
        for (got, known) in [(q[1][0], 2.0), (q[0][3], 1.0), (q[0][0], 0.5), (q[1][5], 0.5)] {
            assert!((got - known).abs() < 0.15, "{got} for {known}");
        }
        assert_eq!([best_action(&q[1]), usize::from(best_action(&q[0]) > 0)], [0, 1]);
        assert_eq!(OBSERVATION % 2, 0);
    }

    #[test]
    fn advantages_alone_tell_actions_apart() {
        let device = Device::flex().autodiff();
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let mut learner = Learner::new(&[16, 16], &mut rng);
        // Nothing is ever paid, and the plan alone is ever tried.
        let silent = |t: &Transition| Transition { action: NEUTRAL as u8, reward: 0.0, ..*t };
        for _ in 0..1000 {
            let mut draw = toy().draw(32, 1.0, &mut rng);
            draw.transitions = draw.transitions.iter().map(silent).collect();
            learner.step(&draw, &SETTINGS, &device, &mut rng);
        }
        let q = learner.online().on(&Device::flex(), None).values(&[state(0), state(1)]);
        for (q, known) in q.iter().zip([-0.5, 1.5]) {
            let staying = q[0] - q[NEUTRAL];
            assert!((staying - known).abs() < 0.15, "{staying} for {known}");
        }
    }

    #[test]
    fn an_infinite_reward_changes_nothing() {
        let device = Device::flex().autodiff();
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let mut learner = Learner::new(&[4], &mut rng);
        let before = learner.online().clone();
        let mut draw = toy().draw(4, 1.0, &mut rng);
        draw.transitions[0].reward = f32::NAN;
        learner.step(&draw, &SETTINGS, &device, &mut rng);
        assert_eq!(learner.online(), &before);
    }
}
