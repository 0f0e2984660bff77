//! Ridge regression that learns from one sample after the other and forgets slowly.
//!
//! Keeps the exponentially weighted normal equations and solves them anew now and then (Cholesky),
//! which is steadier in `f32` than the recursive update of the inverse (Haykin, Adaptive Filter
//! Theory, ch. 10: the covariance form of RLS loses its symmetry and diverges).

use super::super::STEPS;
use nalgebra::{Cholesky, SMatrix, SVector};

/// Penalty as a share of each predictor's own power, so that no predictor's unit matters.
const RIDGE: f32 = 0.01;
/// The penalty is larger while samples are few: this many samples' worth.
const CAUTION: f32 = 20.0;
/// Samples from one solution of the equations to the next.
const SOLVE_EVERY: u32 = 12;
/// Samples before the first solution.
const FIRST_SOLUTION: u32 = 48;

/// Numbers in the lower triangle of a matrix of `d` rows.
pub(crate) const fn triangle(d: usize) -> usize {
    d * (d + 1) / 2
}

/// From `D` predictors to the changes of the next [`STEPS`] intervals; `T` is [`triangle`] of `D`.
#[derive(Clone, Debug)]
pub(crate) struct Regression<const D: usize, const T: usize> {
    /// Sum of x x', the lower triangle row by row: half the memory, which a microcontroller lacks.
    moments: [f32; T],
    /// Sum of x y'.
    products: SMatrix<f32, D, STEPS>,
    weights: SMatrix<f32, D, STEPS>,
    /// What a sample is worth after the next one came.
    keep: f32,
    /// Samples that the sums are worth.
    worth: f32,
    learned: u32,
}

impl<const D: usize, const T: usize> Regression<D, T> {
    /// Nothing learned: every change is 0. A sample counts half after `half_life` further ones.
    pub(crate) fn new(half_life: f32) -> Self {
        Self {
            moments: [0.0; T],
            products: SMatrix::zeros(),
            weights: SMatrix::zeros(),
            keep: libm::exp2f(-1.0 / half_life.max(1.0)),
            worth: 0.0,
            learned: 0,
        }
    }

    /// Takes what followed `predictors`.
    pub(crate) fn learn(&mut self, predictors: &SVector<f32, D>, changes: &SVector<f32, STEPS>) {
        let mut moments = &mut self.moments[..];
        for (i, x) in predictors.iter().enumerate() {
            let (row, rest) = moments.split_at_mut((i + 1).min(moments.len()));
            for (moment, y) in row.iter_mut().zip(predictors.iter()) {
                *moment = *moment * self.keep + x * y;
            }
            moments = rest;
        }
        self.products.ger(1.0, predictors, changes, self.keep);
        self.worth = self.worth * self.keep + 1.0;
        self.learned = self.learned.saturating_add(1);
        if self.learned >= FIRST_SOLUTION && self.learned.is_multiple_of(SOLVE_EVERY) {
            self.solve();
        }
    }

    /// Changes that are expected after `predictors`.
    pub(crate) fn predict(&self, predictors: &SVector<f32, D>) -> SVector<f32, STEPS> {
        self.weights.tr_mul(predictors)
    }

    fn solve(&mut self) {
        let share = RIDGE + CAUTION / self.worth;
        let mut penalised = SMatrix::<f32, D, D>::zeros();
        let mut moments = self.moments.iter();
        for i in 0..D {
            for (j, moment) in (0..=i).zip(&mut moments) {
                penalised[(i, j)] = *moment;
            }
            penalised[(i, i)] += share * penalised[(i, i)] + 1e-9;
        }
        // Cholesky reads the lower triangle alone. With a penalty on the diagonal only numbers out of range can spoil it: the old weights
        // stay then.
        if let Some(factor) = Cholesky::new(penalised) {
            let weights = factor.solve(&self.products);
            if weights.iter().all(|w| w.is_finite()) {
                self.weights = weights;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A fixed sequence without a pattern, within -1..1.
    fn noise(k: u32) -> f32 {
        (k.wrapping_mul(2_654_435_761) >> 8) as f32 / (1u32 << 23) as f32 - 1.0
    }

    fn sample(k: u32, slope: f32) -> (SVector<f32, 3>, SVector<f32, STEPS>) {
        let x = SVector::from([1.0, noise(3 * k), noise(3 * k + 1)]);
        let y = SVector::from_fn(|step, _| 0.5 + slope * x[1] * step as f32 - 0.2 * x[2]);
        (x, y)
    }

    #[test]
    fn finds_a_linear_law_and_follows_its_change() {
        let mut regression = Regression::<3, { triangle(3) }>::new(500.0);
        let (x, _) = sample(7, 1.0);
        assert_eq!(regression.predict(&x).amax(), 0.0);
        for (slope, from) in [(0.1, 0), (-0.1, 5000)] {
            for k in from..from + 5000 {
                let (x, y) = sample(k, slope);
                regression.learn(&x, &y);
            }
            let (x, y) = sample(99_991, slope);
            let off = (regression.predict(&x) - y).amax();
            assert!(off < 0.1, "slope {slope}: {off}");
        }
    }

    #[test]
    fn predictors_that_never_move_do_no_harm() {
        let mut regression = Regression::<3, { triangle(3) }>::new(100.0);
        for k in 0..200 {
            let y = SVector::repeat(noise(k));
            regression.learn(&SVector::from([1.0, 0.0, 0.0]), &y);
        }
        assert!(regression.predict(&SVector::from([1.0, 5.0, -5.0])).amax() < 0.5);
    }
}
