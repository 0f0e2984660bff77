//! A forecast, and how wrong it was.

use crate::evaluate::baselines::Medians;
use crate::evaluate::made::Made;
use crate::evaluate::test_series::TestSeries;
use scaleiq_core::forecast::STEPS;

/// A correction makes a forecast at most this many times as large, or as small; of a larger error no more is
/// learned.
const MOST: f64 = 4.0;
/// The share of a usual count that is added to both sides of a ratio: zeros stay finite.
const UNIT: f64 = 0.05;

/// The scale on which forecasts are wrong.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Scale {
    /// Mean count before the test part.
    pub(super) usual: f64,
}

impl Scale {
    /// Of a series; `None` if nothing came before its test part.
    pub(super) fn of(series: &TestSeries) -> Option<Self> {
        let before = series.rows.iter().take(series.from);
        let known: Vec<f64> = before.filter_map(|row| row.arrivals_events.map(f64::from)).collect();
        let usual = known.iter().sum::<f64>() / known.len() as f64;
        (usual > 0.0).then_some(Self { usual })
    }

    /// The logarithm of one count over another, bounded.
    pub(super) fn log_ratio(self, count: f64, other: f64) -> f64 {
        let unit = UNIT * self.usual;
        bounded(((count + unit) / (other.max(0.0) + unit)).ln())
    }
}

fn bounded(correction: f64) -> f64 {
    correction.clamp(-MOST.ln(), MOST.ln())
}

/// What was forecast from a row, and what came.
#[derive(Clone, Debug)]
pub(super) struct Case {
    /// The last row known.
    pub(super) row: usize,
    pub(super) medians: Medians,
    /// What came.
    truths: [Option<f64>; STEPS],
    /// The logarithm of what came over the forecast.
    errors: [Option<f64>; STEPS],
    /// Its weight: what is wrong by a share of much is much.
    pub(super) weight: f64,
}

impl Case {
    /// All forecasts, in order of time.
    pub(super) fn all(series: &TestSeries, made: &Made, scale: Scale) -> Vec<Self> {
        let case = |(row, medians): (usize, Medians)| {
            let truth = |step: usize| {
                let row = series.rows.get(row + 1 + step)?;
                row.arrivals_events.map(f64::from)
            };
            let truths: [Option<f64>; STEPS] = std::array::from_fn(truth);
            let error = |step: usize| {
                truths[step].map(|truth| scale.log_ratio(truth, f64::from(medians[step])))
            };
            let errors = std::array::from_fn(error);
            let mean = medians.iter().map(|m| f64::from(*m)).sum::<f64>() / STEPS as f64;
            let weight = UNIT + mean / scale.usual;
            Self { row, medians, truths, errors, weight }
        };
        made.all_medians().map(case).collect()
    }

    /// The mean forecast up to a horizon.
    pub(super) fn mean(&self, horizon: usize) -> f64 {
        self.medians.iter().take(horizon).map(|m| f64::from(*m)).sum::<f64>() / horizon as f64
    }

    /// The mean error up to a horizon; `None` where no truth is known.
    pub(super) fn mean_error(&self, horizon: usize) -> Option<f64> {
        let known = || self.errors.iter().take(horizon).flatten();
        let count = known().count();
        (count > 0).then(|| known().sum::<f64>() / count as f64)
    }

    /// Errors to learn from: a step that is not known is as wrong as the others are. `None` where less than half
    /// of them are known.
    pub(super) fn targets(&self) -> Option<[f64; STEPS]> {
        let known = self.errors.iter().flatten().count();
        let mean = self.mean_error(STEPS).filter(|_| 2 * known >= STEPS)?;
        Some(self.errors.map(|error| error.unwrap_or(mean)))
    }

    /// The forecast, corrected by logarithms of factors.
    pub(super) fn corrected(&self, correction: impl Fn(usize) -> f64) -> Medians {
        std::array::from_fn(|step| {
            (f64::from(self.medians[step]) * bounded(correction(step)).exp()) as f32
        })
    }

    /// Sum of the absolute errors of `medians` in events.
    pub(super) fn wrong(&self, medians: &Medians) -> f64 {
        let steps = self.truths.iter().zip(medians);
        steps.filter_map(|(truth, median)| Some((truth.as_ref()? - f64::from(*median)).abs())).sum()
    }
}
