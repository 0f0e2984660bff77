//! Ridge regression (Hoerl and Kennard 1970) from sums of products: a linear law for each of several targets.

use nalgebra::{Cholesky, DMatrix};

/// Rows that are gathered before their products are summed: so many stay in the cache.
const BLOCK: usize = 200;

/// Sums of the products of all pairs of (1, predictors, targets), gathered in blocks.
pub(super) struct Products {
    block: DMatrix<f64>,
    filled: usize,
    sums: DMatrix<f64>,
    predictors: usize,
}

impl Products {
    /// For rows of so many predictors and targets.
    pub(super) fn new(predictors: usize, targets: usize) -> Self {
        let width = 1 + predictors + targets;
        let (block, sums) = (DMatrix::zeros(BLOCK, width), DMatrix::zeros(width, width));
        Self { block, filled: 0, sums, predictors }
    }

    /// Adds a row that counts `weight` times: its predictors, and its targets after them.
    pub(super) fn add(&mut self, weight: f64, row: impl Iterator<Item = f64>) {
        let root = weight.sqrt();
        for (column, value) in std::iter::once(1.0).chain(row).enumerate() {
            self.block[(self.filled, column)] = root * value;
        }
        self.filled += 1;
        if self.filled == BLOCK {
            self.sum();
        }
    }

    fn sum(&mut self) {
        let rows = self.block.rows(0, self.filled);
        for j in 0..self.sums.ncols() {
            for i in j..self.sums.nrows() {
                self.sums[(i, j)] += rows.column(i).dot(&rows.column(j));
            }
        }
        self.filled = 0;
    }

    /// What they say of means and covariances; `None` if nothing was added.
    pub(super) fn finish(mut self) -> Option<Moments> {
        self.sum();
        let weight = self.sums[(0, 0)];
        let predictors = self.predictors;
        (weight > 0.0).then_some(Moments { sums: self.sums, weight, predictors })
    }
}

/// Means and covariances of predictors and targets.
pub(super) struct Moments {
    /// The lower triangle is filled.
    sums: DMatrix<f64>,
    weight: f64,
    predictors: usize,
}

/// A predictor that a law may use.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Used {
    /// Its place among all predictors.
    pub(super) place: usize,
    /// Its penalty as a share of its variance.
    pub(super) penalty: f64,
}

impl Moments {
    /// Rows that were added, by their weights.
    pub(super) fn weight(&self) -> f64 {
        self.weight
    }

    /// The law of the targets in `targets` on some of the predictors, which are in the order of their places.
    /// `None` if rounding leaves none.
    pub(super) fn law(&self, used: &[Used], targets: std::ops::Range<usize>) -> Option<Law> {
        let place = |i: usize| 1 + used[i].place;
        let target = |k: usize| 1 + self.predictors + targets.start + k;
        let mean = |i: usize| self.sums[(i, 0)] / self.weight;
        // Of a sum's rows the later one is first: only these are filled.
        let covariance = |i: usize, j: usize| self.sums[(i, j)] / self.weight - mean(i) * mean(j);
        let deviation: Vec<f64> = (0..used.len())
            .map(|i| covariance(place(i), place(i)).max(0.0).sqrt() + 1e-9)
            .collect();
        // Cholesky reads the lower triangle alone.
        let mut penalised = DMatrix::from_fn(used.len(), used.len(), |i, j| match i >= j {
            true => covariance(place(i), place(j)) / (deviation[i] * deviation[j]),
            false => 0.0,
        });
        for (i, used) in used.iter().enumerate() {
            penalised[(i, i)] += used.penalty;
        }
        let products = DMatrix::from_fn(used.len(), targets.len(), |i, k| {
            covariance(target(k), place(i)) / deviation[i]
        });
        let mut weights = Cholesky::new(penalised)?.solve(&products);
        for (mut row, deviation) in weights.row_iter_mut().zip(&deviation) {
            row /= *deviation;
        }
        let constant = |k: usize| {
            let parts = weights.column(k).into_iter().enumerate();
            mean(target(k)) - parts.map(|(i, weight)| weight * mean(place(i))).sum::<f64>()
        };
        let constants = (0..targets.len()).map(constant).collect();
        let places = used.iter().map(|used| used.place).collect();
        Some(Law { places, weights, constants })
    }
}

/// Linear laws, one for each target.
#[derive(Clone, Debug)]
pub(super) struct Law {
    places: Vec<usize>,
    weights: DMatrix<f64>,
    constants: Vec<f64>,
}

impl Law {
    /// What it says of a target where the predictors, all of them, are these.
    pub(super) fn says(&self, target: usize, predictors: &[f64]) -> f64 {
        let parts = self.weights.column(target);
        let change: f64 = parts.iter().zip(&self.places).map(|(w, at)| w * predictors[*at]).sum();
        self.constants[target] + change
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two targets of three predictors, the last of which says nothing.
    fn moments(weight: impl Fn(usize) -> f64) -> Moments {
        let mut products = Products::new(3, 2);
        for k in 0..500 {
            let [a, b, c] = [7, 11, 13].map(|prime| (k * prime % 31) as f64);
            products.add(weight(k), [a, b, c, 2.0 * a - b + 3.0, 0.5 * b - 1.0].into_iter());
        }
        products.finish().unwrap()
    }

    fn all(penalty: f64) -> Vec<Used> {
        (0..3).map(|place| Used { place, penalty }).collect()
    }

    #[test]
    fn laws_are_found_whatever_the_rows_weigh() {
        for moments in [moments(|_| 1.0), moments(|k| 1.0 + (k % 5) as f64)] {
            let law = moments.law(&all(1e-9), 0..2).unwrap();
            let said = [0, 1].map(|target| law.says(target, &[10.0, 4.0, 99.0]));
            assert!((said[0] - 19.0).abs() < 1e-4 && (said[1] - 1.0).abs() < 1e-4, "{said:?}");
        }
    }

    #[test]
    fn a_law_uses_what_it_may_and_a_penalty_holds_it_down() {
        let moments = moments(|_| 1.0);
        assert_eq!(moments.weight(), 500.0);
        let one = moments.law(&[Used { place: 1, penalty: 1e-9 }], 1..2).unwrap();
        assert!((one.says(0, &[1e9, 4.0, 1e9]) - 1.0).abs() < 1e-4);
        let slope = |penalty| {
            let law = moments.law(&all(penalty), 0..2).unwrap();
            law.says(0, &[1.0, 0.0, 0.0]) - law.says(0, &[0.0; 3])
        };
        assert!(slope(1.0) < 1.2 && slope(1e9) < 1e-6, "{} {}", slope(1.0), slope(1e9));
    }

    #[test]
    fn nothing_teaches_nothing() {
        assert!(Products::new(3, 2).finish().is_none());
    }
}
