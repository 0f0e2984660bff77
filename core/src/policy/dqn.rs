//! The Q-network as a policy (dueling double DQN; Wang 2016, van Hasselt 2016).

use super::{
    ACTIONS, Choice, HeldAction, MULTIPLIERS, NEUTRAL, NetworkRole, OBSERVATION, Observation,
    Planner, Policy, Preference, Stage,
};
use crate::estimation::Estimate;
use crate::learned::learned;
use crate::settings::Settings;
use crate::units::Jobs;

/// Decisions for which a network that failed is not asked again.
const DEMOTED_FOR: u32 = 20;
/// Share of the SLA budget at which a network that overspent it is trusted again.
const RECOVERED_BUDGET: f32 = 0.5;

/// Gains in value that are asked for from here on are beyond reach: values are discounted rewards, a
/// few units large. Training writes the largest number there is where the plan alone did best.
pub const UNREACHABLE: f32 = 1e6;

/// Whether a Q-network of which this `min_advantage` is asked can ever move a plan.
#[must_use]
pub fn can_act(min_advantage: f32) -> bool {
    min_advantage < UNREACHABLE
}

/// A trained Q-network.
pub trait ValueModel {
    /// Why an inference failed.
    type Error: core::fmt::Display;

    /// The value of each action in `observation`.
    ///
    /// # Errors
    /// Whatever the engine reports; the caller falls back to the planner.
    fn values(&mut self, observation: &[f32; OBSERVATION]) -> Result<[f32; ACTIONS], Self::Error>;
}

/// Takes the action of the highest value and holds it as [`HeldAction`] says. Where that leaves the number of
/// jobs as it was planned, the plan has decided. The network is not asked, and nothing is held, when there is
/// no forecast to decide on, for `DEMOTED_FOR` decisions after it failed or a value was not finite (promise
/// S-6), while more of the SLA's budget is spent than there is, until half of it is back, and never if it could
/// not act: an answer that changes nothing is not worth its time.
#[derive(Clone, Debug)]
pub struct Dqn<Q> {
    network: Q,
    min_advantage: f32,
    failures: u32,
    /// Decisions for which the network is not asked after a failure.
    demoted: u32,
    /// Whether the SLA budget was overspent and has not recovered.
    overspent: bool,
    held: Option<Held>,
}
learned!([Q] Dqn<Q> { failures, demoted, overspent, held } built { network, min_advantage });

/// A choice in force.
#[derive(Clone, Copy, Debug, Default)]
struct Held {
    q_values: [f32; ACTIONS],
    action: HeldAction,
}
learned!(Held { q_values, action });

impl<Q: ValueModel> Dqn<Q> {
    /// A policy over `network`.
    #[must_use]
    pub fn new(network: Q) -> Self {
        Self { network, min_advantage: 0.0, failures: 0, demoted: 0, overspent: false, held: None }
    }

    /// The same, but it leaves the plan as it is unless another action is worth more by `min_advantage`.
    #[must_use]
    pub fn with_min_advantage(self, min_advantage: f32) -> Self {
        Self { min_advantage, ..self }
    }

    /// Whether the network can ever move the plan.
    #[must_use]
    pub fn can_act(&self) -> bool {
        can_act(self.min_advantage)
    }

    /// Puts another network with its min_advantage in the place of this one.
    pub fn replace_network(&mut self, network: Q, min_advantage: f32) {
        self.network = network;
        self.min_advantage = min_advantage;
        self.held = None;
    }

    /// The network.
    #[must_use]
    pub fn network(&self) -> &Q {
        &self.network
    }

    /// How often the network failed.
    #[must_use]
    pub fn failures(&self) -> u32 {
        self.failures
    }
}

/// The action of the highest value, if it is worth more than leaving the plan as it is by `min_advantage`.
#[must_use]
pub fn action_worth_taking(q_values: &[f32; ACTIONS], min_advantage: f32) -> usize {
    let (best, gain) = preferred(q_values);
    if gain > min_advantage { best } else { NEUTRAL }
}

