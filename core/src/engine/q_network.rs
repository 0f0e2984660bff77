//! The dueling Q-network (Wang 2016) in int8.

use super::dense::{Dense, ZERO_POINT};
use super::float::{self, sum};
use super::instructions::Instructions;
use super::part::Part;
use super::shape::{MAX_INNER, MAX_LAYERS};
use crate::policy::{ACTIONS, OBSERVATION, ValueModel};
use core::convert::Infallible;
use heapless::Vec;
use serde::{Deserialize, Serialize};

/// The Q-network's weights, where they lie. A ReLU stands between any two layers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct QNetworkPack<'a> {
    /// Layers that both streams share.
    #[serde(borrow)]
    pub trunk: Vec<Dense<'a>, MAX_LAYERS>,
    /// Layers of the value stream.
    pub value: Vec<Dense<'a>, MAX_LAYERS>,
    /// By how much an action must be worth more than leaving the plan as it is, to be taken.
    pub min_advantage: f32,
    /// Layers of the advantage stream.
    pub advantage: Vec<Dense<'a>, MAX_LAYERS>,
}

impl QNetworkPack<'_> {
    /// Checks every size, length and number.
    ///
    /// # Errors
    /// Names the part that is not sound.
    pub(super) fn check(&self) -> Result<(), Part> {
        let after = |layers: &[Dense], mut width: usize| {
            for layer in layers {
                let next = usize::from(layer.outputs);
                if !layer.has_shape(width, next) {
                    return None;
                }
                width = next;
            }
            Some(width)
        };
        let trunk = after(&self.trunk, OBSERVATION).ok_or(Part::QNetwork)?;
        let ends = [after(&self.value, trunk), after(&self.advantage, trunk)];
        let has_layers = !self.value.is_empty() && !self.advantage.is_empty();
        let sound = has_layers && !self.min_advantage.is_nan() && ends == [Some(1), Some(ACTIONS)];
        if sound { Ok(()) } else { Err(Part::QNetwork) }
    }
}

/// The Q-network over a pack: a [`ValueModel`] without an allocator.
#[derive(Clone, Debug)]
pub struct NativeQNetwork<'a> {
    pack: QNetworkPack<'a>,
    on: Instructions,
}

impl<'a> NativeQNetwork<'a> {
    pub(super) fn new(pack: QNetworkPack<'a>) -> Self {
        Self { pack, on: Instructions::best() }
    }

    /// The same on other instructions: for tests and benchmarks.
    #[must_use]
    pub fn on(self, instructions: Instructions) -> Self {
        Self { on: instructions, ..self }
    }
}

impl ValueModel for NativeQNetwork<'_> {
    type Error = Infallible;

    fn values(&mut self, observation: &[f32; OBSERVATION]) -> Result<[f32; ACTIONS], Infallible> {
        let mut x = [0.0; MAX_INNER];
        x.iter_mut().zip(observation).for_each(|(x, number)| *x = *number);
        run(self.on, &self.pack.trunk, &mut x);
        if !self.pack.trunk.is_empty() {
            relu(&mut x);
        }
        let mut value = x;
        run(self.on, &self.pack.value, &mut value);
        let mut advantage = x;
        run(self.on, &self.pack.advantage, &mut advantage);
        let advantages = advantage.first_chunk::<ACTIONS>().copied().unwrap_or_default();
        let mean = sum(&advantages) / ACTIONS as f32;
        let [value, ..] = value;
        Ok(advantages.map(|a| (a - mean) + value))
    }
}

/// Runs `layers` over the numbers in front of `x`, in place.
fn run(on: Instructions, layers: &[Dense], x: &mut [f32; MAX_INNER]) {
    let mut bytes = [ZERO_POINT; MAX_INNER];
    for (index, layer) in layers.iter().enumerate() {
        if index > 0 {
            relu(x);
        }
        let row = float::first(&mut bytes, layer.stride());
        layer.quantise(float::first(x, usize::from(layer.inputs)), row);
        on.apply(layer, row, float::first(x, usize::from(layer.outputs)));
    }
}

fn relu(x: &mut [f32; MAX_INNER]) {
    x.iter_mut().for_each(|x| *x = float::greater(*x, 0.0));
}
