//! What a page shows of an evaluation: scores, the last forecasts, and where the errors are. It is small
//! enough to be kept with a run, so that runs can be compared later without forecasting again.

use super::contest::{Comparison, Kind, Standing};
use super::made::Made;
use super::metrics::HorizonScores;
use super::paired::{Ratio, ratio};
use super::test_series::TestSeries;
use scaleiq_core::forecast::{HORIZONS, Q10, Q50, Q90};
use serde::{Deserialize, Serialize};

/// Origins whose forecasts are kept.
const SHOWN: usize = 500;
/// Quantiles that are kept of them: the ends of both bands and the median.
const KEPT: [usize; 5] = [0, Q10, Q50, Q90, 7];
/// Bars of a histogram of residuals, and the share of them that it shows.
const BARS: usize = 40;
const SHOWN_RESIDUALS: f64 = 0.99;
/// Hours of a week.
const WEEK: usize = 7 * 24;

/// An evaluation on one series.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SeriesView {
    /// The series.
    pub name: String,
    /// Length of an interval in seconds.
    pub interval_s: u32,
    /// Origins judged, and when the test part begins.
    pub origins: usize,
    /// See [`Self::origins`].
    pub begins: String,
    /// For each horizon the moments of the forecasts that are kept, and what came.
    pub shown: Vec<Shown>,
    /// Everybody, as in the contest.
    pub forecasters: Vec<ForecasterView>,
    /// Who is better than whom, of models, and not by chance.
    pub duels: Vec<Duel>,
    /// Forecasters for which the series is too short.
    pub left_out: Vec<String>,
    /// What a reader must know of how was judged.
    #[serde(default)]
    pub note: Option<String>,
}

/// Moments that were forecast, at one horizon.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Shown {
    /// Intervals ahead.
    pub horizon: usize,
    /// Ends of the intervals forecast, in seconds since 1970.
    pub times: Vec<i64>,
    /// Events that came.
    pub truth: Vec<Option<f64>>,
}

/// One forecaster.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ForecasterView {
    /// Who.
    pub name: String,
    /// What that is.
    pub kind: Kind,
    /// Scores of each horizon, over all steps up to it.
    pub scores: Vec<HorizonScores>,
    /// Where the errors are, at each horizon.
    pub errors: Vec<Errors>,
    /// For each horizon the forecasts of [`SeriesView::shown`]: the 0.025, 0.1, 0.5, 0.9 and 0.975
    /// quantile, or the median alone.
    pub shown: Vec<Vec<Vec<f64>>>,
}

/// The errors at one horizon.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Errors {
    /// Absolute errors, summed by hour of the week from Monday 00:00 UTC.
    pub error: Vec<f64>,
    /// What came, summed likewise.
    pub truth: Vec<f64>,
    /// A histogram of what was forecast less what came: where its first bar begins, how wide a bar is,
    /// and how many lie in each.
    pub residuals: (f64, f64, Vec<u32>),
}

/// Two forecasters and the ratio of their errors at each horizon.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Duel {
    /// A model.
    pub name: String,
    /// Whom it is compared with.
    pub other: String,
    /// One for each horizon.
    pub ratios: Vec<Option<Ratio>>,
}

impl SeriesView {
    /// The view of a contest.
    #[must_use]
    pub fn of(compared: &Comparison) -> Self {
        let series = &compared.series;
        let rows: Vec<usize> = series.origins().collect();
        let rows = &rows[rows.len().saturating_sub(SHOWN)..];
        let shown = |horizon: usize| Shown {
            horizon,
            times: rows.iter().map(|row| series.rows[row + horizon].end.0).collect(),
            truth: rows.iter().map(|row| truth(series, row + horizon).map(rounded)).collect(),
        };
        Self {
            name: series.name.clone(),
            interval_s: series.length.seconds(),
            origins: series.origins().count(),
            begins: series.begins(),
            shown: HORIZONS.map(shown).into(),
            forecasters: compared.standings.iter().map(|s| forecaster(series, s, rows)).collect(),
            duels: duels(compared),
            left_out: compared.left_out.clone(),
            note: None,
        }
    }
}

