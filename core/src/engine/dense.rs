//! Dense layers: u8 activations by s8 weights, exact in i32.

use super::MAX_INNER;
use super::float::{Floats, quantise};
use serde::{Deserialize, Serialize};

/// The u8 that stands for zero.
pub(super) const ZERO_POINT: u8 = 128;

/// A dense layer `y = (x W) factor + bias` over quantised rows.
///
/// A row of inputs takes [`Dense::stride`] bytes: inputs are read in fours, as SIMD units do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Dense<'a> {
    /// Numbers taken.
    pub inputs: u16,
    /// Numbers given.
    pub outputs: u16,
    /// What one step of a quantised input is worth: a power of two.
    pub scale: f32,
    /// s8, `[inputs / 4, rounded up][outputs][4]`; zero beyond the last input.
    #[serde(borrow)]
    pub weights: &'a [u8],
    /// What a step of the sum is worth, one per output: `scale` times the weights' own.
    pub factors: Floats<'a>,
    /// One per output.
    pub bias: Floats<'a>,
}

impl Dense<'_> {
    /// Bytes of a quantised row: the inputs, rounded up to whole fours.
    #[must_use]
    pub fn stride(&self) -> usize {
        usize::from(self.inputs).next_multiple_of(4)
    }

    /// Whether this is a layer of that shape with sound numbers, which the engine can hold.
    pub(super) fn is(&self, inputs: usize, outputs: usize) -> bool {
        let exponent_only = self.scale.is_normal()
            && self.scale > 0.0
            && self.scale.to_bits() & ((1 << 23) - 1) == 0
            && (1.0 / self.scale).is_normal();
        usize::from(self.inputs) == inputs
            && usize::from(self.outputs) == outputs
            && (1..=MAX_INNER).contains(&inputs)
            && (1..=MAX_INNER).contains(&outputs)
            && exponent_only
            && self.weights.len() == self.stride() * outputs
            && self.factors.are(outputs)
            && self.bias.are(outputs)
    }

    /// Quantises the rows of `x`, `inputs` numbers each, into `out`, a stride each.
    pub(super) fn quantise(&self, x: &[f32], out: &mut [u8]) {
        let per_unit = 1.0 / self.scale;
        let rows = x.chunks_exact(usize::from(self.inputs).max(1));
        for (row, out) in rows.zip(out.chunks_exact_mut(self.stride().max(1))) {
            for (x, out) in row.iter().zip(&mut *out) {
                *out = quantise(*x, per_unit);
            }
            out.iter_mut().skip(row.len()).for_each(|padding| *padding = ZERO_POINT);
        }
    }

    /// The exact sums of one quantised row: `sums[o] = sum over i of (row[i] - 128) weight[i][o]`.
    pub fn sums(&self, row: &[u8], sums: &mut [i32]) {
        sums.fill(0);
        let fours = row.as_chunks::<4>().0;
        let weights = self.weights.as_chunks::<4>().0;
        for (four, weights) in fours.iter().zip(weights.chunks_exact(sums.len().max(1))) {
            let [a, b, c, d] = four.map(|x| i32::from(x) - i32::from(ZERO_POINT));
            for (sum, weights) in sums.iter_mut().zip(weights) {
                let [p, q, r, s] = weights.map(|w| i32::from(w as i8));
                *sum += (a * p + b * q) + (c * r + d * s);
            }
        }
    }

    /// Runs the layer over quantised rows, a stride each, into `out`, `outputs` numbers a row.
    pub(super) fn apply(&self, rows: &[u8], out: &mut [f32]) {
        let mut buffer = [0i32; MAX_INNER];
        let outputs = usize::from(self.outputs).max(1);
        let sums = buffer.get_mut(..outputs).unwrap_or_default();
        let rows = rows.chunks_exact(self.stride().max(1));
        for (row, out) in rows.zip(out.chunks_exact_mut(outputs)) {
            self.sums(row, sums);
            let scaled = sums.iter().zip(self.factors.iter()).zip(self.bias.iter());
            for (out, ((sum, factor), bias)) in out.iter_mut().zip(scaled) {
                *out = *sum as f32 * factor + bias;
            }
        }
    }
}
