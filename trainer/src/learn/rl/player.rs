//! An episode and the agent's window on it.

use super::environment::{Episode, Scene, Totals, warm_up_s};
use super::replay::{NStep, Transition};
use super::settings::PolicySettings;
use super::steering::{HELD_TICKS, Steered, Steering, Stretch};
use crate::data::workload::Workload;
use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};
use scaleiq_core::policy::Observation;
use scaleiq_workload::sim::TICK_S;
use serde::{Deserialize, Serialize};

/// A player of one episode, who does as it is told.
pub(super) struct Player {
    episode: Episode<Steered>,
    window: NStep,
    /// Where the next action is chosen; `None` while there is nothing to go by.
    state: Option<Observation>,
}

/// What is seen of a player that did something.
#[derive(Serialize, Deserialize)]
pub(super) struct Seen {
    /// The transitions that this completed.
    pub(super) completed: Vec<Transition>,
    /// Where the next action is chosen; `None` while there is nothing to go by.
    pub(super) state: Option<Observation>,
    /// Sums since the agent took over.
    pub(super) totals: Totals,
}

impl Player {
    /// A player whose pool has run for a while. All that is random about it follows from `seed`.
    pub(super) fn new(settings: &PolicySettings, workloads: &[Workload], seed: u64) -> Self {
        let PolicySettings { agent, ticks, warm_s, .. } = settings;
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let workload = &workloads[(rng.next_u64() % workloads.len() as u64) as usize];
        let warm_s = warm_up_s(workload, *warm_s);
        let scene = Scene::random(agent, &mut rng);
        let plan = Steered::by(Steering::Plan);
        // A tick more than decisions: the last one needs its reward.
        let mut episode = Episode::random(workload, *ticks + 1, scene, plan, warm_s, &mut rng);
        episode.observe();
        let Stretch { state, .. } =
            episode.steered(Steering::Plan, warm_s / TICK_S).unwrap_or_default();
        episode.clear_totals();
        Self { episode, window: NStep::new(agent.n_step, agent.gamma), state }
    }

    /// Tries every action from here on, then plays the one chosen.
    pub(super) fn play(&mut self, action: Option<usize>, after_ticks: u32) -> Seen {
        let mut completed = None;
        let steering = match (self.state, action) {
            (Some(state), Some(action)) => {
                completed = self.window.arrive(&state);
                let advantages = self.episode.advantages(after_ticks);
                self.window.decide(&state, action, advantages);
                Steering::Action(action)
            }
            _ => Steering::Plan,
        };
        let stretch = self.episode.steered(steering, HELD_TICKS).unwrap_or_default();
        self.window.reward(stretch.reward);
        self.state = stretch.state;
        self.seen(completed.into_iter().collect())
    }

    /// Completes what is left over at the end.
    pub(super) fn finish(&mut self) -> Seen {
        let completed = self.state.map(|state| self.window.finish(&state));
        self.seen(completed.unwrap_or_default())
    }

    /// What is seen of it, once it has completed these.
    pub(super) fn seen(&self, completed: Vec<Transition>) -> Seen {
        Seen { completed, state: self.state, totals: *self.episode.totals() }
    }
}
