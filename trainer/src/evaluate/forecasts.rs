//! Rolling-origin forecasts of a series, scored at the three horizons.

use super::metrics::{Case, HorizonScores, Scores};
use scaleiq_core::forecast::{Forecast, ForecastModel, HORIZONS, Perception};
use scaleiq_core::interval::Interval;

/// A forecast and the row it was made after.
#[derive(Clone, Debug)]
pub struct Origin {
    /// Index of the last interval known.
    pub row: usize,
    /// What was forecast from there.
    pub forecast: Forecast,
}

/// Plays all of `intervals` through `perception` and forecasts after every `stride`-th row from
/// `from` on. Whatever is forecast knows only the rows up to its origin.
pub fn rolling<M: ForecastModel>(
    mut perception: Perception<M>,
    intervals: &[Interval],
    from: usize,
    stride: usize,
    mut tick: impl FnMut(usize),
) -> Vec<Origin> {
    let mut origins = Vec::new();
    for (row, interval) in intervals.iter().enumerate() {
        perception.remember(interval);
        if row >= from && (row - from).is_multiple_of(stride.max(1)) {
            origins.extend(perception.forecast().map(|forecast| Origin { row, forecast }));
        }
        tick(row);
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
    let scale = daily_difference(&intervals[..from.min(intervals.len())], day);
    HORIZONS
        .map(|horizon| {
            let cases: Vec<Case> =
                origins.iter().flat_map(|o| cases(intervals, o, horizon)).collect();
            HorizonScores { horizon, scores: Scores::of(&cases, scale) }
        })
        .to_vec()
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

fn daily_difference(intervals: &[Interval], day: usize) -> Option<f64> {
    let pairs = intervals.iter().zip(intervals.get(day..)?);
    let known = pairs.filter_map(|(a, b)| Some((a.arrivals_events?, b.arrivals_events?)));
    let (sum, n) = known.fold((0.0, 0.0), |(s, n), (a, b)| (s + f64::from((a - b).abs()), n + 1.0));
    (n > 0.0 && sum > 0.0).then(|| sum / n)
}
