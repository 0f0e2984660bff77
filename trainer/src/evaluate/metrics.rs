//! How good forecasts are: the one place where every figure is defined.
//!
//! A truth that is not finite was not observed and counts nowhere. A figure that its data does not
//! define (a ratio to nothing) is `None`, never 0 and never infinite.

use scaleiq_core::forecast::{Q10, Q50, Q90, QUANTILES};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Share of the truths below a peak.
pub const PEAK_LEVEL: f64 = 0.95;
/// A day counts as one if it has at least this share of the origins of the fullest day.
const WHOLE_DAY: f64 = 0.2;
/// Index of the 0.025 quantile.
const Q025: usize = 0;
/// Index of the 0.975 quantile.
const Q975: usize = 7;

/// One forecast of one interval and what came.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Case {
    /// Events that came; NaN if that was not observed.
    pub truth: f32,
    /// Events in the last interval known at the origin; NaN if there is none.
    pub last: f32,
    /// Quantiles forecast.
    pub quantiles: [f32; QUANTILES.len()],
}

/// Figures of single-valued forecasts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PointScores {
    /// Forecasts scored.
    pub count: usize,
    /// Mean absolute error.
    pub mae: Option<f64>,
    /// Mean squared error.
    pub mse: Option<f64>,
    /// Its root.
    pub rmse: Option<f64>,
    /// Mean of |error| / truth in percent, over truths other than 0.
    pub mape: Option<f64>,
    /// Mean of 2 |error| / (|truth| + |forecast|) in percent; 0 where both are 0.
    pub smape: Option<f64>,
    /// 1 - squared errors / squared distances of the truths from their mean.
    pub r2: Option<f64>,
    /// Sum of |error| / sum of |truth|.
    pub wape: Option<f64>,
    /// Mean absolute error in units of a scale given, usually the seasonal naive forecast's error
    /// on the training part.
    pub mase: Option<f64>,
    /// Share of the changes since the last known interval whose sign was forecast.
    pub direction_accuracy: Option<f64>,
    /// Share of the peaks forecast that came; a peak is above the truths' 95 % quantile.
    pub peak_precision: Option<f64>,
    /// Share of the peaks that were forecast.
    pub peak_recall: Option<f64>,
}

/// Figures of quantile forecasts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Scores {
    /// Of the medians.
    pub point: PointScores,
    /// Mean pinball loss over all quantiles.
    pub pinball: Option<f64>,
    /// Pinball loss over all quantiles as a share of the truths: what WAPE is to MAE.
    pub weighted_pinball: Option<f64>,
    /// Share of truths within the 10 % to 90 % band; 0.8 is right.
    pub coverage_80: Option<f64>,
    /// Share of truths within the 2.5 % to 97.5 % band; 0.95 is right.
    pub coverage_95: Option<f64>,
    /// Share of truths at or below each quantile; the quantile's level is right.
    pub calibration: Vec<Option<f64>>,
}

/// Scores of one horizon.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct HorizonScores {
    /// Intervals ahead, from 1.
    pub horizon: usize,
    /// Its scores.
    #[serde(flatten)]
    pub scores: Scores,
    /// Share of truths within the 10 % to 90 % band on the worst day.
    #[serde(default)]
    pub worst_day_coverage_80: Option<f64>,
}

impl PointScores {
    /// Scores `forecast` against `truth`, element by element; `last` holds what was known at the
    /// origin. Slices of unlike length are cut to the shortest.
    #[must_use]
    pub fn of(truth: &[f32], forecast: &[f32], last: &[f32], mase_scale: Option<f64>) -> Self {
        let rows: Vec<Row> = truth
            .iter()
            .zip(forecast)
            .zip(last)
            .filter(|((truth, _), _)| truth.is_finite())
            .map(|((t, f), l)| Row { truth: (*t).into(), forecast: (*f).into(), last: (*l).into() })
            .collect();
        let mean_of = |f: &dyn Fn(&Row) -> f64| mean(rows.iter().map(f));
        let mae = mean_of(&|r| r.error().abs());
        let mse = mean_of(&|r| r.error().powi(2));
        let with_truth = rows.iter().filter(|r| r.truth != 0.0);
        let mape = mean(with_truth.map(|r| 100.0 * (r.error() / r.truth).abs()));
        let mean_truth = mean_of(&|r| r.truth);
        let spread = mean_truth.and_then(|m| mean_of(&|r| (r.truth - m).powi(2)));
        let direction = rows.iter().filter(|r| r.last.is_finite() && r.truth != r.last);
        let (peak_precision, peak_recall) = peaks(&rows);
        Self {
            count: rows.len(),
            mae,
            mse,
            rmse: mse.map(f64::sqrt),
            mape,
            smape: mean_of(&Row::smape),
            r2: ratio(mse, spread).map(|r| 1.0 - r),
            wape: ratio(mae, mean_of(&|r| r.truth.abs())),
            mase: ratio(mae, mase_scale),
            direction_accuracy: share(direction, Row::same_direction),
            peak_precision,
            peak_recall,
        }
    }
}

