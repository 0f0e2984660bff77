//! Policies: from a situation to a number of jobs, before the guard has its word.

mod dqn;
mod rules;
mod state;

pub use dqn::{Dqn, ValueModel};
pub use rules::{QuantileRule, reactive_jobs};
pub use state::{Memory, STATE, STATE_NAMES, State, state};

use crate::settings::{Base, Settings};
use crate::situation::Situation;
use crate::units::Jobs;
use serde::{Deserialize, Serialize};

/// Multipliers that a policy may choose from, ascending, within 0.5..=2.0; finer near 1, where a
/// steady pool is tuned.
pub const MULTIPLIERS: [f32; ACTIONS] = [0.5, 0.8, 0.9, 1.0, 1.1, 1.2, 1.35, 1.6, 2.0];
/// Number of actions.
pub const ACTIONS: usize = 9;
/// The action that multiplies by 1.
pub const NEUTRAL: usize = 3;

/// Which rung of the ladder made a decision, best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// The Q-network.
    Dqn,
    /// Jobs for a high quantile of the forecast.
    QuantileRule,
    /// Jobs for the present rate.
    Reactive,
    /// Nothing to go by: keep what is there.
    Hold,
}

/// What a policy wants.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Choice {
    /// Who chose.
    pub stage: Stage,
    /// Index into [`MULTIPLIERS`], if one was chosen.
    pub action: Option<usize>,
    /// Value of each action, if a Q-network was asked.
    pub q_values: Option<[f32; ACTIONS]>,
    /// Jobs wanted.
    pub jobs: Jobs,
}

/// Anything that chooses a number of jobs.
pub trait Policy {
    /// Chooses for `situation`; `state` is the same in the form that networks read.
    fn choose(&mut self, situation: &Situation, state: &State, settings: &Settings) -> Choice;
}

/// Jobs that `MULTIPLIERS[action]` stands for. On the base `required` a pool that lies between this
/// multiplier and the next is left as it is; a multiplier other than 1 on the base `current`
/// always moves by at least one job (the reference's `int(1 * 1.5)` could never leave 1).
#[must_use]
pub fn jobs_for_action(action: usize, situation: &Situation, settings: &Settings) -> Jobs {
    let multiplier = MULTIPLIERS.get(action).copied().unwrap_or(1.0);
    match settings.base {
        Base::Required => {
            let required = situation.required(crate::forecast::Q50, settings);
            let next = MULTIPLIERS.get(action + 1).copied().unwrap_or(multiplier);
            rules::keep_within(required * multiplier, required * next, situation)
        }
        Base::Current => {
            let have = situation.have();
            let jobs = Jobs::round(have.as_f32() * multiplier);
            if multiplier > 1.0 {
                jobs.max(Jobs(have.0.saturating_add(1)))
            } else if multiplier < 1.0 {
                jobs.min(Jobs(have.0.saturating_sub(1)))
            } else {
                have
            }
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::units::{EventsPerSecond, JobLimits, UnixSeconds};

    pub(crate) fn settings() -> Settings {
        Settings::new(JobLimits::new(1, 200).unwrap(), 60.0, 60.0)
    }

    pub(crate) fn situation(ready: u32, rate: f32, backlog_events: f32) -> Situation {
        Situation {
            at: UnixSeconds(1_000_000),
            ready: Jobs(ready),
            starting: Jobs(0),
            rate: EventsPerSecond(rate),
            work_s: 0.1,
            backlog_events,
            lead_rates: core::array::from_fn(|q| rate * (0.7 + 0.1 * q as f32)),
            horizon_rates: [[0.8 * rate, rate, 1.2 * rate]; 3],
            stalled: false,
            pause_s: 0.0,
            has_forecast: true,
            budget_left: 1.0,
        }
    }

    #[test]
    fn required_is_multiplied_and_rounded_up() {
        let s = situation(5, 100.0, 1350.0);
        // 100/s x 0.1 s = 10 jobs; of 135 s of work 75 are harmless, and 60 s within 60 s = 1 job.
        assert_eq!(jobs_for_action(NEUTRAL, &s, &settings()), Jobs(11));
        assert_eq!(jobs_for_action(8, &s, &settings()), Jobs(22));
        assert_eq!(jobs_for_action(0, &s, &settings()), Jobs(6));
    }

    #[test]
    fn a_pool_between_two_multipliers_is_left_alone() {
        let required = |have| jobs_for_action(4, &situation(have, 100.0, 0.0), &settings());
        // x1.1 of 10 jobs, up to x1.2.
        let jobs: [Jobs; 5] = core::array::from_fn(|k| required(10 + k as u32));
        assert_eq!(jobs, [11, 11, 12, 11, 11].map(Jobs));
        // Where a change costs a pause, growth is one step to the upper end.
        let dear = Situation { pause_s: 8.0, ..situation(10, 100.0, 0.0) };
        assert_eq!(jobs_for_action(4, &dear, &settings()), Jobs(12));
    }

    #[test]
    fn a_multiplier_of_current_always_moves_by_a_job() {
        let settings = Settings { base: Base::Current, ..settings() };
        let s = situation(1, 100.0, 0.0);
        let jobs = |action| jobs_for_action(action, &s, &settings);
        assert_eq!([jobs(2), jobs(NEUTRAL), jobs(4)], [Jobs(0), Jobs(1), Jobs(2)]);
    }
}
