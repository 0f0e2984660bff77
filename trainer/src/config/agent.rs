//! The `agent` section: the scaling policy (a dueling double DQN).

use super::check::{Checks, same_numbers};
use scaleiq_core::policy::MULTIPLIERS;
use scaleiq_core::settings::Base;
use serde::{Deserialize, Serialize};

/// Weights of the parts of the reward.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RewardWeights {
    /// Price of the job time beyond what the ideal pool pays, per ideal job time.
    #[serde(alias = "cost_weight")]
    pub cost: f32,
    /// Price of events that wait longer than the SLA allows, per event. At 150, one event late in a
    /// thousand costs as much as 15 % more jobs.
    #[serde(alias = "sla_weight", alias = "sla_penalty")]
    pub sla: f32,
    /// Price of starting and stopping jobs, per share of the pool changed.
    #[serde(alias = "churn_weight", alias = "stability")]
    pub churn: f32,
}

impl Default for RewardWeights {
    fn default() -> Self {
        Self { cost: 1.0, sla: 150.0, churn: 0.02 }
    }
}

/// The agent: its size, its replay memory and its training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AgentConfig {
    /// Widths of the hidden layers.
    #[serde(alias = "hidden_dims", alias = "hidden_layers")]
    pub hidden: Vec<usize>,
    /// Worth of a reward one decision later.
    #[serde(alias = "discount")]
    pub gamma: f32,
    /// Share of the online network mixed into the target network at each step.
    pub tau: f32,
    /// Learning rate of Adam.
    #[serde(alias = "lr")]
    pub learning_rate: f64,
    /// Transitions in a step.
    pub batch_size: usize,
    /// Transitions remembered.
    #[serde(alias = "buffer_size", alias = "replay_size", alias = "memory_capacity")]
    pub memory_size: usize,
    /// How strongly replay prefers surprises (0: not at all).
    #[serde(alias = "priority_alpha", alias = "per_alpha")]
    pub alpha: f32,
    /// Correction of that preference at the start; anneals to 1.
    #[serde(alias = "priority_beta", alias = "per_beta", alias = "beta_start")]
    pub beta: f32,
    /// Decisions whose rewards are summed before the network's own estimate is used.
    pub n_step: usize,
    /// Largest norm of a step's gradient.
    #[serde(alias = "grad_clip", alias = "max_grad_norm")]
    pub gradient_clip: f32,
    /// What a multiplier is applied to: `required` or `current` jobs.
    pub base: Base,
    /// The actions. Fixed by the model format.
    #[serde(alias = "actions", alias = "scaling_actions")]
    pub multipliers: Vec<f32>,
    /// Fewest jobs in training.
    pub min_jobs: u32,
    /// Most jobs in training.
    pub max_jobs: u32,
    /// Weights of the parts of the reward.
    #[serde(alias = "reward_weights")]
    pub reward: RewardWeights,
    /// Rounds of playing simulated days and learning from them.
    #[serde(alias = "episodes", alias = "num_episodes")]
    pub rounds: usize,
    /// Rounds between evaluations, each of which also saves a checkpoint.
    #[serde(alias = "eval_interval", alias = "eval_every")]
    pub evaluate_every: usize,
}

impl Default for AgentConfig {
    fn default() -> Self {
        Self {
            hidden: vec![128, 64],
            gamma: 0.99,
            tau: 0.005,
            learning_rate: 5e-4,
            batch_size: 128,
            memory_size: 100_000,
            alpha: 0.6,
            beta: 0.4,
            n_step: 3,
            gradient_clip: 10.0,
            base: Base::Required,
            multipliers: MULTIPLIERS.to_vec(),
            min_jobs: 1,
            max_jobs: 400,
            reward: RewardWeights::default(),
            rounds: 200,
            evaluate_every: 5,
        }
    }
}

impl AgentConfig {
    pub(super) fn check(&self, checks: &mut Checks) {
        let mut c = checks.section("agent");
        let layers = 1..=8;
        c.require(
            layers.contains(&self.hidden.len())
                && self.hidden.iter().all(|w| (4..=4096).contains(w)),
            "hidden",
            || format!("{:?} should be 1 to 8 layers of 4 to 4096", self.hidden),
        );
        c.range("gamma", self.gamma, 0.0..=0.9999);
        c.range("tau", self.tau, 1e-6..=1.0);
        c.range("learning_rate", self.learning_rate, 1e-8..=1.0);
        c.range("batch_size", self.batch_size, 1..=65_536);
        c.range("memory_size", self.memory_size, 1..=100_000_000);
        c.require(self.memory_size >= self.batch_size, "memory_size", || {
            format!("{} is less than batch_size {}", self.memory_size, self.batch_size)
        });
        c.range("alpha", self.alpha, 0.0..=1.0);
        c.range("beta", self.beta, 0.0..=1.0);
        c.range("n_step", self.n_step, 1..=100);
        c.range("gradient_clip", self.gradient_clip, 1e-6..=1e6);
        let same = same_numbers(&self.multipliers, &MULTIPLIERS);
        c.fixed("multipliers", same, || format!("{MULTIPLIERS:?}"));
        c.range("max_jobs", self.max_jobs, 1..=100_000);
        c.require(self.min_jobs <= self.max_jobs, "min_jobs", || {
            format!("{} is above max_jobs {}", self.min_jobs, self.max_jobs)
        });
        let RewardWeights { cost, sla, churn } = self.reward;
        for (name, weight) in [("cost", cost), ("sla", sla), ("churn", churn)] {
            c.range(&format!("reward.{name}"), weight, 0.0..=1e6);
        }
        c.range("rounds", self.rounds, 1..=10_000_000);
        c.range("evaluate_every", self.evaluate_every, 1..=10_000_000);
    }
}
