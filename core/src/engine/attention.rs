//! Multi-head attention (Vaswani 2017) with int8 projections and f32 scores.

use super::MAX_WIDTH;
use super::dense::Dense;
use super::float::softmax;
use super::weights::TOKENS;
use serde::{Deserialize, Serialize};

/// Columns of scores: the tokens, rounded up to whole registers.
pub(super) const COLUMNS: usize = TOKENS.next_multiple_of(8);

/// The four projections of an attention.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Attention<'a> {
    /// Of what asks.
    #[serde(borrow)]
    pub query: Dense<'a>,
    /// Of what is asked.
    pub key: Dense<'a>,
    /// Of what is asked; reads the same quantised rows as `key`.
    pub value: Dense<'a>,
    /// Of the mixture of values.
    pub output: Dense<'a>,
}

impl Attention<'_> {
    pub(super) fn is(&self, width: usize) -> bool {
        let layers = [&self.query, &self.key, &self.value, &self.output];
        layers.iter().all(|l| l.is(width, width)) && self.key.scale == self.value.scale
    }
}

/// Keys of some tokens, number by number: scores of all tokens are then sums of whole rows.
pub(super) type Keys = [[f32; COLUMNS]; MAX_WIDTH];
/// Values of some tokens.
pub(super) type Values = [[f32; MAX_WIDTH]; COLUMNS];

/// Numbers whose sums stay in registers.
const AT_A_TIME: usize = 8;

/// The weighted sum of the values' numbers from `from` on.
#[cfg_attr(feature = "simd", inline(always))]
fn mix(weights: &[f32], values: &Values, from: usize, out: &mut [f32]) {
    for (block, out) in out.chunks_mut(AT_A_TIME).enumerate() {
        let mut sums = [0.0; AT_A_TIME];
        let from = from + AT_A_TIME * block;
        for (weight, values) in weights.iter().zip(values) {
            // The last block may reach beyond its head, and then beyond the row.
            if let Some(values) = values.get(from..).and_then(<[f32]>::first_chunk::<AT_A_TIME>) {
                sums.iter_mut().zip(values).for_each(|(sum, value)| *sum += weight * value);
            } else {
                let values = values.get(from..).unwrap_or_default();
                sums.iter_mut().zip(values).for_each(|(sum, value)| *sum += weight * value);
            }
        }
        out.iter_mut().zip(sums).for_each(|(out, sum)| *out = sum);
    }
}

/// How a row of `width` numbers is split into heads.
#[derive(Clone, Copy)]
pub(super) struct Heads {
    /// How many.
    pub(super) count: usize,
    /// Numbers of each.
    pub(super) width: usize,
}

impl Heads {
    /// The numbers of one head in a row.
    #[cfg_attr(feature = "simd", inline(always))]
    fn of<T>(self, row: &[T], head: usize) -> &[T] {
        row.get(head * self.width..(head + 1) * self.width).unwrap_or_default()
    }

    /// Scaled dot products of one head of `query` with all columns.
    #[cfg_attr(feature = "simd", inline(always))]
    pub(super) fn scores(self, query: &[f32], keys: &Keys, head: usize) -> [f32; COLUMNS] {
        let scale = 1.0 / libm::sqrtf(self.width as f32);
        let (query, keys) = (self.of(query, head), self.of(keys, head));
        let mut scores = [0.0; COLUMNS];
        for (block, scores) in scores.as_chunks_mut::<AT_A_TIME>().0.iter_mut().enumerate() {
            for (q, keys) in query.iter().zip(keys) {
                let Some(keys) = keys.as_chunks::<AT_A_TIME>().0.get(block) else { continue };
                scores.iter_mut().zip(keys).for_each(|(score, key)| *score += q * key);
            }
            scores.iter_mut().for_each(|score| *score *= scale);
        }
        scores
    }

    /// What each head of `query` finds among the first `columns` tokens, into `out`.
    #[cfg_attr(feature = "simd", inline(always))]
    pub(super) fn attend(
        self,
        query: &[f32],
        keys: &Keys,
        values: &Values,
        columns: usize,
        out: &mut [f32],
    ) {
        for (head, out) in (0..self.count).zip(out.chunks_exact_mut(self.width.max(1))) {
            let mut scores = self.scores(query, keys, head);
            let weights = scores.get_mut(..columns).unwrap_or_default();
            softmax(weights);
            mix(weights, values, head * self.width, out);
        }
    }
}
