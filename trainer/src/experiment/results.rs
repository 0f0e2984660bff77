//! The figures of a run: what `metrics.json` holds and what goes on the card.

use crate::evaluate::importance::Importance;
use crate::evaluate::metrics::HorizonScores;
use crate::evaluate::policy::EvalReport;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// `metrics.json`: the figures of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Results {
    /// Length of an interval in seconds.
    pub interval_s: u32,
    /// Name of the forecaster to its scores on the test part.
    pub forecast: BTreeMap<String, Vec<HorizonScores>>,
    /// What each input of the network is worth on the test part; empty in runs of before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub importance: Vec<Importance>,
    /// The policy on held-out loads, if it was trained.
    pub policy: Option<EvalReport>,
}

/// Forecasters whose figures are on the card.
const ON_CARD: [&str; 6] =
    ["int8", "f32", "network_alone", "experts_alone", "shipped", "persistence"];

/// The figures that go on the model's card.
#[must_use]
pub fn card_metrics(results: &Results) -> BTreeMap<String, f64> {
    let mut metrics = BTreeMap::new();
    for (name, scores) in &results.forecast {
        if !ON_CARD.contains(&name.as_str()) {
            continue;
        }
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