fn forecaster(series: &TestSeries, standing: &Standing, rows: &[usize]) -> ForecasterView {
    let first = rows.first().copied().unwrap_or(0);
    let shown = |horizon: usize| -> Vec<Vec<f64>> {
        let of = |kept: Vec<f32>| kept.into_iter().map(|v| rounded(v.into())).collect();
        match &standing.made {
            Made::Quantiles(_) => {
                let all = standing.made.quantiles(horizon).filter(|(row, _)| *row >= first);
                all.map(|(_, q)| of(KEPT.map(|k| q[k]).into())).collect()
            }
            Made::Medians(_) => {
                let all = standing.made.medians(horizon).filter(|(row, _)| *row >= first);
                all.map(|(_, median)| of(vec![median])).collect()
            }
        }
    };
    ForecasterView {
        name: standing.name.clone(),
        kind: standing.kind,
        scores: standing.scores.clone(),
        errors: HORIZONS.map(|horizon| errors(series, &standing.made, horizon)).into(),
        shown: HORIZONS.map(shown).into(),
    }
}

fn errors(series: &TestSeries, made: &Made, horizon: usize) -> Errors {
    let (mut error, mut came) = (vec![0.0; WEEK], vec![0.0; WEEK]);
    let mut residuals = Vec::with_capacity(made.len());
    for (row, median) in made.medians(horizon) {
        let Some(truth) = truth(series, row + horizon) else { continue };
        let residual = f64::from(median) - truth;
        // 1970 began on a Thursday.
        let hour = series.rows[row + horizon].end.0.div_euclid(3600) + 3 * 24;
        let hour = hour.rem_euclid(WEEK as i64) as usize;
        error[hour] += residual.abs();
        came[hour] += truth;
        residuals.push(residual);
    }
    let round = |all: Vec<f64>| all.into_iter().map(rounded).collect();
    Errors { error: round(error), truth: round(came), residuals: histogram(residuals) }
}

/// A histogram about 0 that leaves out the largest.
fn histogram(mut residuals: Vec<f64>) -> (f64, f64, Vec<u32>) {
    residuals.sort_by(|a, b| a.abs().total_cmp(&b.abs()));
    let kept = (residuals.len() as f64 * SHOWN_RESIDUALS) as usize;
    let most = residuals.get(kept.saturating_sub(1)).map_or(1.0, |r| r.abs()).max(1e-9);
    let width = 2.0 * most / BARS as f64;
    let mut bars = vec![0; BARS];
    for residual in &residuals[..kept] {
        bars[(((residual + most) / width) as usize).min(BARS - 1)] += 1;
    }
    (rounded(-most), rounded(width), bars)
}

/// Each model against the first other model and against the best baseline.
fn duels(compared: &Comparison) -> Vec<Duel> {
    let best = compared.best_baseline(HORIZONS.len() - 1).map(|(name, _)| name.to_string());
    let models: Vec<&Standing> = compared.of_kind(Kind::Model).collect();
    let baseline = compared.of_kind(Kind::Baseline).find(|s| Some(&s.name) == best.as_ref());
    let pairs = models.iter().enumerate().flat_map(|(k, mine)| {
        models[k + 1..].iter().copied().chain(baseline).map(move |other| (*mine, other))
    });
    pairs
        .map(|(mine, other)| Duel {
            name: mine.name.clone(),
            other: other.name.clone(),
            ratios: HORIZONS
                .map(|horizon| ratio(&compared.series, &mine.made, &other.made, horizon))
                .into(),
        })
        .collect()
}

fn truth(series: &TestSeries, row: usize) -> Option<f64> {
    series.rows.get(row)?.arrivals_events.map(f64::from)
}

/// Four digits: as many as a chart shows.
fn rounded(value: f64) -> f64 {
    if value == 0.0 || !value.is_finite() {
        return 0.0;
    }
    let scale = 10f64.powi(3 - value.abs().log10().floor() as i32);
    (value * scale).round() / scale
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_digits_are_kept() {
        let all = [123_456.0, 0.001_234_56, -9.999_9, 0.0, 5.0].map(rounded);
        assert_eq!(all, [123_500.0, 0.001_235, -10.0, 0.0, 5.0]);
    }

    #[test]
    fn a_histogram_holds_all_but_the_largest() {
        let mut residuals: Vec<f64> = (0..990).map(|k| f64::from(k) / 495.0 - 1.0).collect();
        residuals.extend([1e9; 10]);
        let (from, width, bars) = histogram(residuals);
        assert_eq!((from, width, bars.len()), (-1.0, 0.05, BARS));
        assert_eq!(bars.iter().sum::<u32>(), 990);
        assert!(bars.iter().all(|bar| (20..30).contains(bar)), "{bars:?}");
        assert_eq!(histogram(Vec::new()).2.iter().sum::<u32>(), 0);
    }
}
