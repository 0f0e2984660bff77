//! The plan as a policy of its own.

use super::choice::{Choice, Policy, Stage};
use super::plan::Plan;
use super::state::State;
use crate::settings::Settings;
use crate::situation::Situation;

/// Follows the plan as it is. Without a forecast the present rate and its trend are what is planned
/// for, which is the reactive rung of the ladder.
#[derive(Clone, Copy, Debug, Default)]
pub struct Planner;

impl Policy for Planner {
    fn choose(&mut self, s: &Situation, _: &State, settings: &Settings) -> Choice {
        let jobs = Plan::new(s, settings).jobs(1.0, s, settings);
        let stage = if s.has_forecast { Stage::Plan } else { Stage::Reactive };
        Choice::new(stage, jobs)
    }
}
