//! Ridge regression (Hoerl and Kennard 1970) from the last counts to the next 24, one linear law for
//! each step: plain autoregression, which is hard to beat on regular days.

use super::scale::Scale;
use super::{Medians, Past};
use crate::runtime::stop::Stop;
use nalgebra::{Cholesky, DMatrix};
use reader::Reader;
use scaleiq_core::forecast::STEPS;

mod reader;

/// Penalties, as shares of a predictor's variance, from which the validation stretch chooses.
const PENALTIES: [f64; 4] = [1e-4, 1e-3, 1e-2, 1e-1];
/// Days ago at which a seasonal regression looks.
const SEASON_DAYS: [usize; 4] = [1, 2, 7, 14];

/// Forecasts from changes among the last `recent` counts and, if `seasonal`, from past seasons, of
/// which as many are read as fit. Scale and penalty are chosen. `None` if the series is too short, or
/// `stop` says so.
pub(super) fn forecasts(
    past: &Past,
    recent: usize,
    seasonal: bool,
    origins: &[usize],
    stop: Stop,
) -> Option<Vec<Medians>> {
    // Past seasons leave at least the larger part of the rows to learn from.
    let fits = |days: &usize| 5 * (days * past.day() + 2 * STEPS) < 3 * past.validation_from();
    let seasons: Vec<usize> = SEASON_DAYS.into_iter().take_while(fits).collect();
    if seasonal && seasons.is_empty() {
        return None;
    }
    let seasons = if seasonal { seasons } else { Vec::new() };
    let readers: Vec<Reader<'_>> =
        Scale::all(past).map(|scale| Reader::new(past, scale, recent, &seasons)).into();
    let candidates = readers.iter().flat_map(|reader| Law::fit_all(reader, stop));
    let chosen = past.choose(candidates, |law, at| law.forecasts(at), stop)?;
    Some(chosen.forecasts(origins))
}

/// A linear law for each step, on the scale of its reader.
struct Law<'a> {
    reader: &'a Reader<'a>,
    weights: DMatrix<f64>,
    constant: [f64; STEPS],
}

impl<'a> Law<'a> {
    /// One law for each penalty; none if there is too little to learn from.
    fn fit_all(reader: &'a Reader<'a>, stop: Stop) -> Vec<Self> {
        let Some((moments, count)) = reader.moments(stop) else { return Vec::new() };
        let width = reader.width();
        let mean = |i: usize| moments[(i, 0)] / count;
        // Of predictors i >= j (from 0), or of what followed (from `width`) with predictor j.
        let covariance =
            |i: usize, j: usize| moments[(1 + i, 1 + j)] / count - mean(1 + i) * mean(1 + j);
        let deviation: Vec<f64> =
            (0..width).map(|i| covariance(i, i).max(0.0).sqrt() + 1e-9).collect();
        let correlations = DMatrix::from_fn(width, width, |i, j| {
            if i >= j { covariance(i, j) / (deviation[i] * deviation[j]) } else { 0.0 }
        });
        let products =
            DMatrix::from_fn(width, STEPS, |i, step| covariance(width + step, i) / deviation[i]);
        let law = |penalty: f64| {
            let mut penalised = correlations.clone();
            for i in 0..width {
                penalised[(i, i)] += penalty;
            }
            // Cholesky reads the lower triangle alone.
            let mut weights = Cholesky::new(penalised)?.solve(&products);
            for (mut row, deviation) in weights.row_iter_mut().zip(&deviation) {
                row /= *deviation;
            }
            let constant = std::array::from_fn(|step| {
                let used = weights.column(step).into_iter().enumerate();
                mean(1 + width + step) - used.map(|(i, w)| w * mean(1 + i)).sum::<f64>()
            });
            Some(Self { reader, weights, constant })
        };
        PENALTIES.into_iter().filter_map(law).collect()
    }

    fn forecasts(&self, origins: &[usize]) -> Vec<Medians> {
        let mut predictors = Vec::new();
        let from = |origin: &usize| {
            predictors.clear();
            predictors.extend(self.reader.predictors(*origin));
            let last = self.reader.last(*origin);
            std::array::from_fn(|step| {
                let parts = self.weights.column(step);
                let change: f64 = parts.iter().zip(&predictors).map(|(w, x)| w * x).sum();
                self.reader.scale.undo(last + self.constant[step] + change) as f32
            })
        };
        origins.iter().map(from).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::naive::persistence;
    use super::super::tests::{day_wave, error, noise, past};
    use super::*;
    use crate::runtime::stop::never;

    #[test]
    fn a_linear_law_is_found() {
        // Two waves obey a linear law of four lags exactly.
        let wave = |k: usize, period: f64| (k as f64 * std::f64::consts::TAU / period).sin();
        let counts: Vec<f64> =
            (0..4000).map(|k| 500.0 + 100.0 * wave(k, 37.0) + 60.0 * wave(k, 91.3)).collect();
        let past = past(&counts, 300, 3200);
        let origins: Vec<usize> = (3200..3900).step_by(7).collect();
        let mine = error(&past, &origins, &forecasts(&past, 24, false, &origins, &never).unwrap());
        let naive = error(&past, &origins, &persistence(&past, &origins));
        assert!(mine < 0.05 * naive, "{mine} against {naive}");
    }

    #[test]
    fn past_seasons_help_where_the_recent_past_does_not() {
        // A day of fixed jumps that nothing before them foretells.
        let counts: Vec<f64> =
            (0..288 * 12).map(|k| 1000.0 + 400.0 * noise(k % 288) + 5.0 * noise(k)).collect();
        let past = past(&counts, 300, 288 * 10);
        let origins: Vec<usize> = (288 * 10..288 * 12 - 30).step_by(7).collect();
        let of = |seasonal| {
            error(&past, &origins, &forecasts(&past, 96, seasonal, &origins, &never).unwrap())
        };
        let (seasonal, plain) = (of(true), of(false));
        assert!(seasonal < 0.7 * plain, "{seasonal} against {plain}");
    }

    #[test]
    fn a_series_that_never_moves_is_no_problem() {
        let past = past(&[5.0; 2000], 300, 1600);
        let made = forecasts(&past, 24, false, &[1700], &never).unwrap();
        assert!(made[0].iter().all(|m| (m - 5.0).abs() < 1e-3), "{made:?}");
    }

    #[test]
    fn too_short_is_said() {
        let counts: Vec<f64> = (0..600).map(|k| day_wave(k, 288)).collect();
        let past = past(&counts, 300, 480);
        assert_eq!(forecasts(&past, 24, false, &[490], &never), None);
        assert_eq!(forecasts(&past, 96, true, &[490], &never), None);
    }
}