impl Scores {
    /// Scores the forecasts of one horizon.
    #[must_use]
    pub fn of(cases: &[Case], mase_scale: Option<f64>) -> Self {
        let column = |f: fn(&Case) -> f32| cases.iter().map(f).collect::<Vec<_>>();
        let truth = column(|c| c.truth);
        let known = || cases.iter().filter(|c| c.truth.is_finite());
        let within = |low: usize, high: usize| {
            share(known(), |c| c.quantiles[low] <= c.truth && c.truth <= c.quantiles[high])
        };
        let pinball = mean(known().map(Case::pinball));
        Self {
            point: PointScores::of(
                &truth,
                &column(|c| c.quantiles[Q50]),
                &column(|c| c.last),
                mase_scale,
            ),
            pinball,
            weighted_pinball: ratio(pinball, mean(known().map(|c| f64::from(c.truth.abs())))),
            coverage_80: within(Q10, Q90),
            coverage_95: within(Q025, Q975),
            calibration: (0..QUANTILES.len())
                .map(|q| share(known(), |c| c.truth <= c.quantiles[q]))
                .collect(),
        }
    }
}

impl Case {
    /// Mean pinball loss over the quantiles (Koenker and Bassett 1978).
    #[must_use]
    pub fn pinball(&self) -> f64 {
        let losses = QUANTILES.iter().zip(&self.quantiles).map(|(level, quantile)| {
            pinball(f64::from(self.truth), f64::from(*quantile), f64::from(*level))
        });
        losses.sum::<f64>() / QUANTILES.len() as f64
    }
}

/// Pinball loss of `quantile`, forecast for `level`, when `truth` came.
#[must_use]
pub fn pinball(truth: f64, quantile: f64, level: f64) -> f64 {
    let below = truth - quantile;
    if below >= 0.0 { level * below } else { (level - 1.0) * below }
}

/// The lowest share of truths within the 10 % to 90 % band among the days: each item is the UTC day
/// of an origin and what was forecast from there. A band may be right on average and miss a whole
/// day. Days with few origins are left out, since a handful misses by chance.
#[must_use]
pub fn worst_day_coverage_80<'a>(
    origins: impl IntoIterator<Item = (i64, &'a [Case])>,
) -> Option<f64> {
    let mut days: BTreeMap<i64, (usize, Vec<&Case>)> = BTreeMap::new();
    for (day, cases) in origins {
        let known = cases.iter().filter(|c| c.truth.is_finite());
        let (origins, all) = days.entry(day).or_default();
        let before = all.len();
        all.extend(known);
        *origins += usize::from(all.len() > before);
    }
    let fullest = days.values().map(|(origins, _)| *origins).max()?;
    let whole = days.values().filter(|(n, _)| *n as f64 >= WHOLE_DAY * fullest as f64);
    let within = |c: &&Case| c.quantiles[Q10] <= c.truth && c.truth <= c.quantiles[Q90];
    whole.filter_map(|(_, cases)| share(cases.iter(), within)).reduce(f64::min)
}

/// Mean absolute change over `season` intervals where both ends are known: the scale of MASE
/// (Hyndman and Koehler 2006).
#[must_use]
pub fn mase_scale(train: &[f32], season: usize) -> Option<f64> {
    let later = train.get(season..)?;
    let changes = train.iter().zip(later).map(|(a, b)| f64::from((b - a).abs()));
    mean(changes.filter(|change| change.is_finite())).filter(|scale| *scale > 0.0)
}

/// The value below which a share `level` of `values` lies, interpolated between neighbours.
#[must_use]
pub fn quantile(values: &[f64], level: f64) -> Option<f64> {
    let mut sorted: Vec<f64> = values.iter().copied().filter(|v| v.is_finite()).collect();
    sorted.sort_by(f64::total_cmp);
    let position = level.clamp(0.0, 1.0) * sorted.len().checked_sub(1)? as f64;
    let low = position as usize;
    let a = *sorted.get(low)?;
    let b = sorted.get(low + 1).copied().unwrap_or(a);
    Some(a + (b - a) * (position - low as f64))
}

#[derive(Clone, Copy)]
struct Row {
    truth: f64,
    forecast: f64,
    last: f64,
}

impl Row {
    fn error(&self) -> f64 {
        self.forecast - self.truth
    }

    fn smape(&self) -> f64 {
        let size = self.truth.abs() + self.forecast.abs();
        if size == 0.0 { 0.0 } else { 200.0 * self.error().abs() / size }
    }

    fn same_direction(&self) -> bool {
        (self.truth - self.last) * (self.forecast - self.last) > 0.0
    }
}

/// Precision and recall of peaks.
fn peaks(rows: &[Row]) -> (Option<f64>, Option<f64>) {
    let truths: Vec<f64> = rows.iter().map(|r| r.truth).collect();
    let Some(threshold) = quantile(&truths, PEAK_LEVEL) else { return (None, None) };
    let came = |r: &Row| r.truth > threshold;
    let forecast = |r: &Row| r.forecast > threshold;
    let precision = share(rows.iter().filter(|r| forecast(r)), came);
    let recall = share(rows.iter().filter(|r| came(r)), forecast);
    (precision, recall)
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, count) = values.fold((0.0, 0u64), |(sum, count), value| (sum + value, count + 1));
    (count > 0).then(|| sum / count as f64)
}

fn share<'a, T: 'a>(items: impl Iterator<Item = &'a T>, is: impl Fn(&T) -> bool) -> Option<f64> {
    mean(items.map(|item| f64::from(u8::from(is(item)))))
}

fn ratio(a: Option<f64>, b: Option<f64>) -> Option<f64> {
    let (a, b) = (a?, b?);
    (b != 0.0).then(|| a / b)
}

#[cfg(test)]
mod tests;
