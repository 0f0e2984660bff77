//! The figures of a run: what `metrics.json` holds and what goes on the card.

use crate::evaluate::forecasts::Origin;
use crate::evaluate::metrics::HorizonScores;
use crate::evaluate::policy::EvalReport;
use scaleiq_core::forecast::QUANTILES;
use scaleiq_core::interval::{Interval, IntervalLength};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Step ahead that the plot of forecasts shows: the middle horizon.
pub const PLOTTED_STEP: usize = 12;
/// Origins that the plot shows.
const PLOTTED: usize = 240;
/// A forecast of one moment and what came, for the plot.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlottedForecast {
    /// The moment, in epoch seconds.
    pub time: i64,
    /// What came; `None` if it was not observed.
    pub truth: Option<f32>,
    /// Quantiles forecast.
    pub quantiles: [f32; QUANTILES.len()],
}

/// `metrics.json`: everything that the report is made from, beside the learning curves.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Results {
    /// Length of an interval in seconds.
    pub interval_s: u32,
    /// Name of the forecaster to its scores on the test part.
    pub forecast: BTreeMap<String, Vec<HorizonScores>>,
    /// The policy on held-out loads, if it was trained.
    pub policy: Option<EvalReport>,
    /// A stretch of the test part.
    pub plotted: Vec<PlottedForecast>,
}

impl Results {
    /// Gathers the results of the forecasters; the last origins are kept for the plot.
    #[must_use]
    pub fn new(
        intervals: &[Interval],
        length: IntervalLength,
        origins: &[Origin],
        forecast: BTreeMap<String, Vec<HorizonScores>>,
    ) -> Self {
        let plotted = plotted(intervals, length, origins);
        Self { interval_s: length.seconds(), forecast, policy: None, plotted }
    }
}

/// The last origins for the plot.
#[must_use]
pub fn plotted(
    intervals: &[Interval],
    length: IntervalLength,
    origins: &[Origin],
) -> Vec<PlottedForecast> {
    let length_s = i64::from(length.seconds());
    let plot = |origin: &Origin| {
        let row = origin.row + PLOTTED_STEP;
        PlottedForecast {
            time: origin.forecast.origin.0 + length_s * PLOTTED_STEP as i64,
            truth: intervals.get(row).and_then(|i| i.arrivals_events),
            quantiles: origin.forecast.events[PLOTTED_STEP - 1],
        }
    };
    let first = origins.len().saturating_sub(PLOTTED);
    origins[first..].iter().map(plot).collect()
}

/// The figures that go on the model's card.
#[must_use]
pub fn card_metrics(results: &Results) -> BTreeMap<String, f64> {
    let mut metrics = BTreeMap::new();
    for (name, scores) in &results.forecast {
        for score in scores {
            let figures = [
                ("wape", score.scores.point.wape),
                ("mase", score.scores.point.mase),
                ("coverage_80", score.scores.coverage_80),
            ];
            for (figure, value) in figures {
                if let Some(value) = value {
                    metrics.insert(format!("{name}_h{}_{figure}", score.horizon), value);
                }
            }
        }
    }
    if let Some(policy) = &results.policy {
        let figures = [
            ("dqn", policy.dqn),
            ("planner", policy.planner),
            ("quantile_rule", policy.quantile_rule),
            ("reactive", policy.reactive),
        ];
        metrics
            .extend(figures.map(|(name, value)| (format!("policy_penalised_cost_{name}"), value)));
    }
    metrics
}
