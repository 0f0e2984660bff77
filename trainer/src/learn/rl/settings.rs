//! All that decides what training of the policy does.

use crate::config::{AgentConfig, Config};
use serde::{Deserialize, Serialize};

/// The user's settings, and what is fixed beside them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PolicySettings {
    /// Seed of every random number.
    pub seed: u64,
    /// The `agent` section.
    pub agent: AgentConfig,
    /// Episodes side by side in a round.
    pub envs: usize,
    /// Decisions of the controller in an episode.
    pub ticks: u32,
    /// Seconds of an episode under the plan before the agent takes over, and of a held-out case before it is
    /// scored: margins and budgets are those of a pool that has run for days.
    pub warm_s: u32,
    /// Choices of the agent (over all episodes) between two steps of the optimizer.
    pub train_every: usize,
    /// Transitions needed before the first step of the optimizer, at most as many as are remembered.
    pub first_memory: usize,
    /// Errors beyond this count linearly.
    pub huber: f32,
    /// Decisions in a held-out case.
    pub evaluate_ticks: u32,
}

impl PolicySettings {
    /// The settings of a run.
    #[must_use]
    pub fn new(config: &Config) -> Self {
        Self {
            seed: config.seed,
            agent: config.agent.clone(),
            envs: 16,
            ticks: 960,
            warm_s: 3 * 86_400,
            train_every: 2,
            first_memory: 1_000.min(config.agent.memory_size),
            huber: 5.0,
            evaluate_ticks: 2880,
        }
    }
}
