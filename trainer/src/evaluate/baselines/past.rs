//! What baselines read of a series: counts as they are known at an origin.

use super::Medians;
use crate::runtime::stop::Stop;
use scaleiq_core::forecast::STEPS;
use scaleiq_core::interval::{Interval, IntervalLength};

/// The last of so many equal parts before the test part chooses parameters.
const VALIDATION_PART: usize = 8;
/// Rows from one origin of the validation stretch to the next: as in the test part, and no divisor
/// of an hour, so that all phases are seen.
const VALIDATION_STRIDE: usize = 7;

/// A series as a forecaster at any of its rows knows it.
#[derive(Clone, Debug)]
pub struct Past {
    /// Counts; `None` where missing. Only these are scored.
    counts: Vec<Option<f64>>,
    /// Counts with every gap bridged by a straight line between its neighbours.
    bridged: Vec<f64>,
    /// For each row the last one up to it whose count is known.
    last_known: Vec<usize>,
    day: usize,
    validation_from: usize,
    test_from: usize,
}

impl Past {
    /// Prepares a series of which the rows from `test_from` on judge.
    #[must_use]
    pub fn new(rows: &[Interval], length: IntervalLength, test_from: usize) -> Self {
        let counts: Vec<Option<f64>> =
            rows.iter().map(|row| row.arrivals_events.map(f64::from)).collect();
        let mut bridged = vec![0.0; counts.len()];
        let mut last_known = vec![0; counts.len()];
        let mut before: Option<(usize, f64)> = None;
        for (row, count) in counts.iter().enumerate() {
            if let Some(count) = *count {
                let (from, start) = before.unwrap_or((0, count));
                for (step, bridge) in bridged[from..row].iter_mut().enumerate() {
                    *bridge = start + (count - start) * step as f64 / (row - from) as f64;
                }
                bridged[row] = count;
                before = Some((row, count));
            }
            last_known[row] = before.map_or(0, |(row, _)| row);
        }
        let validation_from = test_from - test_from / VALIDATION_PART;
        let day = length.steps_per_day();
        Self { counts, bridged, last_known, day, validation_from, test_from }
    }

    /// Rows in a day.
    pub(super) fn day(&self) -> usize {
        self.day
    }

    /// The first row that chooses parameters: only rows before it are fitted to.
    pub(super) fn validation_from(&self) -> usize {
        self.validation_from
    }

    /// The first row of the test part.
    pub(super) fn test_from(&self) -> usize {
        self.test_from
    }

    /// The count of a row, if it is known.
    pub(in crate::evaluate) fn count(&self, row: usize) -> Option<f64> {
        self.counts.get(row).copied().flatten()
    }

    /// All counts with every gap bridged. At an origin only rows up to [`Self::last_known`] of it
    /// may be read: a later bridge rests on what is not known yet.
    pub(super) fn bridged(&self) -> &[f64] {
        &self.bridged
    }

    /// The last row up to `origin` whose count is known. A gap that is still open at `origin`
    /// carries that count forward.
    pub(super) fn last_known(&self, origin: usize) -> usize {
        self.last_known[origin]
    }

    /// The count of `row` as it is known at `origin`.
    pub(in crate::evaluate) fn seen(&self, row: usize, origin: usize) -> f64 {
        self.bridged[row.min(self.last_known(origin))]
    }

    /// Sum and number of the absolute errors of `medians`; a truth that is missing counts nowhere.
    pub(super) fn errors(&self, origin: usize, medians: &Medians) -> (f64, usize) {
        let steps = medians.iter().enumerate();
        let errors = steps.filter_map(|(step, median)| {
            self.count(origin + 1 + step).map(|truth| (truth - f64::from(*median)).abs())
        });
        errors.fold((0.0, 0), |(sum, count), error| (sum + error, count + 1))
    }

    /// The candidate whose forecasts have the least mean absolute error on the validation stretch;
    /// the first one if nothing is known there, and none if `stop` says so.
    pub(super) fn choose<C>(
        &self,
        candidates: impl Iterator<Item = C>,
        forecasts: impl Fn(&C, &[usize]) -> Vec<Medians>,
        stop: Stop,
    ) -> Option<C> {
        // A forecast whose truth reaches into the test part would choose by it.
        let end = self.test_from.saturating_sub(STEPS);
        let origins: Vec<usize> = (self.validation_from..end).step_by(VALIDATION_STRIDE).collect();
        let mut best: Option<(f64, C)> = None;
        for candidate in candidates {
            if stop() {
                return None;
            }
            let made = forecasts(&candidate, &origins);
            let each = origins.iter().zip(&made).map(|(origin, made)| self.errors(*origin, made));
            let (sum, count) = each.fold((0.0, 0), |(a, n), (b, m)| (a + b, n + m));
            let error = if count > 0 { sum / count as f64 } else { f64::INFINITY };
            if best.as_ref().is_none_or(|(least, _)| error < *least) {
                best = Some((error, candidate));
            }
        }
        best.map(|(_, candidate)| candidate)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::past;
    use super::*;
    use crate::runtime::stop::never;

    #[test]
    fn a_gap_is_bridged_once_its_end_is_known() {
        let gap = f64::NAN;
        let past = past(&[gap, 10.0, gap, gap, 40.0, gap], 300, 6);
        assert_eq!(past.bridged(), [10.0, 10.0, 20.0, 30.0, 40.0, 0.0]);
        let seen = |origin: usize| (1..=origin).map(|row| past.seen(row, origin)).collect();
        let at_3: Vec<f64> = seen(3);
        assert_eq!(at_3, [10.0, 10.0, 10.0]);
        let at_5: Vec<f64> = seen(5);
        assert_eq!(at_5, [10.0, 20.0, 30.0, 40.0, 40.0]);
    }

    #[test]
    fn errors_skip_what_is_missing() {
        let past = past(&[1.0, 2.0, f64::NAN, 4.0], 300, 4);
        assert_eq!(past.errors(0, &[3.0; STEPS]), (2.0, 2));
    }

    #[test]
    fn the_least_error_wins() {
        let past = past(&[50.0; 800], 300, 640);
        let made = |c: &f32, at: &[usize]| vec![[*c; STEPS]; at.len()];
        let chosen = past.choose([20.0f32, 49.0, 70.0].into_iter(), made, &never);
        assert_eq!(chosen, Some(49.0));
        assert_eq!(past.validation_from(), 560);
    }
}
