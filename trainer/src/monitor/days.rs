//! What each day of a series was like: arrivals, features, and how the model did.

use crate::evaluate::forecasts::WARM_DAYS;
use crate::model::runnable::Runnable;
use crate::runtime::stop::Stop;
use anyhow::{Result, bail};
use scaleiq_core::features;
use scaleiq_core::forecast::{CONTEXT, ForecastPipeline, Forecaster as _, HORIZONS, Q10, Q50, Q90};
use scaleiq_core::interval::{Interval, IntervalLength};
use scaleiq_core::units::DAY_S;

/// Share of a day's intervals that must be known for it to count.
const KNOWN: f64 = 0.5;

/// One day, in UTC.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Day {
    /// Days since 1970.
    pub number: i64,
    /// Mean arrivals of an interval.
    pub arrivals_events: f64,
    /// Errors of the medians, over what came, at the shortest horizon.
    pub error: f64,
    /// Share of what came within the 80 % band there.
    pub coverage: f64,
    /// Means of the features, as the network is told them.
    pub features: Vec<f64>,
    /// Intervals known.
    pub known: usize,
}

/// Names of the features, in the order of [`Day::features`].
#[must_use]
pub fn feature_names() -> Vec<&'static str> {
    features::SPECS.iter().map(|spec| spec.name).collect()
}

/// Plays `rows` through the model and sums up each day from `first` (a day's number) on. Rows of up to
/// [`WARM_DAYS`] before are played for the experts to learn from. Days of which less than half is known
/// are left out.
///
/// # Errors
/// If `stop` says so.
pub fn days(
    rows: &[Interval],
    length: IntervalLength,
    network: Runnable,
    first: i64,
    mut tick: impl FnMut(u64),
    stop: Stop,
) -> Result<Vec<Day>> {
    let from = start(rows, first);
    let mut pipeline = ForecastPipeline::new(length, network);
    let ahead = HORIZONS[0];
    // What was forecast for the rows to come, by row.
    let mut told = vec![None; rows.len()];
    let mut days: Vec<Gathered> = Vec::new();
    for (row, interval) in rows.iter().enumerate().skip(from) {
        if stop() {
            bail!("interrupted");
        }
        let forecast = pipeline.push(interval);
        if let (Some(forecast), Some(slot)) = (forecast, told.get_mut(row + ahead)) {
            *slot = Some([Q10, Q50, Q90].map(|q| f64::from(forecast.events[ahead - 1][q])));
        }
        // An interval belongs to the day in which it begins.
        let number = (interval.end.0 - 1).div_euclid(i64::from(DAY_S));
        if number >= first {
            if days.last().is_none_or(|day| day.number != number) {
                days.push(Gathered::new(number));
            }
            let context = pipeline.input().map(|input| input.context);
            if let Some(day) = days.last_mut() {
                day.add(interval.arrivals_events.map(f64::from), told[row], context);
            }
        }
        if row % 256 == 0 {
            tick((row - from) as u64);
        }
    }
    let enough = (KNOWN * length.steps_per_day() as f64) as usize;
    Ok(days.iter().map(Gathered::finish).filter(|day| day.known >= enough.max(1)).collect())
}

/// Rows that [`days`] plays, for a progress bar.
#[must_use]
pub fn played(rows: &[Interval], first: i64) -> u64 {
    (rows.len() - start(rows, first)) as u64
}

fn start(rows: &[Interval], first: i64) -> usize {
    let from = (first - WARM_DAYS as i64) * i64::from(DAY_S);
    rows.partition_point(|row| row.end.0 <= from)
}

/// A day being summed up.
struct Gathered {
    number: i64,
    arrivals: f64,
    known: usize,
    error: f64,
    truth: f64,
    within: usize,
    judged: usize,
    features: [f64; CONTEXT],
    told: usize,
}

impl Gathered {
    fn new(number: i64) -> Self {
        Self {
            number,
            arrivals: 0.0,
            known: 0,
            error: 0.0,
            truth: 0.0,
            within: 0,
            judged: 0,
            features: [0.0; CONTEXT],
            told: 0,
        }
    }

    fn add(
        &mut self,
        came: Option<f64>,
        forecast: Option<[f64; 3]>,
        context: Option<[f32; CONTEXT]>,
    ) {
        if let Some(came) = came {
            self.arrivals += came;
            self.known += 1;
            if let Some([low, median, high]) = forecast {
                self.error += (median - came).abs();
                self.truth += came;
                self.within += usize::from(low <= came && came <= high);
                self.judged += 1;
            }
        }
        if let Some(context) = context {
            self.features.iter_mut().zip(context).for_each(|(sum, value)| *sum += f64::from(value));
            self.told += 1;
        }
    }

    fn finish(&self) -> Day {
        let over = |sum: f64, count: usize| if count > 0 { sum / count as f64 } else { 0.0 };
        Day {
            number: self.number,
            arrivals_events: over(self.arrivals, self.known),
            error: if self.truth > 0.0 { self.error / self.truth } else { 0.0 },
            coverage: over(self.within as f64, self.judged),
            features: self.features.iter().map(|sum| over(*sum, self.told)).collect(),
            known: self.known,
        }
    }
}
