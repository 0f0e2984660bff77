//! The seasonal copy attention.

use super::super::float::{computed, first, softmax, sum};
use super::super::probe::{Probe, Site};
use super::{ROWS, Run, rows_at_a_time, scatter};
use crate::forecast::{ModelInput, SLOT_CONTEXT, SLOT_WIDTH, SLOTS, STEPS};

/// Added to the score of a season that is not remembered.
const MASKED: f32 = -1e4;

impl<P: Probe> Run<'_, P> {
    /// What followed the same moment in past seasons, weighed. `tokens` begin with the seasons'; the
    /// quantised rows are those of the states.
    #[cfg_attr(feature = "simd", inline(always))]
    pub(super) fn copied(&mut self, input: &ModelInput, tokens: &[f32]) -> [f32; STEPS] {
        let (pack, width, heads) = (self.pack, self.width.get(), self.pack.split());
        let seasons = tokens.get(..SLOTS * width).unwrap_or_default();
        for (index, seasons) in seasons.chunks(rows_at_a_time(self.width)).enumerate() {
            let keys = first(&mut self.narrow, seasons.len());
            self.bench.layer(&pack.copy_key, Site::SeasonTokens, index * ROWS, seasons, keys);
            for (column, key) in (index * ROWS..).zip(keys.chunks_exact(width)) {
                scatter(key, &mut self.keys, column);
            }
        }
        let forgotten = across(input, SLOT_WIDTH - 1).map(|known| (known - 1.0) * -MASKED);
        let mut copied = [0.0; STEPS];
        let rows = self.rows.chunks(rows_at_a_time(self.width));
        for (index, (rows, copied)) in rows.zip(copied.chunks_mut(ROWS)).enumerate() {
            let queries = first(&mut self.narrow, rows.len());
            self.bench.on.apply(&pack.copy_query, rows, queries);
            let steps = (index * ROWS..).zip(queries.chunks_exact(width)).zip(copied);
            for ((step, query), copied) in steps {
                let followed = across(input, SLOT_CONTEXT + step);
                for (head, gain) in pack.copy_gain.iter().enumerate() {
                    let null = pack.null_scores.and_then(|scores| scores.iter().nth(head));
                    let found = heads.scores(query, &self.keys, head);
                    *copied += gain * weighed(&found, &forgotten, null, &followed);
                }
            }
        }
        copied
    }
}

/// A number for each season and for "no season", rounded up to whole registers.
type PerSeason = [f32; (SLOTS + 1).next_multiple_of(16)];

/// The number `at` of each season.
#[cfg_attr(feature = "simd", inline(always))]
fn across(input: &ModelInput, at: usize) -> PerSeason {
    let mut numbers = PerSeason::default();
    for (number, season) in numbers.iter_mut().zip(&input.seasons) {
        *number = season.get(at).copied().unwrap_or(0.0);
    }
    numbers
}

/// What one head copies: the changes that `followed` the seasons, by their weights.
#[cfg_attr(feature = "simd", inline(always))]
fn weighed(
    found: &PerSeason,
    forgotten: &PerSeason,
    null: Option<f32>,
    followed: &PerSeason,
) -> f32 {
    let mut scores = PerSeason::default();
    for ((score, found), forgotten) in scores.iter_mut().zip(found).zip(forgotten) {
        *score = found + forgotten;
    }
    // "No season" takes part only where the network has it.
    let mut count = SLOTS;
    if let (Some(null), Some(score)) = (null, scores.get_mut(SLOTS)) {
        *score = null;
        count = SLOTS + 1;
    }
    let weights = computed(&mut scores, count);
    softmax(weights, weights.len(), count);
    weights.iter_mut().zip(followed).for_each(|(weight, change)| *weight *= change);
    sum(computed(&mut scores, SLOTS))
}
