//! What a policy is, and what it says.

use super::action::ACTIONS;
use super::observation::Observation;
use crate::estimation::Estimate;
use crate::settings::Settings;
use crate::units::Jobs;
use serde::{Deserialize, Serialize};

/// Which rung of the ladder a proposed number of jobs comes from, best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// The Q-network moved the number away from the plan.
    Network,
    /// Jobs that keep the wait within the SLA: the plan, also where the Q-network left it alone.
    Plan,
    /// Jobs for a high quantile of the forecast.
    QuantileRule,
    /// Jobs for the present rate.
    Reactive,
    /// Nothing to go by: keep what is there.
    Hold,
}

impl Stage {
    /// Every rung, best first.
    pub const ALL: [Self; 5] =
        [Self::Network, Self::Plan, Self::QuantileRule, Self::Reactive, Self::Hold];
}

/// What a Q-network would do if no margin were asked of it, and by how much it prefers that.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Preference {
    /// The multiplier of the highest value.
    pub multiplier: f32,
    /// By how much that is worth more than the multiplier 1, in the network's own values; never
    /// negative.
    pub margin: f32,
    /// The margin above which it is done.
    pub needed: f32,
}

/// What a policy wants.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Choice {
    /// Who chose.
    pub stage: Stage,
    /// Index into [`super::MULTIPLIERS`], if a network's action makes the number another one than the plan's.
    pub action: Option<usize>,
    /// Value of each action, when a Q-network was asked last; none if it has no part in the choice.
    pub q_values: Option<[f32; ACTIONS]>,
    /// What the network preferred then.
    pub preference: Option<Preference>,
    /// Jobs wanted.
    pub jobs: Jobs,
}

impl Choice {
    /// `jobs` from a rung of the ladder that asks no network.
    #[must_use]
    pub fn new(stage: Stage, jobs: Jobs) -> Self {
        Self { stage, action: None, q_values: None, preference: None, jobs }
    }
}

/// What part a Q-network has in a policy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NetworkRole {
    /// There is none.
    #[default]
    Absent,
    /// The margin asked of it is beyond reach, since it gained nothing over the plan: it is not asked.
    CannotAct,
    /// It moves the plan where it sees enough to gain.
    CanAct,
}

impl NetworkRole {
    /// A sentence for people.
    #[must_use]
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Absent => "there is no Q-network: the plan decides",
            Self::CannotAct => {
                "the plan decides: this model's Q-network gains nothing over it and is not asked (nothing is to be done)"
            }
            Self::CanAct => "the Q-network may move the plan",
        }
    }
}

/// Anything that chooses a number of jobs.
pub trait Policy {
    /// Chooses for `estimate`; `observation` is the same in the form that networks read.
    fn choose(
        &mut self,
        estimate: &Estimate,
        observation: &Observation,
        settings: &Settings,
    ) -> Choice;

    /// The part that a Q-network has in it.
    fn network_role(&self) -> NetworkRole {
        NetworkRole::Absent
    }
}
