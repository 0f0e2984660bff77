//! Draws from a generator of random bits.

use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};
use rand_distr::{Distribution, Gamma, Poisson, StandardNormal};

/// Above this mean a Poisson count is drawn as a rounded normal: nobody can tell, and it is faster.
const LARGE_MEAN: f64 = 200.0;

/// An independent stream of random numbers of one seed.
pub(crate) fn stream(seed: u64, stream: u64) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(stream);
    rng
}

/// Uniform in 0..1.
pub fn unit(rng: &mut impl Rng) -> f64 {
    (rng.next_u64() >> 11) as f64 / (1u64 << 53) as f64
}

/// Uniform in `from..to`.
pub fn between(rng: &mut impl Rng, from: f64, to: f64) -> f64 {
    from + (to - from) * unit(rng)
}

/// Log-uniform in `from..to`, both above 0.
pub fn log_between(rng: &mut impl Rng, from: f64, to: f64) -> f64 {
    between(rng, from.ln(), to.ln()).exp()
}

/// True with this probability.
pub(crate) fn chance(rng: &mut impl Rng, probability: f64) -> bool {
    unit(rng) < probability
}

/// Standard normal.
pub(crate) fn normal(rng: &mut impl Rng) -> f64 {
    StandardNormal.sample(rng)
}

/// A factor of 1 or more with a heavy tail (Pareto with exponent `tail`), at most `most`.
pub(crate) fn heavy(rng: &mut impl Rng, tail: f64, most: f64) -> f64 {
    (1.0 - unit(rng)).powf(-1.0 / tail).min(most)
}

/// A count around `mean` whose rate itself varies with this coefficient of variation
/// (Poisson-gamma; 0 is Poisson).
pub(crate) fn count(rng: &mut impl Rng, mean: f64, rate_cv: f64) -> f64 {
    let mut mean = mean;
    if rate_cv > 0.0 {
        let shape = 1.0 / (rate_cv * rate_cv);
        mean *= Gamma::new(shape, 1.0 / shape).map_or(1.0, |gamma| gamma.sample(rng));
    }
    if mean > LARGE_MEAN {
        (mean + mean.sqrt() * normal(rng)).round().max(0.0)
    } else {
        Poisson::new(mean).map_or(0.0, |poisson| poisson.sample(rng))
    }
}

/// Noise that forgets itself: an AR(1) process with mean 0 and a given standard deviation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Memory {
    keep: f64,
    push: f64,
    value: f64,
}

impl Memory {
    /// `tau_steps` is the number of steps after which a shock has faded to a third.
    pub(crate) fn new(deviation: f64, tau_steps: f64, rng: &mut impl Rng) -> Self {
        let keep = (-1.0 / tau_steps.max(1e-3)).exp();
        let push = deviation * (1.0 - keep * keep).sqrt();
        Self { keep, push, value: deviation * normal(rng) }
    }

    pub(crate) fn next(&mut self, rng: &mut impl Rng) -> f64 {
        self.value = self.keep * self.value + self.push * normal(rng);
        self.value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_have_the_mean_and_spread_asked_for() {
        let mut rng = stream(1, 0);
        for (mean, rate_cv) in [(0.3, 0.0), (8.0, 0.5), (900.0, 0.0), (900.0, 0.3)] {
            let draws: Vec<f64> = (0..40_000).map(|_| count(&mut rng, mean, rate_cv)).collect();
            let got = draws.iter().sum::<f64>() / 40_000.0;
            let spread = draws.iter().map(|d| (d - got).powi(2)).sum::<f64>() / 40_000.0;
            let wanted = mean + (rate_cv * mean).powi(2);
            assert!((got / mean - 1.0).abs() < 0.03, "{mean} {rate_cv}: mean {got}");
            assert!((spread / wanted - 1.0).abs() < 0.06, "{mean} {rate_cv}: variance {spread}");
        }
    }
}
