//! What a regression is told without any column: the arrivals, the forecasts and their last errors, and the clock.
//! What a column adds to these is its own.

use super::case::{Case, Scale};
use super::features::{Column, PAST};
use crate::evaluate::test_series::TestSeries;
use scaleiq_core::forecast::HORIZONS;
use scaleiq_core::units::DAY_S;
use std::f64::consts::TAU;

/// What is told: arrivals, errors and forecasts at each horizon, two waves of a day, and whether it is a weekend.
pub(super) const CONTROL: usize = PAST + 2 * HORIZONS.len() + 5;

/// Reads what is told at each origin.
pub(super) struct Control<'a> {
    series: &'a TestSeries,
    cases: &'a [Case],
    scale: Scale,
    arrivals: Column,
}

impl<'a> Control<'a> {
    /// Of cases in order of time. `None` if arrivals never change before the test part.
    pub(super) fn new(series: &'a TestSeries, cases: &'a [Case], scale: Scale) -> Option<Self> {
        let counts: Vec<Option<f64>> =
            series.rows.iter().map(|row| row.arrivals_events.map(f64::from)).collect();
        let day = series.length.steps_per_day();
        let arrivals = Column::new(&counts, series.from, day)?;
        Some(Self { series, cases, scale, arrivals })
    }

    /// What is known at the origin of a case.
    pub(super) fn features(&self, case: &Case) -> [f64; CONTROL] {
        let mut features = [0.0; CONTROL];
        let (past, rest) = features.split_at_mut(PAST);
        past.copy_from_slice(&self.arrivals.past(case.row));
        let (errors, rest) = rest.split_at_mut(HORIZONS.len());
        let (forecasts, clock) = rest.split_at_mut(HORIZONS.len());
        for ((error, forecast), horizon) in errors.iter_mut().zip(forecasts).zip(HORIZONS) {
            *error = self.last_error(case.row, horizon);
            *forecast = self.scale.log_ratio(case.mean(horizon), self.scale.usual);
        }
        clock.copy_from_slice(&self.clock(case.row));
        features
    }

    /// The error of the last forecast of which `horizon` steps have come at `row`; 0 where there is none.
    fn last_error(&self, row: usize, horizon: usize) -> f64 {
        let known = self.cases.partition_point(|case| case.row + horizon <= row);
        let last = known.checked_sub(1).and_then(|last| self.cases.get(last));
        last.and_then(|case| case.mean_error(horizon)).unwrap_or(0.0)
    }

    fn clock(&self, row: usize) -> [f64; 5] {
        let end_s = self.series.rows[row].end.0;
        let day = i64::from(DAY_S);
        let part = TAU * end_s.rem_euclid(day) as f64 / f64::from(DAY_S);
        // 1970-01-01 was a Thursday.
        let is_weekend = (end_s.div_euclid(day) + 3).rem_euclid(7) >= 5;
        let waves = [part.sin(), part.cos(), (2.0 * part).sin(), (2.0 * part).cos()];
        [waves[0], waves[1], waves[2], waves[3], f64::from(u8::from(is_weekend))]
    }
}
