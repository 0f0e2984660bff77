//! The plan as a policy of its own.

use super::choice::{Choice, Policy, Stage};
use super::observation::Observation;
use super::plan::Plan;
use crate::estimation::Estimate;
use crate::settings::Settings;

/// Follows the plan as it is. Without a forecast the present rate and its trend are what is planned
/// for, which is the reactive rung of the ladder.
#[derive(Clone, Copy, Debug, Default)]
pub struct Planner;

impl Policy for Planner {
    fn choose(&mut self, s: &Estimate, _: &Observation, settings: &Settings) -> Choice {
        let jobs = Plan::new(s, settings).jobs(1.0, s, settings);
        let stage = if s.has_forecast { Stage::Plan } else { Stage::Reactive };
        Choice::new(stage, jobs)
    }
}
