//! Dense layers: u8 activations by s8 weights, exact in i32.

use super::float::{Floats, first, quantise};
use super::shape::MAX_INNER;
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
    pub(super) fn has_shape(&self, inputs: usize, outputs: usize) -> bool {
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
            && self.factors.has_len(outputs)
            && self.bias.has_len(outputs)
    }

    /// Quantises the rows of `x`, `inputs` numbers each, into `out`, a stride each.
    #[cfg_attr(feature = "simd", inline(always))]
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
    ///
    /// Four outputs at a time, so that their sums stay in the registers of a small machine.
    pub fn sums(&self, row: &[u8], sums: &mut [i32]) {
        let mut centred = [0i16; MAX_INNER];
        for (to, x) in centred.iter_mut().zip(row) {
            *to = i16::from(*x) - i16::from(ZERO_POINT);
        }
        let inputs = first(&mut centred, row.len()).as_chunks::<4>().0;
        let weights = self.weights.as_chunks::<4>().0;
        let width = sums.len().max(1);
        let (blocks, rest) = sums.as_chunks_mut::<4>();
        let from = 4 * blocks.len();
        for (block, sums) in blocks.iter_mut().enumerate() {
            *sums = [0; 4];
            for (x, weights) in inputs.iter().zip(weights.chunks_exact(width)) {
                let Some(weights) = weights.as_chunks::<4>().0.get(block) else { continue };
                let [p, q, r, s] = *sums;
                let [a, b, c, d] = weights.map(|weights| product(*x, weights));
                *sums = [p + a, q + b, r + c, s + d];
            }
        }
        rest.fill(0);
        for (x, weights) in inputs.iter().zip(weights.chunks_exact(width)) {
            for (sum, weights) in rest.iter_mut().zip(weights.iter().skip(from)) {
                *sum += product(*x, *weights);
            }
        }
    }

    /// Runs the layer over quantised rows, a stride each, into `out`, `outputs` numbers a row.
    pub(super) fn apply_portably(&self, rows: &[u8], out: &mut [f32]) {
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

/// The sum of four products.
fn product(x: [i16; 4], weights: [u8; 4]) -> i32 {
    let [a, b, c, d] = x.map(i32::from);
    let [p, q, r, s] = weights.map(|w| i32::from(w as i8));
    (a * p + b * q) + (c * r + d * s)
}

#[cfg(all(test, feature = "simd", target_arch = "x86_64"))]
mod tests {
    use super::super::Instructions;
    use super::*;
    use proptest::prelude::*;

    /// Holds every path to the portable one, on `rows` rows; `bytes` become weights and inputs.
    fn all_paths_agree(inputs: usize, outputs: usize, rows: usize, bytes: [&[u8]; 2]) {
        let stride = inputs.next_multiple_of(4);
        let [weights, rows] = [(bytes[0], outputs), (bytes[1], rows)]
            .map(|(bytes, count)| bytes.iter().copied().cycle().take(stride * count))
            .map(|bytes| bytes.collect::<Vec<u8>>());
        let floats = |size: f32| -> Vec<u8> {
            (0..outputs).flat_map(|k| (size * k as f32).to_le_bytes()).collect()
        };
        let (factors, bias) = (floats(1e-3), floats(0.7));
        let layer = Dense {
            inputs: inputs as u16,
            outputs: outputs as u16,
            scale: 1.0,
            weights: &weights,
            factors: Floats(&factors),
            bias: Floats(&bias),
        };
        let count = rows.len() / stride * outputs;
        let mut slow = vec![0.0; count];
        layer.apply_portably(&rows, &mut slow);
        for instructions in Instructions::all() {
            let mut fast = vec![0.0; count];
            instructions.apply(&layer, &rows, &mut fast);
            let same = fast.iter().zip(&slow).all(|(a, b)| a.to_bits() == b.to_bits());
            assert!(same, "{instructions}");
        }
    }

    proptest! {
        /// Every path gives the same bits.
        #[test]
        fn simd_is_portable_to_the_bit(
            inputs in 1usize..=MAX_INNER,
            outputs in 1usize..=MAX_INNER,
            rows in 1usize..12,
            bytes in proptest::collection::vec(any::<u8>(), 4096),
        ) {
            all_paths_agree(inputs, outputs, rows, [&bytes, &bytes]);
        }
    }

    #[test]
    fn no_path_saturates() {
        for weight in [0x80, 0x7F] {
            for input in [0, 255] {
                all_paths_agree(MAX_INNER, 17, 3, [&[weight], &[input]]);
            }
        }
    }
}
