//! Multi-head attention (Vaswani 2017) with int8 projections and f32 scores.

use super::dense::Dense;
use super::float::{computed, softmax};
use super::shape::{MAX_WIDTH, TOKENS};
use serde::{Deserialize, Serialize};

/// Columns of scores: the tokens, rounded up to whole registers.
pub(super) const COLUMNS: usize = TOKENS.next_multiple_of(AT_A_TIME);

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
    pub(super) fn has_width(&self, width: usize) -> bool {
        let layers = [&self.query, &self.key, &self.value, &self.output];
        layers.iter().all(|l| l.has_shape(width, width)) && self.key.scale == self.value.scale
    }
}

/// Keys of some tokens, number by number: scores of all tokens are then sums of whole rows.
pub(super) type Keys = [[f32; COLUMNS]; MAX_WIDTH];
/// Values of some tokens.
pub(super) type Values = [[f32; MAX_WIDTH]; COLUMNS];

/// Numbers whose sums stay in registers: those of a small machine are few.
const AT_A_TIME: usize = 8;
/// Blocks of scores whose sums stay in registers.
const BLOCKS: usize = if cfg!(feature = "simd") { COLUMNS / AT_A_TIME } else { 1 };
/// Queries that are mixed together: sums of one alone wait for each other where registers are wide.
const QUERIES: usize = if cfg!(feature = "simd") { 4 } else { 1 };

/// The weighted sums of the values' numbers from `from` on, for each of the queries.
#[cfg_attr(feature = "simd", inline(always))]
fn mix(
    weights: &[[f32; COLUMNS]; QUERIES],
    values: &Values,
    from: usize,
) -> [[f32; AT_A_TIME]; QUERIES] {
    let mut sums = [[0.0; AT_A_TIME]; QUERIES];
    for (column, values) in values.iter().take(TOKENS).enumerate() {
        // The last block may reach beyond its head, and then beyond the row.
        let rest = values.get(from..).unwrap_or_default();
        let mut padded = [0.0; AT_A_TIME];
        let values = rest.first_chunk().unwrap_or_else(|| {
            padded.iter_mut().zip(rest).for_each(|(to, value)| *to = *value);
            &padded
        });
        for (sums, weights) in sums.iter_mut().zip(weights) {
            let weight = weights.get(column).copied().unwrap_or(0.0);
            sums.iter_mut().zip(values).for_each(|(sum, value)| *sum += weight * value);
        }
    }
    sums
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

    /// Scaled dot products of one head of `query` with the first `N` columns.
    #[cfg_attr(feature = "simd", inline(always))]
    pub(super) fn scores<const N: usize>(
        self,
        query: &[f32],
        keys: &Keys,
        head: usize,
    ) -> [f32; N] {
        let scale = 1.0 / libm::sqrtf(self.width as f32);
        let (query, keys) = (self.of(query, head), self.of(keys, head));
        let mut scores = [0.0; N];
        let blocks = scores.as_chunks_mut::<AT_A_TIME>().0;
        for (index, blocks) in blocks.chunks_mut(BLOCKS).enumerate() {
            for (q, keys) in query.iter().zip(keys) {
                let keys = keys.as_chunks::<AT_A_TIME>().0.iter().skip(index * BLOCKS);
                for (scores, keys) in blocks.iter_mut().zip(keys) {
                    scores.iter_mut().zip(keys).for_each(|(score, key)| *score += q * key);
                }
            }
        }
        scores.iter_mut().for_each(|score| *score *= scale);
        scores
    }

    /// What each head of each of the `queries`, a row each, finds among the tokens, into `out`.
    #[cfg_attr(feature = "simd", inline(always))]
    pub(super) fn attend(self, queries: &[f32], keys: &Keys, values: &Values, out: &mut [f32]) {
        let row = (self.count * self.width).max(1);
        for (queries, out) in queries.chunks(row * QUERIES).zip(out.chunks_mut(row * QUERIES)) {
            for head in 0..self.count {
                let mut weights = [[0.0; COLUMNS]; QUERIES];
                for (query, weights) in queries.chunks_exact(row).zip(&mut weights) {
                    *weights = self.scores(query, keys, head);
                }
                let scores = computed(weights.as_flattened_mut(), TOKENS);
                softmax(scores, scores.len() / QUERIES, TOKENS);
                for from in (head * self.width..(head + 1) * self.width).step_by(AT_A_TIME) {
                    let until = (from + AT_A_TIME).min((head + 1) * self.width);
                    let sums = mix(&weights, values, from);
                    for (out, sums) in out.chunks_exact_mut(row).zip(&sums) {
                        let out = out.get_mut(from..until).unwrap_or_default();
                        out.iter_mut().zip(sums).for_each(|(out, sum)| *out = *sum);
                    }
                }
            }
        }
    }
}
