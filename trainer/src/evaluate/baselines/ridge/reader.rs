//! What a regression learns from.

use super::super::super::regression::{Moments, Products};
use super::super::Past;
use super::super::scale::Scale;
use crate::runtime::stop::Stop;
use scaleiq_core::forecast::STEPS;

/// Of a past season every second row is seen, from so many before the same moment ...
const SEASON_BEFORE: usize = 12;
const SEASON_STRIDE: usize = 2;
/// ... to the end of the forecast: this many points.
const SEASON_POINTS: usize = (SEASON_BEFORE + STEPS) / SEASON_STRIDE + 1;
/// Most rows that are learned from; more of them say the same.
const MAX_ROWS: usize = 15_000;
/// Fewest rows that a law is learned from.
const FEWEST_ROWS: usize = 500;

/// Reads predictors and truths on one scale, as differences from the last count known.
pub(super) struct Reader<'a> {
    past: &'a Past,
    pub(super) scale: Scale,
    /// Bridged counts on the scale.
    values: Vec<f64>,
    recent: usize,
    /// Lengths of the seasons read, in rows.
    seasons: Vec<usize>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(past: &'a Past, scale: Scale, recent: usize, season_days: &[usize]) -> Self {
        let values = past.bridged().iter().map(|count| scale.apply(*count)).collect();
        let seasons = season_days.iter().map(|days| days * past.day()).collect();
        Self { past, scale, values, recent, seasons }
    }

    /// Number of predictors.
    pub(super) fn width(&self) -> usize {
        self.recent - 1 + SEASON_POINTS * self.seasons.len()
    }

    pub(super) fn last(&self, origin: usize) -> f64 {
        self.values[self.past.last_known(origin)]
    }

    /// What is known at `origin`. No row after the last one known is read, whatever is asked for.
    pub(super) fn predictors(&self, origin: usize) -> impl Iterator<Item = f64> {
        let known = self.past.last_known(origin);
        let last = self.values[known];
        let recent = (1..self.recent).map(move |ago| origin - ago);
        let seasons = self.seasons.iter().flat_map(move |season| {
            (0..SEASON_POINTS).map(move |k| origin - season - SEASON_BEFORE + SEASON_STRIDE * k)
        });
        recent.chain(seasons).map(move |row| self.values[row.min(known)] - last)
    }

    /// What followed `origin`, bridged; `None` where less than half of it is known: a long bridge
    /// would teach straight lines. A bridge that reaches into the validation stretch is not known
    /// yet.
    fn followed(&self, origin: usize) -> Option<impl Iterator<Item = f64>> {
        let rows = origin + 1..=origin + STEPS;
        let known = rows.clone().filter(|row| self.past.count(*row).is_some()).count();
        let end = self.past.last_known(self.past.validation_from() - 1);
        let last = self.last(origin);
        (2 * known >= STEPS).then(|| rows.map(move |row| self.values[row.min(end)] - last))
    }

    /// What rows say of predictors and of what followed. `None` if they are too few, or `stop` says so.
    pub(super) fn moments(&self, stop: Stop) -> Option<Moments> {
        let longest = self.seasons.iter().max().map_or(0, |season| season + SEASON_BEFORE);
        let first = longest.max(self.recent);
        // What followed a row must lie before the validation stretch, known bridges and all.
        let end = self.past.validation_from().saturating_sub(STEPS);
        let rows = end.saturating_sub(first);
        if rows < FEWEST_ROWS {
            return None;
        }
        let mut products = Products::new(self.width(), STEPS);
        for origin in spread(first, rows) {
            if stop() {
                return None;
            }
            if let Some(followed) = self.followed(origin) {
                products.add(1.0, self.predictors(origin).chain(followed));
            }
        }
        products.finish().filter(|moments| moments.weight() >= FEWEST_ROWS as f64)
    }
}

/// Rows from `first` on, [`MAX_ROWS`] of `rows` if there are more: one of each equal stretch, at a
/// place in it that differs from one to the next (multiples of the golden ratio). Of evenly spaced
/// rows only some hours of the day might be seen.
fn spread(first: usize, rows: usize) -> impl Iterator<Item = usize> {
    let count = rows.min(MAX_ROWS);
    let place = |k: usize| k as f64 + (k as f64 * std::f64::consts::GOLDEN_RATIO).fract();
    (0..count).map(move |k| first + (place(k) * rows as f64 / count as f64) as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_rows_are_read_or_some_of_every_hour() {
        assert!(spread(7, 1000).eq(7..1007));
        let some: Vec<usize> = spread(7, 2 * MAX_ROWS).collect();
        assert!(some.len() == MAX_ROWS && some[MAX_ROWS - 1] < 7 + 2 * MAX_ROWS);
        for hour in 0..24 {
            let seen = some.iter().filter(|row| **row % 24 == hour).count();
            assert!((580..670).contains(&seen), "{seen} at {hour}");
        }
    }
}