/// The action of the highest value, and how much more it is worth than leaving the plan as it is.
fn preferred(q_values: &[f32; ACTIONS]) -> (usize, f32) {
    let best = (0..ACTIONS).max_by(|a, b| q_values[*a].total_cmp(&q_values[*b]));
    let best = best.filter(|action| q_values[*action] > q_values[NEUTRAL]).unwrap_or(NEUTRAL);
    (best, q_values[best] - q_values[NEUTRAL])
}

impl<Q: ValueModel> Dqn<Q> {
    /// Whether the plan is left alone without asking the network.
    fn stands_back(&mut self, s: &Estimate) -> bool {
        let enough = if self.overspent { RECOVERED_BUDGET } else { 0.0 };
        self.overspent = s.budget_left < enough;
        let demoted = self.demoted > 0;
        self.demoted = self.demoted.saturating_sub(1);
        !s.has_forecast || demoted || self.overspent
    }
}

impl<Q: ValueModel> Policy for Dqn<Q> {
    fn choose(
        &mut self,
        estimate: &Estimate,
        observation: &Observation,
        settings: &Settings,
    ) -> Choice {
        let plan = Planner.choose(estimate, observation, settings);
        if !self.can_act() || self.stands_back(estimate) {
            self.held = None;
            return plan;
        }
        let later = |held: Held| {
            let (action, jobs) = held.action.later(estimate, settings)?;
            Some((Held { action, ..held }, jobs))
        };
        let in_force = self.held.and_then(later);
        let in_force = in_force.or_else(|| self.ask(estimate, observation, settings));
        self.held = in_force.map(|(held, _)| held);
        let Some((held, jobs)) = in_force else { return plan };
        let (best, margin) = preferred(&held.q_values);
        let preference =
            Preference { multiplier: MULTIPLIERS[best], margin, needed: self.min_advantage };
        let asked = Choice { q_values: Some(held.q_values), preference: Some(preference), ..plan };
        if jobs == plan.jobs {
            return asked;
        }
        Choice { stage: Stage::Network, action: Some(held.action.action()), jobs, ..asked }
    }

    fn network_role(&self) -> NetworkRole {
        if self.can_act() { NetworkRole::CanAct } else { NetworkRole::CannotAct }
    }
}

