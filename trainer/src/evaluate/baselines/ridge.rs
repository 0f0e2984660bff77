//! Ridge regression (Hoerl and Kennard 1970) from the last counts to the next 24, one linear law for
//! each step: plain autoregression, which is hard to beat on regular days.

use super::super::regression::{Law, Used};
use super::scale::Scale;
use super::{Medians, Past};
use crate::runtime::stop::Stop;
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
    let candidates = readers.iter().flat_map(|reader| ScaledLaw::fit_all(reader, stop));
    let chosen = past.choose(candidates, |law, at| law.forecasts(at), stop)?;
    Some(chosen.forecasts(origins))
}

/// A linear law for each step, on the scale of its reader.
struct ScaledLaw<'a> {
    reader: &'a Reader<'a>,
    law: Law,
}

impl<'a> ScaledLaw<'a> {
    /// One law for each penalty; none if there is too little to learn from.
    fn fit_all(reader: &'a Reader<'a>, stop: Stop) -> Vec<Self> {
        let Some(moments) = reader.moments(stop) else { return Vec::new() };
        let law = |penalty: f64| {
            let used = (0..reader.width()).map(|place| Used { place, penalty });
            let law = moments.law(&used.collect::<Vec<_>>(), 0..STEPS)?;
            Some(Self { reader, law })
        };
        PENALTIES.into_iter().filter_map(law).collect()
    }

    fn forecasts(&self, origins: &[usize]) -> Vec<Medians> {
        let from = |origin: &usize| {
            let predictors: Vec<f64> = self.reader.predictors(*origin).collect();
            let last = self.reader.last(*origin);
            std::array::from_fn(|step| {
                self.reader.scale.undo(last + self.law.says(step, &predictors)) as f32
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
