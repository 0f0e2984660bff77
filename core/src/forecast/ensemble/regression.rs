//! Ridge regression that learns from one sample after the other and forgets slowly.
//!
//! Keeps the exponentially weighted normal equations and solves them anew now and then (Cholesky),
//! which is steadier in `f32` than the recursive update of the inverse (Haykin, Adaptive Filter
//! Theory, ch. 10: the covariance form of RLS loses its symmetry and diverges).
//!
//! Symmetric matrices are kept as their lower triangle, column by column, and factored in place: half
//! the memory, of which a microcontroller has little, and every inner loop runs along a column.

use crate::forecast::grid::STEPS;
use crate::learned::{Archive, Learned, PassMade, learned};
use nalgebra::{SMatrix, SVector};

/// Penalty as a share of each predictor's own power, so that no predictor's unit matters.
const RIDGE: f32 = 0.01;
/// The penalty is larger while samples are few: this many samples' worth.
const SHRINKAGE: f32 = 20.0;
/// Samples from one solution of the equations to the next.
const SOLVE_EVERY: u32 = 12;
/// Samples before the first solution.
const FIRST_SOLUTION: u32 = 48;

/// Numbers in the lower triangle of a matrix of `d` rows.
pub(crate) const fn triangle(d: usize) -> usize {
    d * (d + 1) / 2
}

/// What was learned from: exponentially weighted sums.
#[derive(Clone, Debug)]
struct Sums<const D: usize, const T: usize> {
    /// Of x x', the lower triangle.
    moments: [f32; T],
    /// Of x y'.
    products: SMatrix<f32, D, STEPS>,
}
learned!([const D: usize, const T: usize] Sums<D, T> { moments, products });

/// From `D` predictors to the changes of the next [`STEPS`] intervals; `T` is [`triangle`] of `D`.
///
/// What is large is not there before it is needed, so that a new regression is made in its place
/// rather than moved there: a microcontroller's stack does not hold one.
#[derive(Clone, Debug)]
pub(crate) struct Regression<const D: usize, const T: usize> {
    sums: Option<Sums<D, T>>,
    weights: Option<SMatrix<f32, D, STEPS>>,
    /// What a sample is worth after the next one came.
    keep: f32,
    /// Samples that the sums are worth.
    worth: f32,
    learned: u32,
}

impl<const D: usize, const T: usize> Learned for Regression<D, T> {
    fn pass(&mut self, archive: &mut Archive<'_>) {
        let Self { sums, weights, worth, learned, keep: _ } = self;
        sums.pass_made(archive, Sums::none);
        weights.pass_made(archive, SMatrix::zeros);
        worth.pass(archive);
        learned.pass(archive);
    }
}

impl<const D: usize, const T: usize> Regression<D, T> {
    /// Nothing learned: every change is 0. A sample counts half after `half_life` further ones.
    #[inline(always)] // made in its place: see `Controller::new`
    pub(crate) fn new(half_life: f32) -> Self {
        let keep = libm::exp2f(-1.0 / half_life.max(1.0));
        Self { sums: None, weights: None, keep, worth: 0.0, learned: 0 }
    }

    /// Takes what followed `predictors`.
    pub(crate) fn learn(&mut self, predictors: &SVector<f32, D>, changes: &SVector<f32, STEPS>) {
        let sums = self.sums.get_or_insert_with(Sums::none);
        for (j, column) in columns(&mut sums.moments, D).enumerate() {
            let below = predictors.as_slice().get(j..).unwrap_or_default();
            let Some(x) = below.first() else { continue };
            for (moment, y) in column.iter_mut().zip(below) {
                *moment = *moment * self.keep + x * y;
            }
        }
        sums.products.ger(1.0, predictors, changes, self.keep);
        self.worth = self.worth * self.keep + 1.0;
        self.learned = self.learned.saturating_add(1);
        if self.learned >= FIRST_SOLUTION && self.learned.is_multiple_of(SOLVE_EVERY) {
            let share = RIDGE + SHRINKAGE / self.worth;
            sums.solve(share, &mut self.weights);
        }
    }

    /// Changes that are expected after `predictors`.
    pub(crate) fn predict(&self, predictors: &SVector<f32, D>) -> SVector<f32, STEPS> {
        self.weights.as_ref().map_or_else(SVector::zeros, |w| w.tr_mul(predictors))
    }
}

