//! Rolling-origin forecasts of a series, scored at the three horizons.

use super::metrics::{Case, HorizonScores, PointScores, Scores, mase_scale, worst_day_coverage_80};
use scaleiq_core::forecast::{
    Forecast, ForecastModel, ForecastPipeline, ForecastSource, Forecaster as _, HORIZONS,
    ModelInput, NoModel, Plan, QuantileGrid, STEPS, ahead,
};
use scaleiq_core::interval::{Interval, IntervalLength};
use scaleiq_core::units::DAY_S;

/// Days before a test part from which on the experts learn: the four weeks that history holds, and
/// two more.
pub const WARM_DAYS: usize = 42;

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

/// Plays `intervals` through `pipeline` and forecasts from the origins of `course`. Whatever is
/// forecast knows only the rows up to its origin. `tick` is told each row and says whether to go on.
pub fn rolling<M: ForecastModel>(
    pipeline: ForecastPipeline<M>,
    intervals: &[Interval],
    course: Course,
    tick: impl FnMut(usize) -> bool,
) -> Vec<Origin> {
    rolling_planned(pipeline, intervals, &[], course, tick)
}

/// The same where something is planned: a forecast also knows `plans` (row by row, which may go on
/// after the last interval) up to [`STEPS`] rows after its origin.
pub fn rolling_planned<M: ForecastModel>(
    mut pipeline: ForecastPipeline<M>,
    intervals: &[Interval],
    plans: &[Plan],
    course: Course,
    mut tick: impl FnMut(usize) -> bool,
) -> Vec<Origin> {
    let mut origins = Vec::new();
    for (row, interval) in intervals.iter().enumerate().skip(course.start) {
        pipeline.set_planned(&ahead(plans, row));
        let forecast = pipeline.push(interval);
        if course.is_origin(row) {
            origins.extend(forecast.map(|forecast| Origin { row, forecast }));
        }
        if !tick(row) {
            break;
        }
    }
    origins
}

/// The same for a forecaster that only reads the network's inputs: no experts beside it.
pub fn rolling_alone(
    length: IntervalLength,
    intervals: &[Interval],
    course: Course,
    mut forecast: impl FnMut(&ModelInput) -> QuantileGrid,
    mut tick: impl FnMut(usize) -> bool,
) -> Vec<Origin> {
    let mut pipeline = ForecastPipeline::new(length, NoModel);
    let mut origins = Vec::new();
    for (row, interval) in intervals.iter().enumerate().skip(course.start) {
        pipeline.remember(interval);
        let due = |_: &ModelInput| course.is_origin(row);
        let grid = pipeline.input().filter(due).map(|input| forecast(&input));
        let made = grid
            .and_then(|grid| Forecast::new(interval.end, length, grid, ForecastSource::Model).ok());
        origins.extend(made.map(|forecast| Origin { row, forecast }));
        if !tick(row) {
            break;
        }
    }
    origins
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
    let scale = scale(intervals, day, from);
    let day_of = |origin: &Origin| origin.forecast.origin.0.div_euclid(i64::from(DAY_S));
    HORIZONS
        .map(|horizon| {
            let cases: Vec<Vec<Case>> =
                origins.iter().map(|o| cases(intervals, o, horizon)).collect();
            let by_day = origins.iter().map(day_of).zip(cases.iter().map(Vec::as_slice));
            HorizonScores {
                horizon,
                worst_day_coverage_80: worst_day_coverage_80(by_day),
                scores: Scores::of(&cases.concat(), scale),
            }
        })
        .to_vec()
}

