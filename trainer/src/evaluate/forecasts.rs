//! Rolling-origin forecasts of a series, scored at the three horizons.

use super::metrics::{Case, HorizonScores, Scores, mase_scale};
use scaleiq_core::forecast::{
    Forecast, ForecastModel, ForecastSource, Forecaster as _, HORIZONS, ModelInput, Perception,
    QUANTILES, QuantileGrid, STEPS,
};
use scaleiq_core::interval::{Interval, IntervalLength};

/// A forecast and the row it was made after.
#[derive(Clone, Debug)]
pub struct Origin {
    /// Index of the last interval known.
    pub row: usize,
    /// What was forecast from there.
    pub forecast: Forecast,
}

/// Which rows are played, and which of them are origins.
#[derive(Clone, Copy, Debug)]
pub struct Course {
    /// The first row that is played: experts learn from here on.
    pub start: usize,
    /// The first origin.
    pub from: usize,
    /// Rows from one origin to the next.
    pub stride: usize,
}

impl Course {
    fn is_origin(&self, row: usize) -> bool {
        row >= self.from && (row - self.from).is_multiple_of(self.stride.max(1))
    }
}

/// Plays `intervals` through `perception` and forecasts from the origins of `course`. Whatever is
/// forecast knows only the rows up to its origin.
pub fn rolling<M: ForecastModel>(
    mut perception: Perception<M>,
    intervals: &[Interval],
    course: Course,
    mut tick: impl FnMut(usize),
) -> Vec<Origin> {
    let mut origins = Vec::new();
    for (row, interval) in intervals.iter().enumerate().skip(course.start) {
        let forecast = perception.push(interval);
        if course.is_origin(row) {
            origins.extend(forecast.map(|forecast| Origin { row, forecast }));
        }
        tick(row);
    }
    origins
}

/// The same for a forecaster that only reads the network's inputs: no experts beside it.
pub fn rolling_alone(
    length: IntervalLength,
    intervals: &[Interval],
    course: Course,
    mut forecast: impl FnMut(&ModelInput) -> QuantileGrid,
) -> Vec<Origin> {
    let mut perception = Perception::new(length, NoNetwork);
    let mut origins = Vec::new();
    for (row, interval) in intervals.iter().enumerate().skip(course.start) {
        perception.remember(interval);
        let due = |_: &ModelInput| course.is_origin(row);
        let grid = perception.input().filter(due).map(|input| forecast(&input));
        let made = grid
            .and_then(|grid| Forecast::new(interval.end, length, grid, ForecastSource::Model).ok());
        origins.extend(made.map(|forecast| Origin { row, forecast }));
    }
    origins
}

/// Stands where a network would and fails: the experts are alone then.
#[derive(Clone, Copy, Debug)]
pub struct NoNetwork;

impl ForecastModel for NoNetwork {
    type Error = &'static str;

    fn infer(&mut self, _: &ModelInput) -> Result<[f32; STEPS * QUANTILES.len()], Self::Error> {
        Err("no network")
    }
}

/// Scores over steps 1..=H for each horizon H, and the mean absolute daily difference of the rows
/// before `from` as the scale of MASE.
#[must_use]
pub fn scores(
    intervals: &[Interval],
    origins: &[Origin],
    day: usize,
    from: usize,
) -> Vec<HorizonScores> {
    let before: Vec<f32> = intervals[..from.min(intervals.len())].iter().map(events).collect();
    let scale = mase_scale(&before, day);
    HORIZONS
        .map(|horizon| {
            let cases: Vec<Case> =
                origins.iter().flat_map(|o| cases(intervals, o, horizon)).collect();
            HorizonScores { horizon, scores: Scores::of(&cases, scale) }
        })
        .to_vec()
}

/// The count of an interval, NaN where it is missing.
fn events(interval: &Interval) -> f32 {
    interval.arrivals_events.unwrap_or(f32::NAN)
}

fn cases(intervals: &[Interval], origin: &Origin, steps: usize) -> Vec<Case> {
    let events =
        |row: usize| intervals.get(row).and_then(|i| i.arrivals_events).unwrap_or(f32::NAN);
    let quantiles = origin.forecast.events.iter().take(steps).enumerate();
    quantiles
        .map(|(step, quantiles)| Case {
            truth: events(origin.row + 1 + step),
            last: events(origin.row),
            quantiles: *quantiles,
        })
        .collect()
}
