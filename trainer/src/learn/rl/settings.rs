//! All that decides what training of the policy does.

use super::steering::HELD_TICKS;
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
    /// Decisions of the plan behind a held action that belong to what it brought: the backlog that it left, the
    /// window in which a pool that grew may not shrink, and the margin that late events have widened.
    pub after_ticks: u32,
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
            // Nearly six hours. An hour does not see what late events do to the margin, and teaches that every plan is
            // too large: on 52 held-out cases 2.137 of the ideal with a price on missed SLA, this 2.079, the plan 2.175.
            after_ticks: 17 * HELD_TICKS,
            train_every: 2,
            first_memory: 1_000.min(config.agent.memory_size),
            huber: 5.0,
            evaluate_ticks: 2880,
        }
    }
}
