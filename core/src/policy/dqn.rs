//! The Q-network as a policy (dueling double DQN; Wang 2016, van Hasselt 2016).

use super::{ACTIONS, Choice, Planner, Policy, STATE, Stage, State, jobs_for_action};
use crate::settings::Settings;
use crate::situation::Situation;

/// A trained Q-network.
pub trait ValueModel {
    /// Why an inference failed.
    type Error: core::fmt::Display;

    /// The value of each action in `state`.
    ///
    /// # Errors
    /// Whatever the engine reports; the caller falls back to the planner.
    fn values(&mut self, state: &[f32; STATE]) -> Result<[f32; ACTIONS], Self::Error>;
}

/// Takes the action of the highest value; falls back to the planner when there is no
/// forecast to decide on, the network fails, or a value is not finite (promise S-6).
#[derive(Clone, Debug)]
pub struct Dqn<Q> {
    network: Q,
    failures: u32,
}

impl<Q: ValueModel> Dqn<Q> {
    /// A policy over `network`.
    #[must_use]
    pub fn new(network: Q) -> Self {
        Self { network, failures: 0 }
    }

    /// Puts another network in the place of this one.
    pub fn replace_network(&mut self, network: Q) {
        self.network = network;
    }

    /// How often the network failed.
    #[must_use]
    pub fn failures(&self) -> u32 {
        self.failures
    }
}

impl<Q: ValueModel> Policy for Dqn<Q> {
    fn choose(&mut self, situation: &Situation, state: &State, settings: &Settings) -> Choice {
        if !situation.has_forecast {
            return Planner.choose(situation, state, settings);
        }
        let values = self.network.values(state).ok().filter(|v| v.iter().all(|x| x.is_finite()));
        let Some(q_values) = values else {
            self.failures = self.failures.saturating_add(1);
            return Planner.choose(situation, state, settings);
        };
        let best = (0..ACTIONS).max_by(|a, b| q_values[*a].total_cmp(&q_values[*b]));
        let action = best.unwrap_or(super::NEUTRAL);
        Choice {
            stage: Stage::Dqn,
            action: Some(action),
            q_values: Some(q_values),
            jobs: jobs_for_action(action, situation, settings),
        }
    }
}