/// The same for forecasters that only give medians: no figure of the bands. Each item is an
/// origin's row and what was forecast from there.
#[must_use]
pub fn median_scores(
    intervals: &[Interval],
    origins: &[(usize, [f32; STEPS])],
    day: usize,
    from: usize,
) -> Vec<HorizonScores> {
    let scale = scale(intervals, day, from);
    let point = |horizon: usize| {
        let (mut truth, mut median, mut last) = (Vec::new(), Vec::new(), Vec::new());
        for (row, medians) in origins {
            let rows = row + 1..=row + horizon.min(STEPS);
            truth.extend(rows.map(|row| count(intervals, row)));
            median.extend(medians.iter().take(horizon));
            last.resize(truth.len(), count(intervals, *row));
        }
        PointScores::of(&truth, &median, &last, scale)
    };
    HORIZONS
        .map(|horizon| HorizonScores {
            horizon,
            scores: Scores { point: point(horizon), ..Scores::default() },
            worst_day_coverage_80: None,
        })
        .to_vec()
}

fn scale(intervals: &[Interval], day: usize, from: usize) -> Option<f64> {
    let before = from.min(intervals.len());
    let before: Vec<f32> = (0..before).map(|row| count(intervals, row)).collect();
    mase_scale(&before, day)
}

/// The count of a row, NaN where it is missing or there is no such row.
fn count(intervals: &[Interval], row: usize) -> f32 {
    intervals.get(row).and_then(|i| i.arrivals_events).unwrap_or(f32::NAN)
}

fn cases(intervals: &[Interval], origin: &Origin, steps: usize) -> Vec<Case> {
    let quantiles = origin.forecast.events.iter().take(steps).enumerate();
    quantiles
        .map(|(step, quantiles)| Case {
            truth: count(intervals, origin.row + 1 + step),
            last: count(intervals, origin.row),
            quantiles: *quantiles,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use scaleiq_workload::Series;
    use std::fmt::Write as _;

    /// Rows that are measured; further ones only say what is planned.
    const MEASURED: usize = 7 * 288;

    /// A file of 5-minute rows; campaigns of an hour double the arrivals.
    fn series(campaign: impl Fn(usize) -> bool) -> Series {
        let mut csv = String::from("timestamp,value,campaign\n");
        for row in 0..MEASURED + 30 {
            let size = u8::from(campaign(row));
            let usual = 500 + row * 7919 % 41;
            let _ = match row < MEASURED {
                true => writeln!(csv, "{},{},{size}", row * 300, usual * usize::from(1 + size)),
                false => writeln!(csv, "{},,{size}", row * 300),
            };
        }
        Series::from_reader("planned.csv", csv.as_bytes()).unwrap()
    }

    fn play(series: &Series, plans: &[Plan]) -> Vec<Origin> {
        let pipeline = ForecastPipeline::new(IntervalLength::new(300).unwrap(), NoModel);
        let course = Course { start: 0, from: 0, stride: 1 };
        rolling_planned(pipeline, &series.rows[..series.measured()], plans, course, |_| true)
    }

    #[test]
    fn plans_are_known_as_far_as_a_forecast_reaches_and_no_further() {
        let campaign = |row: usize| row % 97 < 12 || row >= MEASURED + 6;
        let series = series(campaign);
        let told = play(&series, &series.plans);
        let last = told.last().unwrap();
        assert_eq!((last.row, told.len()), (MEASURED - 1, MEASURED));
        // The campaign in the rows without measurements is forecast.
        let median = |step: usize| last.forecast.events[step][scaleiq_core::forecast::Q50];
        assert!((400.0..650.0).contains(&median(5)), "{}", median(5));
        assert!((900.0..1200.0).contains(&median(6)), "{}", median(6));

        let origin = 5 * 288;
        let mut other = series.plans.clone();
        other[origin + STEPS + 1..].fill([1.0, 3.0]);
        let changed = play(&series, &other);
        let same = |a: &Origin, b: &Origin| a.forecast == b.forecast;
        assert!(told[..=origin].iter().zip(&changed).all(|(a, b)| same(a, b)));
        assert!(!same(&told[origin + 1], &changed[origin + 1]));

        let course = Course { start: 0, from: 0, stride: 1 };
        let pipeline = ForecastPipeline::new(IntervalLength::new(300).unwrap(), NoModel);
        let untold = rolling(pipeline, &series.rows[..MEASURED], course, |_| true);
        assert!(untold.iter().zip(&play(&series, &[])).all(|(a, b)| same(a, b)));
    }
}
