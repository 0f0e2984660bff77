//! Policies: from a situation to a number of jobs, before the guard has its word.

mod action;
mod choice;
mod dqn;
#[cfg(test)]
pub(crate) mod examples;
mod multiplied;
mod numbers;
mod plan;
mod planner;
mod prospect;
mod rules;
mod state;

pub use action::{ACTIONS, MULTIPLIERS, NEUTRAL};
pub use choice::{Choice, NetworkRole, Policy, Preference, Stage};
pub use dqn::{Dqn, UNREACHABLE, ValueModel, can_act, cautious_action};
pub use multiplied::jobs_for_action;
pub use numbers::{STATE_NAMES, state};
pub use plan::Plan;
pub use planner::Planner;
pub use prospect::{Prospect, prospect};
pub use rules::{QuantileRule, reactive_jobs};
pub use state::{Memory, STATE, State};
