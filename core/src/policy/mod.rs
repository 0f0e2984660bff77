//! Policies: from a situation to a number of jobs, before the guard has its word.

mod dqn;
mod planner;
mod rules;
mod state;

pub use dqn::{Dqn, UNREACHABLE, ValueModel, can_act, cautious_action};
pub use planner::{Plan, Planner, prospect};
pub use rules::{QuantileRule, reactive_jobs};
pub use state::{Memory, STATE, STATE_NAMES, State, state};

use crate::settings::{Base, Settings};
use crate::situation::Situation;
use crate::units::Jobs;
use serde::{Deserialize, Serialize};

/// Multipliers that a policy may choose from, ascending, within 0.5..=2.0; finer near 1, where a
/// steady pool is tuned.
pub const MULTIPLIERS: [f32; ACTIONS] = [0.5, 0.75, 0.87, 0.94, 1.0, 1.07, 1.2, 1.5, 2.0];
/// Number of actions.
pub const ACTIONS: usize = 9;
/// The action that multiplies by 1.
pub const NEUTRAL: usize = 4;

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
    /// Index into [`MULTIPLIERS`], if a network's action makes the number another one than the plan's.
    pub action: Option<usize>,
    /// Value of each action, if a Q-network was asked.
    pub q_values: Option<[f32; ACTIONS]>,
    /// What a Q-network prefers, if it was asked.
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
    /// The margin asked of it is beyond reach, so it is not asked: the plan decides.
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
                "the Q-network cannot act (the margin asked of it is beyond reach): the plan decides"
            }
            Self::CanAct => "the Q-network may move the plan",
        }
    }
}

/// Anything that chooses a number of jobs.
pub trait Policy {
    /// Chooses for `situation`; `state` is the same in the form that networks read.
    fn choose(&mut self, situation: &Situation, state: &State, settings: &Settings) -> Choice;

    /// The part that a Q-network has in it.
    fn network_role(&self) -> NetworkRole {
        NetworkRole::Absent
    }
}

/// Jobs that `MULTIPLIERS[action]` stands for. On the base `required` it is applied to the [`Plan`]:
/// a pool that fits the multiplied plan is left as it is. A multiplier other than 1 on the base
/// `current` always moves by at least one job (the reference's `int(1 * 1.5)` could never leave 1).
/// On either base 1 leaves the plan as it is, so that a network that never acts costs nothing.
#[must_use]
pub fn jobs_for_action(action: usize, situation: &Situation, settings: &Settings) -> Jobs {
    let multiplier = MULTIPLIERS.get(action).copied().unwrap_or(1.0);
    let have = situation.have();
    let scaled = Jobs::round(have.as_f32() * multiplier);
    match settings.base {
        Base::Current if multiplier > 1.0 => scaled.max(Jobs(have.0.saturating_add(1))),
        Base::Current if multiplier < 1.0 => scaled.min(Jobs(have.0.saturating_sub(1))),
        _ => Plan::new(situation, settings).jobs(multiplier, situation, settings),
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
            wanted: Jobs(ready),
            ready: Jobs(ready),
            starting: Jobs(0),
            rate: EventsPerSecond(rate),
            work_s: 0.1,
            backlog_events,
            lead_rates: core::array::from_fn(|q| rate * (0.7 + 0.1 * q as f32)),
            high_rate: 1.1 * rate,
            soon_rate: rate,
            later_rate: rate,
            later_spread: 0.2 * rate,
            settled_rate: rate,
            horizon_rates: [[0.8 * rate, rate, 1.2 * rate]; 3],
            lead_backlog_s: [backlog_events * 0.1; 2],
            margin: 2.0,
            start_up_s: 60.0,
            frozen: false,
            stalled: false,
            most_jobs: None,
            overdue: false,
            most_rate: 1.7 * rate,
            trend_rate: rate,
            idle: false,
            pause_s: 0.0,
            has_forecast: true,
            budget_left: 1.0,
        }
    }

    #[test]
    fn a_multiplier_moves_the_plan() {
        let jobs = |action| jobs_for_action(action, &situation(10, 100.0, 0.0), &settings());
        assert_eq!(jobs(NEUTRAL), Jobs(10));
        assert!(jobs(8) >= Jobs(18) && jobs(0) <= Jobs(6), "{:?} {:?}", jobs(8), jobs(0));
    }

    #[test]
    fn a_multiplier_of_current_always_moves_by_a_job() {
        let settings = Settings { base: Base::Current, ..settings() };
        let s = situation(1, 100.0, 0.0);
        let jobs = |action| jobs_for_action(action, &s, &settings);
        assert_eq!([jobs(NEUTRAL - 1), jobs(NEUTRAL + 1)], [Jobs(0), Jobs(2)]);
    }

    #[test]
    fn one_leaves_the_plan_as_it_is_on_either_base() {
        for (ready, rate, backlog) in [(1, 100.0, 0.0), (40, 100.0, 0.0), (10, 90.0, 9000.0)] {
            let s = situation(ready, rate, backlog);
            let plan = Planner.choose(&s, &[0.0; STATE], &settings()).jobs;
            for base in [Base::Required, Base::Current] {
                let settings = Settings { base, ..settings() };
                assert_eq!(jobs_for_action(NEUTRAL, &s, &settings), plan, "{base:?} {ready}");
            }
        }
    }
}
