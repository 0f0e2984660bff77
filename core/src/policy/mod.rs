//! Policies: from a estimate to a number of jobs, before the guard has its word.

mod action;
mod choice;
mod dqn;
#[cfg(test)]
pub(crate) mod examples;
mod multiplied;
mod numbers;
mod observation;
mod plan;
mod planner;
mod prospect;
mod rules;

pub use action::{ACTIONS, MULTIPLIERS, NEUTRAL};
pub use choice::{Choice, NetworkRole, Policy, Preference, Stage};
pub use dqn::{Dqn, UNREACHABLE, ValueModel, action_worth_taking, can_act};
pub use multiplied::{HELD_S, HeldAction, jobs_for_action};
pub use numbers::{OBSERVATION_NAMES, observation};
pub use observation::{Memory, OBSERVATION, Observation};
pub use plan::Plan;
pub use planner::Planner;
pub use prospect::{Prospect, prospect};
pub use rules::{QuantileRule, Reactive, reactive_jobs};
