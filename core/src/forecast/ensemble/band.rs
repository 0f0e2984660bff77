//! Calibrates the quantiles around the mixture's median online.
//!
//! A quantile is the median plus a factor times the recent size of errors. Each factor moves a
//! little with every outcome, up if the outcome lay above it and down if below, until the share of
//! outcomes below is the quantile's level: quantile tracking, the one-step form of adaptive
//! conformal inference (Gibbs and Candes 2021; Angelopoulos et al. 2023). An outcome is compared
//! with the band as it was forecast, so that the delay of `step + 1` intervals does not bias it.

use crate::forecast::grid::{Q50, QUANTILES, STEPS};
use crate::learned::learned;

/// How far a factor moves with an outcome, in mean absolute errors.
const RATE: f32 = 0.02;
/// The same for the median, which the mixture aims at already: each move of it costs accuracy.
const MEDIAN_RATE: f32 = 0.005;
/// Mean absolute errors in a standard deviation of a normal distribution, to start from.
const START: f32 = 1.2533;
/// z-scores of [`QUANTILES`] under a normal distribution.
pub(crate) const NORMAL: [f32; QUANTILES.len()] =
    [-1.960, -1.2816, -0.6745, 0.0, 0.6745, 1.2816, 1.6449, 1.960, 2.3263];
/// How many outcomes the spread that is expected from the start is worth.
const PRIOR_WORTH: f32 = 4.0;
/// The slow mean of errors reaches back this many times farther than the fast one.
const SLOWER: f32 = 20.0;

/// Mean absolute error over the last hours and over the last days.
#[derive(Clone, Copy, Debug, Default)]
struct Size {
    fast: f32,
    slow: f32,
    seen: f32,
}
learned!(Size { fast, slow, seen });

/// Bands for each step.
#[derive(Clone, Debug)]
pub(crate) struct Band {
    sizes: [Size; STEPS],
    factors: [[f32; QUANTILES.len()]; STEPS],
    half_life: f32,
}
learned!(Band { sizes, factors } built { half_life });

impl Band {
    /// A normal distribution; the size of errors is averaged over `half_life` intervals.
    pub(crate) fn new(half_life: f32) -> Self {
        Self {
            sizes: [Size::default(); STEPS],
            factors: [NORMAL.map(|z| START * z); STEPS],
            half_life: half_life.max(1.0),
        }
    }

    /// The size of errors expected for `step`; `prior` counts while little was seen.
    pub(crate) fn size(&self, step: usize, prior: f32) -> f32 {
        let Some(size) = self.sizes.get(step) else { return prior };
        // The geometric mean: neither a calm hour nor an old storm decides alone.
        let learned = libm::sqrtf(size.fast * size.slow);
        (PRIOR_WORTH * prior + size.seen * learned) / (PRIOR_WORTH + size.seen)
    }

    /// The factors for `step`.
    pub(crate) fn factors(&self, step: usize) -> [f32; QUANTILES.len()] {
        self.factors.get(step).copied().unwrap_or(NORMAL)
    }

    /// Takes the error (truth minus median) of `step`, for which `size` had been expected.
    pub(crate) fn learn(&mut self, step: usize, error: f32, size: f32) {
        let (Some(factors), Some(sizes)) = (self.factors.get_mut(step), self.sizes.get_mut(step))
        else {
            return;
        };
        if size > 0.0 {
            for (q, (factor, level)) in factors.iter_mut().zip(QUANTILES).enumerate() {
                let below = if error < *factor * size { 1.0 } else { 0.0 };
                let rate = if q == Q50 { MEDIAN_RATE } else { RATE };
                *factor += rate * (level - below);
            }
        }
        sizes.seen += 1.0;
        let mean = |old: f32, half_life: f32| {
            let weight = (1.0 - libm::exp2f(-1.0 / half_life)).max(1.0 / sizes.seen);
            old + weight * (libm::fabsf(error) - old)
        };
        sizes.fast = mean(sizes.fast, self.half_life);
        sizes.slow = mean(sizes.slow, SLOWER * self.half_life);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A fixed sequence of errors with a heavy right side, of the given size.
    fn error(k: u32, size: f32) -> f32 {
        let unit = (k.wrapping_mul(2_654_435_761) >> 8) as f32 / (1u32 << 24) as f32;
        size * (unit * unit * unit - 0.1)
    }

    #[test]
    fn shares_below_become_the_levels_also_after_a_change() {
        let mut band = Band::new(90.0);
        let mut below = [0.0f32; QUANTILES.len()];
        let mut n = 0.0;
        for k in 0..20_000 {
            let error = error(k, if k < 10_000 { 1.0 } else { 30.0 });
            let size = band.size(0, 0.1);
            if k % 10_000 > 3000 {
                n += 1.0;
                for (below, factor) in below.iter_mut().zip(band.factors(0)) {
                    *below += if error < factor * size { 1.0 } else { 0.0 };
                }
            }
            band.learn(0, error, size);
        }
        for (below, level) in below.iter().zip(QUANTILES) {
            assert!((below / n - level).abs() < 0.015, "{level}: {}", below / n);
        }
    }

    #[test]
    fn the_prior_counts_at_first() {
        let mut band = Band::new(90.0);
        assert_eq!(band.size(5, 0.3), 0.3);
        for _ in 0..100 {
            band.learn(5, 2.0, 0.3);
        }
        assert!((band.size(5, 0.3) - 2.0).abs() < 0.1);
    }
}
