//! The Q-network as a policy (dueling double DQN; Wang 2016, van Hasselt 2016).

use super::{ACTIONS, Choice, NEUTRAL, Planner, Policy, STATE, Stage, State, jobs_for_action};
use crate::settings::Settings;
use crate::situation::Situation;

/// Decisions for which a network that failed is not asked again.
const DEMOTED_FOR: u32 = 20;
/// Share of the SLA budget at which a network that overspent it is trusted again.
const RECOVERED_BUDGET: f32 = 0.5;

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

/// Takes the action of the highest value. The planner stands in when there is no forecast to decide
/// on, for [`DEMOTED_FOR`] decisions after the network failed or a value was not finite (promise S-6),
/// and while more of the SLA's budget is spent than there is, until half of it is back.
#[derive(Clone, Debug)]
pub struct Dqn<Q> {
    network: Q,
    caution: f32,
    failures: u32,
    /// Decisions for which the planner stands in after a failure.
    demoted: u32,
    /// Whether the SLA budget was overspent and has not recovered.
    overspent: bool,
}

impl<Q: ValueModel> Dqn<Q> {
    /// A policy over `network`.
    #[must_use]
    pub fn new(network: Q) -> Self {
        Self { network, caution: 0.0, failures: 0, demoted: 0, overspent: false }
    }

    /// The same, but it leaves the plan as it is unless another action is worth more by `caution`.
    #[must_use]
    pub fn cautious(self, caution: f32) -> Self {
        Self { caution, ..self }
    }

    /// Puts another network with its caution in the place of this one.
    pub fn replace_network(&mut self, network: Q, caution: f32) {
        self.network = network;
        self.caution = caution;
    }

    /// How often the network failed.
    #[must_use]
    pub fn failures(&self) -> u32 {
        self.failures
    }
}

/// The action of the highest value, if it is worth more than leaving the plan as it is by `caution`.
#[must_use]
pub fn cautious_action(q_values: &[f32; ACTIONS], caution: f32) -> usize {
    let best = (0..ACTIONS).max_by(|a, b| q_values[*a].total_cmp(&q_values[*b]));
    let gain = |action: &usize| q_values[*action] - q_values[NEUTRAL];
    best.filter(|action| gain(action) > caution).unwrap_or(NEUTRAL)
}

impl<Q: ValueModel> Dqn<Q> {
    /// Whether the planner stands in for the network.
    fn stands_back(&mut self, s: &Situation) -> bool {
        let enough = if self.overspent { RECOVERED_BUDGET } else { 0.0 };
        self.overspent = s.budget_left < enough;
        let demoted = self.demoted > 0;
        self.demoted = self.demoted.saturating_sub(1);
        !s.has_forecast || demoted || self.overspent
    }
}

impl<Q: ValueModel> Policy for Dqn<Q> {
    fn choose(&mut self, situation: &Situation, state: &State, settings: &Settings) -> Choice {
        if self.stands_back(situation) {
            return Planner.choose(situation, state, settings);
        }
        let values = self.network.values(state).ok().filter(|v| v.iter().all(|x| x.is_finite()));
        let Some(q_values) = values else {
            self.failures = self.failures.saturating_add(1);
            self.demoted = DEMOTED_FOR;
            return Planner.choose(situation, state, settings);
        };
        let action = cautious_action(&q_values, self.caution);
        Choice {
            stage: Stage::Dqn,
            action: Some(action),
            q_values: Some(q_values),
            jobs: jobs_for_action(action, situation, settings),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::tests::{settings, situation};

    /// Fails when told to.
    struct Network(bool);

    impl ValueModel for Network {
        type Error = &'static str;

        fn values(&mut self, _: &[f32; STATE]) -> Result<[f32; ACTIONS], Self::Error> {
            let neutral = core::array::from_fn(|k| if k == NEUTRAL { 1.0 } else { 0.0 });
            if self.0 { Err("broken") } else { Ok(neutral) }
        }
    }

    fn stage(policy: &mut Dqn<Network>, budget_left: f32) -> Stage {
        let s = Situation { budget_left, ..situation(10, 100.0, 0.0) };
        policy.choose(&s, &[0.0; STATE], &settings()).stage
    }

    #[test]
    fn a_failure_demotes_for_a_while() {
        let mut policy = Dqn::new(Network(true));
        assert_eq!(stage(&mut policy, 1.0), Stage::Planner);
        policy.network.0 = false;
        let demoted = (0..100).take_while(|_| stage(&mut policy, 1.0) == Stage::Planner).count();
        assert_eq!((demoted as u32, policy.failures()), (DEMOTED_FOR, 1));
        assert_eq!(stage(&mut policy, 1.0), Stage::Dqn);
    }

    #[test]
    fn a_small_gain_is_not_worth_leaving_the_plan() {
        let mut q_values = [0.0; ACTIONS];
        q_values[7] = 0.1;
        assert_eq!(cautious_action(&q_values, 0.05), 7);
        assert_eq!(cautious_action(&q_values, 0.2), NEUTRAL);
        assert_eq!(cautious_action(&[f32::NEG_INFINITY; ACTIONS], 0.0), NEUTRAL);
    }

    #[test]
    fn an_overspent_budget_demotes_until_half_of_it_is_back() {
        let mut policy = Dqn::new(Network(false));
        let budgets = [0.1, -0.1, 0.3, 0.49, 0.51, 0.1];
        let stages = budgets.map(|budget| stage(&mut policy, budget) == Stage::Dqn);
        assert_eq!(stages, [true, false, false, false, true, true]);
    }
}
