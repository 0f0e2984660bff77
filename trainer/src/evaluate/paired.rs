//! Whether one forecaster is better than another, or was only lucky.
//!
//! Errors of neighbouring intervals go together, so blocks of time are compared, not intervals: the
//! total errors of both in each block, of which samples are drawn again and again (block bootstrap,
//! Künsch 1989). What is told is the ratio of their errors and the range in which it lies 95 times of 100.

use super::made::Made;
use super::test_series::TestSeries;
use rand_chacha::ChaCha8Rng;
use rand_core::{Rng as _, SeedableRng as _};
use scaleiq_core::forecast::STEPS;
use scaleiq_core::units::DAY_S;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Samples drawn.
const SAMPLES: usize = 2000;
/// Seed of the draws: the same errors always give the same range.
const SEED: u64 = 1;
/// Fewest blocks that say anything.
const FEWEST: usize = 8;
/// Blocks are of a day where there are as many, and else of six hours.
const DAYS: usize = 14;

/// The errors of one forecaster over another's.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ratio {
    /// Below 1 the first one is better.
    pub ratio: f64,
    /// The least that is likely.
    pub low: f64,
    /// The most.
    pub high: f64,
    /// Blocks of time compared.
    pub blocks: usize,
}

impl Ratio {
    /// Whether the first one is better, and not by chance.
    #[must_use]
    pub fn is_better(&self) -> bool {
        self.blocks >= FEWEST && self.high < 1.0
    }

    /// Whether the first one is worse, and not by chance.
    #[must_use]
    pub fn is_worse(&self) -> bool {
        self.blocks >= FEWEST && self.low > 1.0
    }
}

/// The absolute errors of `mine` over those of `other`, over steps 1 to `horizon` of the origins that
/// both forecast from. `None` if nothing is known there, or `other` made no error.
#[must_use]
pub fn ratio(series: &TestSeries, mine: &Made, other: &Made, horizon: usize) -> Option<Ratio> {
    let (mine, other) = (errors(series, mine, horizon), errors(series, other, horizon));
    let both: Vec<(i64, f64, f64)> = mine
        .iter()
        .filter_map(|(row, mine)| Some((series.rows[*row].end.0, *mine, *other.get(row)?)))
        .collect();
    let days = blocks(&both, i64::from(DAY_S));
    let blocks = if days.len() >= DAYS { days } else { blocks(&both, i64::from(DAY_S) / 4) };
    bootstrap(&blocks)
}

/// Total absolute errors by origin; an origin without a known truth has none.
fn errors(series: &TestSeries, made: &Made, horizon: usize) -> BTreeMap<usize, f64> {
    let mut sums = BTreeMap::new();
    for ahead in 1..=horizon.min(STEPS) {
        for (row, median) in made.medians(ahead) {
            let truth = series.rows.get(row + ahead).and_then(|row| row.arrivals_events);
            if let Some(truth) = truth {
                *sums.entry(row).or_default() += f64::from((median - truth).abs());
            }
        }
    }
    sums
}

fn blocks(both: &[(i64, f64, f64)], length_s: i64) -> Vec<(f64, f64)> {
    let mut blocks: BTreeMap<i64, (f64, f64)> = BTreeMap::new();
    for (time, mine, other) in both {
        let block = blocks.entry(time.div_euclid(length_s)).or_default();
        (block.0, block.1) = (block.0 + mine, block.1 + other);
    }
    blocks.into_values().collect()
}

fn bootstrap(blocks: &[(f64, f64)]) -> Option<Ratio> {
    let over = |(mine, other): (f64, f64)| (other > 0.0).then(|| mine / other);
    let sum = |a: (f64, f64), b: &(f64, f64)| (a.0 + b.0, a.1 + b.1);
    let ratio = over(blocks.iter().fold((0.0, 0.0), sum))?;
    let mut rng = ChaCha8Rng::seed_from_u64(SEED);
    let mut draw = || {
        let drawn = (0..blocks.len()).map(|_| &blocks[rng.next_u64() as usize % blocks.len()]);
        over(drawn.fold((0.0, 0.0), sum)).unwrap_or(ratio)
    };
    let mut ratios: Vec<f64> = (0..SAMPLES).map(|_| draw()).collect();
    ratios.sort_by(f64::total_cmp);
    let [low, high] = [SAMPLES / 40, SAMPLES - 1 - SAMPLES / 40].map(|place| ratios[place]);
    Some(Ratio { ratio, low, high, blocks: blocks.len() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blocks(count: usize, mine: impl Fn(usize) -> f64) -> Vec<(f64, f64)> {
        (0..count).map(|k| (mine(k), 100.0)).collect()
    }

    #[test]
    fn a_lead_everywhere_is_no_luck_and_one_great_day_is() {
        let lead = bootstrap(&blocks(20, |k| 90.0 + (k % 5) as f64)).unwrap();
        assert!(lead.is_better() && (lead.ratio - 0.92).abs() < 1e-9, "{lead:?}");
        let luck = bootstrap(&blocks(20, |k| if k == 7 { 1.0 } else { 102.0 })).unwrap();
        assert!(luck.ratio < 1.0 && !luck.is_better() && !luck.is_worse(), "{luck:?}");
        let behind = bootstrap(&blocks(20, |k| 108.0 + (k % 5) as f64)).unwrap();
        assert!(behind.is_worse(), "{behind:?}");
        assert!(!bootstrap(&blocks(3, |_| 50.0)).unwrap().is_better(), "three blocks say nothing");
    }

    #[test]
    fn equals_are_told_apart_about_once_in_twenty() {
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        let mut noise = move || (0..12).map(|_| (rng.next_u32() >> 16) as f64).sum::<f64>();
        let unlike = (0..400).filter(|_| {
            let blocks: Vec<_> = (0..30).map(|_| (noise(), noise())).collect();
            let ratio = bootstrap(&blocks).unwrap();
            ratio.is_better() || ratio.is_worse()
        });
        let unlike = unlike.count();
        assert!((8..40).contains(&unlike), "{unlike} of 400");
    }

    #[test]
    fn no_error_at_all_is_no_measure() {
        assert_eq!(bootstrap(&[(1.0, 0.0); 20]), None);
        assert_eq!(bootstrap(&[]), None);
    }
}