impl<Q: ValueModel> Dqn<Q> {
    /// A new choice of the network; `None` if it fails, which demotes it.
    fn ask(
        &mut self,
        s: &Estimate,
        state: &Observation,
        settings: &Settings,
    ) -> Option<(Held, Jobs)> {
        let values = self.network.values(state).ok().filter(|v| v.iter().all(|x| x.is_finite()));
        let Some(q_values) = values else {
            self.failures = self.failures.saturating_add(1);
            self.demoted = DEMOTED_FOR;
            return None;
        };
        let action = action_worth_taking(&q_values, self.min_advantage);
        let (action, jobs) = HeldAction::taken(action, s, settings);
        Some((Held { q_values, action }, jobs))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::examples::{estimate, settings};

    /// Values an action more than any other by 1, or fails.
    struct Network(Result<usize, &'static str>);

    impl ValueModel for Network {
        type Error = &'static str;

        fn values(&mut self, _: &[f32; OBSERVATION]) -> Result<[f32; ACTIONS], Self::Error> {
            let best = self.0?;
            Ok(core::array::from_fn(|k| if k == best { 1.0 } else { 0.0 }))
        }
    }

    const DOUBLE: usize = ACTIONS - 1;

    fn choose(policy: &mut Dqn<Network>, budget_left: f32) -> Choice {
        let s = Estimate { budget_left, ..estimate(10, 100.0, 0.0) };
        policy.choose(&s, &[0.0; OBSERVATION], &settings())
    }

    fn stage(policy: &mut Dqn<Network>, budget_left: f32) -> Stage {
        choose(policy, budget_left).stage
    }

    #[test]
    fn a_failure_demotes_for_a_while() {
        let mut policy = Dqn::new(Network(Err("broken")));
        assert_eq!(stage(&mut policy, 1.0), Stage::Plan);
        policy.network.0 = Ok(DOUBLE);
        let demoted = (0..100).take_while(|_| stage(&mut policy, 1.0) == Stage::Plan).count();
        assert_eq!((demoted as u32, policy.failures()), (DEMOTED_FOR, 1));
        assert_eq!(stage(&mut policy, 1.0), Stage::Network);
    }

    #[test]
    fn a_network_that_leaves_the_plan_alone_has_not_decided() {
        let plan = choose(&mut Dqn::new(Network(Err("not asked"))), -1.0);
        // The slightest move of ten jobs that fit is no move.
        for (action, stage) in
            [(NEUTRAL, Stage::Plan), (NEUTRAL + 1, Stage::Plan), (DOUBLE, Stage::Network)]
        {
            let choice = choose(&mut Dqn::new(Network(Ok(action))), 1.0);
            assert_eq!(choice.stage, stage, "{choice:?}");
            assert_eq!(choice.jobs == plan.jobs, stage == Stage::Plan, "{choice:?}");
            assert_eq!(choice.action, (stage == Stage::Network).then_some(action));
            let preference = choice.preference.unwrap();
            let margin = f32::from(u8::from(action != NEUTRAL));
            assert_eq!((preference.multiplier, preference.margin), (MULTIPLIERS[action], margin));
        }
    }

    #[test]
    fn a_choice_is_held_while_the_plan_follows_the_load() {
        let mut policy = Dqn::new(Network(Ok(DOUBLE)));
        let mut jobs = |rate: f32, budget_left: f32| {
            let s = Estimate { budget_left, sample_s: 400.0, ..estimate(10, rate, 0.0) };
            let choice = policy.choose(&s, &[0.0; OBSERVATION], &settings());
            policy.network.0 = Ok(NEUTRAL);
            (choice.stage, choice.jobs)
        };
        let (stage, doubled) = jobs(100.0, 1.0);
        assert_eq!(stage, Stage::Network);
        // The network would leave the plan alone by now.
        let (stage, more) = jobs(150.0, 1.0);
        assert!(stage == Stage::Network && more > doubled, "{more:?} {doubled:?}");
        assert_eq!(jobs(100.0, 1.0), (Stage::Network, doubled));
        assert_eq!(jobs(100.0, 1.0).0, Stage::Plan);
    }

    #[test]
    fn nothing_is_held_while_the_budget_is_overspent() {
        let mut policy = Dqn::new(Network(Ok(DOUBLE)));
        assert_eq!(stage(&mut policy, 1.0), Stage::Network);
        assert_eq!(stage(&mut policy, -0.1), Stage::Plan);
        policy.network.0 = Ok(NEUTRAL);
        assert_eq!(stage(&mut policy, 1.0), Stage::Plan);
    }

    #[test]
    fn a_network_that_cannot_act_is_not_asked() {
        let mut policy = Dqn::new(Network(Err("asked"))).with_min_advantage(f32::MAX);
        let choice = choose(&mut policy, 1.0);
        assert_eq!((choice.stage, choice.preference, policy.failures()), (Stage::Plan, None, 0));
        assert_eq!(policy.network_role(), NetworkRole::CannotAct);
        assert_eq!(policy.with_min_advantage(0.05).network_role(), NetworkRole::CanAct);
        assert!(!can_act(f32::NAN) && !can_act(f32::INFINITY));
    }

    #[test]
    fn a_small_gain_is_not_worth_leaving_the_plan() {
        let mut q_values = [0.0; ACTIONS];
        q_values[7] = 0.1;
        assert_eq!(action_worth_taking(&q_values, 0.05), 7);
        assert_eq!(action_worth_taking(&q_values, 0.2), NEUTRAL);
        assert_eq!(action_worth_taking(&[f32::NEG_INFINITY; ACTIONS], 0.0), NEUTRAL);
    }

    #[test]
    fn an_overspent_budget_demotes_until_half_of_it_is_back() {
        let mut policy = Dqn::new(Network(Ok(DOUBLE)));
        let budgets = [0.1, -0.1, 0.3, 0.49, 0.51, 0.1];
        let stages = budgets.map(|budget| stage(&mut policy, budget) == Stage::Network);
        assert_eq!(stages, [true, false, false, false, true, true]);
    }
}
