//! Columns of numbers beside those that have a meaning here, kept for who asks for them.

use crate::error::Place;

/// A further column of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Extra {
    /// Its name, and where that stands in the file.
    pub at: Place,
    /// What it was asked for by; `None` where nobody named it.
    pub asked: Option<String>,
    /// Its mean over each interval, in the file's own unit; `None` where nothing was measured. Of several
    /// series in a file it is the mean, too.
    pub values: Vec<Option<f32>>,
}

impl Extra {
    /// The same column with other values.
    pub(crate) fn with(&self, values: Vec<Option<f32>>) -> Self {
        Self { at: self.at.clone(), asked: self.asked.clone(), values }
    }
}

/// Means over time of some columns, in intervals of one grid.
#[derive(Clone, Debug)]
pub(crate) struct Means {
    start_ms: i64,
    length_ms: i64,
    intervals: usize,
    /// What each column is in each interval, weighted by how long, column by column.
    columns: Vec<Vec<Mean>>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Mean {
    sum: f64,
    weight_ms: f64,
}

impl Means {
    /// `columns` columns on a grid that starts at `start_ms`, in milliseconds since 1970.
    pub(crate) fn new(columns: usize, start_ms: i64, length_ms: i64, intervals: usize) -> Self {
        let columns = vec![vec![Mean::default(); intervals]; columns];
        Self { start_ms, length_ms, intervals, columns }
    }

    /// Adds what the columns are from one moment to another.
    pub(crate) fn add(
        &mut self,
        from_ms: i64,
        to_ms: i64,
        values: impl Iterator<Item = Option<f32>> + Clone,
    ) {
        if self.columns.is_empty() || to_ms <= from_ms {
            return;
        }
        let slot = |ms: i64| (ms - self.start_ms).div_euclid(self.length_ms);
        for slot in slot(from_ms)..=slot(to_ms - 1) {
            let Some(at) = usize::try_from(slot).ok().filter(|at| *at < self.intervals) else {
                continue;
            };
            let begin_ms = self.start_ms + slot * self.length_ms;
            let shared_ms = to_ms.min(begin_ms + self.length_ms) - from_ms.max(begin_ms);
            for (column, value) in self.columns.iter_mut().zip(values.clone()) {
                if let (Some(mean), Some(value)) = (column.get_mut(at), value) {
                    mean.sum += f64::from(value) * shared_ms as f64;
                    mean.weight_ms += shared_ms as f64;
                }
            }
        }
    }

    /// The means, column by column.
    pub(crate) fn finish(self) -> impl Iterator<Item = Vec<Option<f32>>> {
        let known = |mean: Mean| (mean.weight_ms > 0.0).then(|| (mean.sum / mean.weight_ms) as f32);
        self.columns.into_iter().map(move |column| column.into_iter().map(known).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn means_are_weighted_by_time_and_what_is_outside_is_left_out() {
        let mut means = Means::new(2, 100, 10, 3);
        means.add(95, 105, [Some(1.0), None].into_iter());
        means.add(105, 112, [Some(4.0), Some(8.0)].into_iter());
        means.add(128, 140, [Some(7.0), None].into_iter());
        let found: Vec<_> = means.finish().collect();
        assert_eq!(found[0], [Some(2.5), Some(4.0), Some(7.0)]);
        assert_eq!(found[1], [Some(8.0), Some(8.0), None]);
    }
}
