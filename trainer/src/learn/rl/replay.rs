//! Prioritized experience replay (Schaul et al. 2016, arXiv:1511.05952) with n-step returns
//! (Sutton & Barto 2018, chapter 7).

use rand_chacha::ChaCha8Rng;
use rand_core::Rng;
use scaleiq_core::policy::{ACTIONS, Observation};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Added to every surprise, so that nothing is forgotten for good.
const MIN_SURPRISE: f32 = 1e-3;

/// A decision, what followed, and where it led.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Transition {
    /// Where the decision was made.
    pub state: Observation,
    /// What was chosen.
    pub action: u8,
    /// Discounted sum of the rewards until `next`.
    pub reward: f32,
    /// The state some decisions later.
    pub next: Observation,
    /// Worth of a reward in `next` as seen from `state`.
    pub discount: f32,
    /// How much more each action turned out to be worth in `state` than leaving the plan as it is.
    pub advantages: [f32; ACTIONS],
}

/// Sums of priorities over halves of halves: drawing and updating take O(log n).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SumTree {
    /// Node 1 is the root, the children of k are 2k and 2k+1, leaves fill the upper half.
    nodes: Vec<f64>,
}

impl SumTree {
    /// A tree of zeros for at least `capacity` leaves.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self { nodes: vec![0.0; 2 * capacity.next_power_of_two()] }
    }

    fn leaves(&self) -> usize {
        self.nodes.len() / 2
    }

    /// The sum of all leaves.
    #[must_use]
    pub fn total(&self) -> f64 {
        self.nodes[1]
    }

    /// A leaf's value.
    #[must_use]
    pub fn get(&self, leaf: usize) -> f64 {
        self.nodes[self.leaves() + leaf]
    }

    /// Sets a leaf. Parents are summed anew, so errors never pile up.
    pub fn set(&mut self, leaf: usize, value: f64) {
        let mut node = self.leaves() + leaf;
        self.nodes[node] = value;
        while node > 1 {
            node /= 2;
            self.nodes[node] = self.nodes[2 * node] + self.nodes[2 * node + 1];
        }
    }

    /// The leaf in which `mass` (0..total) falls when leaves are laid end to end.
    #[must_use]
    pub fn find(&self, mut mass: f64) -> usize {
        let mut node = 1;
        while node < self.leaves() {
            node *= 2;
            // An empty right half is never entered, whatever rounding did to `mass`.
            if mass >= self.nodes[node] && self.nodes[node + 1] > 0.0 {
                mass -= self.nodes[node];
                node += 1;
            }
        }
        node - self.leaves()
    }
}

/// What was drawn from the memory.
#[derive(Clone, Debug, Default)]
pub struct Draw {
    /// Places in the memory, for [`PrioritizedReplay::learned`].
    pub indices: Vec<usize>,
    /// The transitions.
    pub transitions: Vec<Transition>,
    /// Importance weights, the largest 1.
    pub weights: Vec<f32>,
}

/// A bounded memory from which surprising transitions are drawn more often.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PrioritizedReplay {
    capacity: usize,
    alpha: f32,
    transitions: Vec<Transition>,
    /// Where the next one goes once the memory is full.
    oldest: usize,
    highest: f64,
    tree: SumTree,
}

impl PrioritizedReplay {
    /// An empty memory; `alpha` is how strongly surprises are preferred.
    #[must_use]
    pub fn new(capacity: usize, alpha: f32) -> Self {
        let capacity = capacity.max(1);
        let tree = SumTree::new(capacity);
        Self { capacity, alpha, transitions: Vec::new(), oldest: 0, highest: 1.0, tree }
    }

    /// Transitions remembered.
    #[must_use]
    pub fn len(&self) -> usize {
        self.transitions.len()
    }