impl<const D: usize, const T: usize> Sums<D, T> {
    #[inline(always)] // made in its place
    fn none() -> Self {
        Self { moments: [0.0; T], products: SMatrix::zeros() }
    }

    /// The weights under a penalty of `share` of each predictor's power. The old ones stay if numbers
    /// are out of range.
    fn solve(&self, share: f32, solution: &mut Option<SMatrix<f32, D, STEPS>>) {
        let mut factor = self.moments;
        for column in columns(&mut factor, D) {
            if let Some(power) = column.first_mut() {
                *power += share * *power + 1e-9;
            }
        }
        if !factorise(&mut factor, D) {
            return;
        }
        let mut weights = self.products;
        for column in weights.as_mut_slice().chunks_exact_mut(D.max(1)) {
            substitute(&mut factor, column);
        }
        if weights.iter().all(|w| w.is_finite()) {
            *solution = Some(weights);
        }
    }
}

/// The columns of a lower triangle of `d` rows: each begins on the diagonal.
fn columns(triangle: &mut [f32], d: usize) -> impl Iterator<Item = &mut [f32]> {
    let mut rest = triangle;
    (0..d).map(move |j| {
        let (column, after) =
            core::mem::take(&mut rest).split_at_mut_checked(d - j).unwrap_or_default();
        rest = after;
        column
    })
}

/// Cholesky's factor L of L L' in place of the lower triangle of a matrix, column by column
/// (Golub and Van Loan, Matrix Computations, 4.2). Says whether there is one.
fn factorise(triangle: &mut [f32], d: usize) -> bool {
    let mut rest = triangle;
    for length in (1..=d).rev() {
        let Some((column, after)) = rest.split_at_mut_checked(length) else { return false };
        let Some((diagonal, below)) = column.split_first_mut() else { return false };
        let root = libm::sqrtf(*diagonal);
        if !(root > 0.0 && root.is_finite()) {
            return false;
        }
        *diagonal = root;
        below.iter_mut().for_each(|x| *x /= root);
        for (k, column) in columns(after, length - 1).enumerate() {
            let below = below.get(k..).unwrap_or_default();
            let Some(factor) = below.first() else { continue };
            column.iter_mut().zip(below).for_each(|(x, y)| *x -= factor * y);
        }
        rest = after;
    }
    true
}

/// Solves L L' x = y in place of y.
fn substitute(factor: &mut [f32], y: &mut [f32]) {
    let d = y.len();
    for (j, column) in columns(factor, d).enumerate() {
        let Some((first, below)) = y.get_mut(j..).and_then(<[f32]>::split_first_mut) else {
            continue;
        };
        let Some((diagonal, column)) = column.split_first() else { continue };
        *first /= diagonal;
        below.iter_mut().zip(column).for_each(|(y, l)| *y -= *first * l);
    }
    let mut rest = &factor[..];
    for j in (0..d).rev() {
        let Some((before, column)) = rest.split_at_checked(rest.len().saturating_sub(d - j)) else {
            continue;
        };
        rest = before;
        let Some((first, below)) = y.get_mut(j..).and_then(<[f32]>::split_first_mut) else {
            continue;
        };
        let Some((diagonal, column)) = column.split_first() else { continue };
        let sum: f32 = below.iter().zip(column).map(|(y, l)| y * l).sum();
        *first = (*first - sum) / diagonal;
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
    fn the_solution_solves_the_equations() {
        const D: usize = 7;
        let mut regression = Regression::<D, { triangle(D) }>::new(300.0);
        for k in 0..600 {
            let x = SVector::from_fn(|i, _| noise(7 * k + i as u32) + 0.3);
            let y = SVector::from_fn(|step, _| x[step % D] - 0.1 * noise(k + 5000));
            regression.learn(&x, &y);
        }
        let mut matrix = SMatrix::<f32, D, D>::zeros();
        let (mut sums, weights) = (regression.sums.unwrap(), regression.weights.unwrap());
        for (j, column) in columns(&mut sums.moments, D).enumerate() {
            for (i, moment) in (j..).zip(&*column) {
                (matrix[(i, j)], matrix[(j, i)]) = (*moment, *moment);
            }
        }
        for i in 0..D {
            matrix[(i, i)] *= 1.0 + RIDGE + SHRINKAGE / regression.worth;
        }
        let off = (matrix * weights - sums.products).amax();
        assert!(off < 1e-3 * sums.products.amax(), "{off}");
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
