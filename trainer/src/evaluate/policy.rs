//! How scaling policies did on held-out workloads.

use scaleiq_workload::sim::Score;
use serde::{Deserialize, Serialize};

/// Share of the events that must begin in time.
pub const SLA: f64 = 0.999;
/// What a lacking share of the SLA adds to the cost: 0.1 % is worth as much as 15 % more jobs.
const SLA_PRICE: f64 = 150.0;

/// Results of the policies in one world.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CaseReport {
    /// The workload's name.
    pub workload: String,
    /// The world's name.
    pub world: String,
    /// The Q-network.
    pub dqn: Score,
    /// The plan that it multiplies, as it is.
    pub planner: Score,
    /// Jobs for the 0.9 quantile of the forecast.
    pub quantile_rule: Score,
    /// Jobs for the present rate.
    pub reactive: Score,
}

/// Results on all held-out cases.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct EvalReport {
    /// One per workload and world.
    pub cases: Vec<CaseReport>,
    /// For each of [`scaleiq_core::policy::MULTIPLIERS`], in how many decisions the network has it, and in
    /// how many it would were no advantage too small; empty in runs of before.
    #[serde(default)]
    pub actions: Vec<[u64; 2]>,
    /// Least advantage that moves the plan, see [`scaleiq_core::policy::action_worth_taking`].
    pub min_advantage: f32,
    /// The network's [`penalised`] cost, its [`geometric_mean`]: what the best checkpoint is chosen by.
    pub dqn: f64,
    /// The planner's.
    pub planner: f64,
    /// The quantile rule's.
    pub quantile_rule: f64,
    /// The reactive rule's.
    pub reactive: f64,
}

/// Cost over the ideal, and a price for each share of events that the SLA lacks.
#[must_use]
pub fn penalised(score: &Score) -> f64 {
    score.cost_over_ideal + SLA_PRICE * (SLA - score.sla).max(0.0)
}

/// The geometric mean of [`penalised`] costs: a case in which every pool is dear decides no more than others.
#[must_use]
pub fn geometric_mean(scores: &[Score]) -> f64 {
    let logs = scores.iter().map(|score| penalised(score).max(f64::MIN_POSITIVE).ln());
    (logs.sum::<f64>() / scores.len().max(1) as f64).exp()
}