    /// Whether nothing is remembered yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.transitions.is_empty()
    }

    /// Up to `n` of the states remembered, spread evenly over the memory.
    #[must_use]
    pub fn states(&self, n: usize) -> Vec<Observation> {
        let step = (self.len() / n.max(1)).max(1);
        self.transitions.iter().step_by(step).take(n).map(|t| t.state).collect()
    }

    /// Remembers a transition with the highest priority; a full memory forgets its oldest.
    pub fn push(&mut self, transition: Transition) {
        let index = if self.len() < self.capacity {
            self.transitions.push(transition);
            self.len() - 1
        } else {
            let index = self.oldest;
            self.transitions[index] = transition;
            self.oldest = (self.oldest + 1) % self.capacity;
            index
        };
        self.tree.set(index, self.highest);
    }

    /// Draws `n` transitions, one from each n-th of the total priority. `beta` is how far the
    /// preference is corrected (1: fully).
    ///
    /// # Panics
    /// If nothing is remembered.
    #[must_use]
    pub fn draw(&self, n: usize, beta: f32, rng: &mut ChaCha8Rng) -> Draw {
        assert!(!self.is_empty(), "nothing to draw from");
        let total = self.tree.total();
        let mut draw = Draw::default();
        for k in 0..n {
            let unit = (rng.next_u64() >> 11) as f64 / (1u64 << 53) as f64;
            let index = self.tree.find(total * (k as f64 + unit) / n as f64);
            let probability = self.tree.get(index) / total;
            draw.indices.push(index);
            draw.transitions.push(self.transitions[index]);
            draw.weights.push((self.len() as f64 * probability).powf(f64::from(-beta)) as f32);
        }
        let largest = draw.weights.iter().copied().fold(f32::MIN_POSITIVE, f32::max);
        for weight in &mut draw.weights {
            *weight /= largest;
        }
        draw
    }

    /// Sets priorities from how wrong the network was.
    pub fn learned(&mut self, indices: &[usize], errors: &[f32]) {
        for (index, error) in indices.iter().zip(errors) {
            // A diverged network must not poison the sums.
            let surprise = if error.is_finite() { error.abs() } else { 1.0 };
            let priority = f64::from((surprise + MIN_SURPRISE).powf(self.alpha));
            self.highest = self.highest.max(priority);
            self.tree.set(*index, priority);
        }
    }
}

/// Sums rewards over `n` decisions before a transition is remembered.
#[derive(Clone, Debug)]
pub struct NStep {
    n: usize,
    gamma: f32,
    pending: VecDeque<Decided>,
}

/// A decision whose transition is not complete.
#[derive(Clone, Copy, Debug)]
struct Decided {
    state: Observation,
    action: u8,
    advantages: [f32; ACTIONS],
    reward: f32,
}

impl NStep {
    /// An empty window of `n` decisions.
    #[must_use]
    pub fn new(n: usize, gamma: f32) -> Self {
        Self { n: n.max(1), gamma, pending: VecDeque::new() }
    }

    /// Adds to the reward of the last decision; ignored before the first.
    pub fn reward(&mut self, reward: f32) {
        if let Some(decided) = self.pending.back_mut() {
            decided.reward += reward;
        }
    }

    /// Arrives in `state`, and gives the transition that this completes.
    pub fn arrive(&mut self, state: &Observation) -> Option<Transition> {
        if self.pending.len() < self.n {
            return None;
        }
        let transition = self.sum(state);
        self.pending.pop_front();
        transition
    }

    /// Decides on `action` in `state`, where all of them turned out to have such `advantages`.
    pub fn decide(&mut self, state: &Observation, action: usize, advantages: [f32; ACTIONS]) {
        let action = action as u8;
        self.pending.push_back(Decided { state: *state, action, advantages, reward: 0.0 });
    }

    /// Ends in `state` (a cut, not a goal): gives what is left over shorter windows.
    pub fn finish(&mut self, state: &Observation) -> Vec<Transition> {
        let mut rest = Vec::new();
        while !self.pending.is_empty() {
            rest.extend(self.sum(state));
            self.pending.pop_front();
        }
        rest
    }

