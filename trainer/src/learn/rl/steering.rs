//! A policy that does as it is told from outside, and what each action would have brought.

use super::environment::Episode;
use scaleiq_core::estimation::Estimate;
use scaleiq_core::policy::{
    ACTIONS, Choice, HELD_S, HeldAction, NEUTRAL, Observation, Planner, Policy, Stage,
};
use scaleiq_core::settings::Settings;
use scaleiq_workload::sim::TICK_S;

/// Decisions for which an action is held.
pub const HELD_TICKS: u32 = HELD_S as u32 / TICK_S;
/// An action is never called better or worse than the plan by more than so many ideal pools: one burst met
/// by chance must not outweigh a thousand states. Only the difference is cut, not what it is made of.
const MAX_ADVANTAGE: f32 = 3.0;

/// What a policy is told to do.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Steering {
    /// The plan that actions multiply, as it is.
    Plan,
    /// An action of the agent.
    Action(usize),
    /// The last action, until its time is over and the plan is left as it is.
    Held(HeldAction),
}

/// A policy that does as it is told from outside.
#[derive(Clone, Copy, Debug)]
pub struct Steered(Steering);

impl Steered {
    /// Told once, at the beginning.
    #[must_use]
    pub fn by(steering: Steering) -> Self {
        Self(steering)
    }

    /// Told anew.
    pub fn steer(&mut self, steering: Steering) {
        self.0 = steering;
    }
}

impl Policy for Steered {
    fn choose(&mut self, s: &Estimate, state: &Observation, settings: &Settings) -> Choice {
        let steered = match self.0 {
            _ if !s.has_forecast => None,
            Steering::Plan => None,
            Steering::Action(action) => Some(HeldAction::taken(action, s, settings)),
            Steering::Held(held) => held.later(s, settings),
        };
        self.0 = steered.map_or(Steering::Plan, |(held, _)| Steering::Held(held));
        let Some((_, jobs)) = steered else { return Planner.choose(s, state, settings) };
        Choice::new(Stage::Network, jobs)
    }
}

impl Episode<Steered> {
    /// Steers the next `ticks` decisions and gives what was seen behind them; `None` at the end of the load.
    pub fn steered(&mut self, steering: Steering, ticks: u32) -> Option<Stretch> {
        self.policy_mut().steer(steering);
        let mut stretch = Stretch::default();
        for _ in 0..ticks {
            self.act();
            let seen = self.observe()?;
            stretch.reward += seen.reward / HELD_TICKS as f32;
            stretch.state = seen.state;
        }
        Some(stretch)
    }

    /// How much more each action, held from now on, is worth than leaving the plan as it is, on the same
    /// arrivals, the same starts and the same crashes: what comes from outside does not depend on what is
    /// done (an exogenous-input MDP; Sinclair et al. 2023, arXiv:2207.06272). The `after_ticks` decisions of
    /// the plan behind it belong to what it brought. In prices of one held action; a load that ends meanwhile
    /// ends for all.
    #[must_use]
    pub fn advantages(&self, after_ticks: u32) -> [f32; ACTIONS] {
        let worth: [f32; ACTIONS] = std::array::from_fn(|action| {
            let mut branch = self.clone();
            branch.clear_totals();
            if branch.steered(Steering::Action(action), HELD_TICKS).is_some() {
                // The end of the load ends it as well.
                let _ = branch.steered(Steering::Plan, after_ticks);
            }
            branch.totals().reward as f32 / HELD_TICKS as f32
        });
        worth.map(|each| (each - worth[NEUTRAL]).clamp(-MAX_ADVANTAGE, MAX_ADVANTAGE))
    }
}

/// What a few decisions brought.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Stretch {
    /// What the network reads at its end; `None` when the controller holds or has no forecast.
    pub state: Option<Observation>,
    /// Sum of the rewards, in those of one held action.
    pub reward: f32,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::workload::tests::workload;
    use crate::learn::rl::environment::tests::scene;

    #[test]
    fn branches_share_their_luck_and_leave_the_episode_as_it_was() {
        let policy = Steered::by(Steering::Plan);
        let mut episode = Episode::new(&workload(4), 0..17_280, scene(), policy, 7, 0);
        episode.observe();
        episode.steered(Steering::Plan, 1000);
        let mut untouched = episode.clone();
        let advantages = episode.advantages(2 * HELD_TICKS);
        assert_eq!(advantages, episode.advantages(2 * HELD_TICKS));
        assert_eq!(advantages[NEUTRAL], 0.0);
        // A pool twice as large costs about an ideal pool more.
        assert!((-2.0..-0.5).contains(&advantages[ACTIONS - 1]), "{advantages:?}");
        let end = |episode: &mut Episode<Steered>| episode.steered(Steering::Plan, 200);
        assert_eq!(end(&mut episode), end(&mut untouched));
    }
}