    fn sum(&self, next: &Observation) -> Option<Transition> {
        let Decided { state, action, advantages, .. } = *self.pending.front()?;
        let (mut reward, mut discount) = (0.0, 1.0);
        for decided in &self.pending {
            reward += discount * decided.reward;
            discount *= self.gamma;
        }
        Some(Transition { state, action, reward, next: *next, discount, advantages })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_core::SeedableRng;
    use scaleiq_core::policy::OBSERVATION;

    fn state(x: f32) -> Observation {
        [x; OBSERVATION]
    }

    fn transition(x: f32) -> Transition {
        let (state, next, advantages) = (state(x), state(x + 1.0), [x; ACTIONS]);
        Transition { state, action: 1, reward: x, next, discount: 0.9, advantages }
    }

    #[test]
    fn every_node_is_the_sum_of_its_children() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        for capacity in [1usize, 2, 3, 7, 8, 100] {
            let mut tree = SumTree::new(capacity);
            let mut values = vec![0.0; capacity];
            for _ in 0..500 {
                let leaf = rng.next_u32() as usize % capacity;
                values[leaf] = f64::from(rng.next_u32() % 1000) / 10.0;
                tree.set(leaf, values[leaf]);
            }
            for node in 1..tree.leaves() {
                assert_eq!(tree.nodes[node], tree.nodes[2 * node] + tree.nodes[2 * node + 1]);
            }
            assert!((tree.total() - values.iter().sum::<f64>()).abs() < 1e-9);
            // Finding agrees with a linear scan.
            for _ in 0..200 {
                let mass = tree.total() * f64::from(rng.next_u32() >> 1) / f64::from(u32::MAX);
                let mut sum = 0.0;
                let scan = values.iter().position(|v| {
                    sum += v;
                    mass < sum - 1e-9
                });
                if let Some(scan) = scan {
                    let found = tree.find(mass);
                    assert!(
                        found == scan || (values[..found].iter().sum::<f64>() - mass).abs() < 1e-6
                    );
                }
            }
            assert!(tree.find(tree.total() * 2.0) < tree.leaves());
        }
    }

    #[test]
    fn draws_are_proportional_and_weights_undo_it() {
        let mut replay = PrioritizedReplay::new(8, 1.0);
        for k in 0..4 {
            replay.push(transition(k as f32));
        }
        replay.learned(&[0, 1, 2, 3], &[0.999, 1.999, 2.999, 3.999]);
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        let mut counts = [0.0; 4];
        let rounds = 4000;
        for _ in 0..rounds {
            let draw = replay.draw(3, 1.0, &mut rng);
            for index in draw.indices {
                counts[index] += 1.0 / f64::from(3 * rounds);
            }
        }
        for (k, share) in counts.iter().enumerate() {
            assert!((share - (k + 1) as f64 / 10.0).abs() < 0.015, "{k}: {share}");
        }
        let draw = replay.draw(64, 1.0, &mut rng);
        for (index, weight) in draw.indices.iter().zip(&draw.weights) {
            assert!((weight - 1.0 / (index + 1) as f32).abs() < 1e-3);
        }
        let flat = replay.draw(8, 0.0, &mut rng);
        assert!(flat.weights.iter().all(|w| *w == 1.0));
    }

    #[test]
    fn the_oldest_is_forgotten() {
        let mut replay = PrioritizedReplay::new(3, 0.6);
        for k in 0..5 {
            replay.push(transition(k as f32));
        }
        let kept: Vec<f32> = replay.transitions.iter().map(|t| t.reward).collect();
        assert_eq!((replay.len(), kept), (3, vec![3.0, 4.0, 2.0]));
    }

    #[test]
    fn n_steps_are_summed_as_by_hand() {
        let mut window = NStep::new(3, 0.5);
        let mut out = Vec::new();
        for k in 0..4 {
            out.extend(window.arrive(&state(k as f32)));
            window.decide(&state(k as f32), k, [k as f32; ACTIONS]);
            window.reward(1.0);
            window.reward(k as f32);
        }
        // 1 + 2/2 + 3/4 = 2.75 from state 0 to state 3.
        assert_eq!(out.len(), 1);
        assert_eq!((out[0].reward, out[0].discount, out[0].next), (2.75, 0.125, state(3.0)));
        assert_eq!((out[0].action, out[0].advantages), (0, [0.0; ACTIONS]));
        let rest = window.finish(&state(9.0));
        let rewards: Vec<(f32, f32)> = rest.iter().map(|t| (t.reward, t.discount)).collect();
        assert_eq!(rewards, [(4.5, 0.125), (5.0, 0.25), (4.0, 0.5)]);
        assert!(rest.iter().all(|t| t.next == state(9.0)));
    }
}
