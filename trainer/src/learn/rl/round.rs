//! One round of episodes side by side: all decide, and all teach the one network.

use super::environment::{Episode, Scene, Totals, warm_up_s};
use super::learner::{Learner, StepSettings};
use super::replay::{NStep, PrioritizedReplay, Transition};
use super::settings::PolicySettings;
use super::steering::{HELD_TICKS, Steered, Steering, Stretch};
use crate::data::workload::Workload;
use crate::model::q_network::best_action;
use crate::runtime::stop::Stop;
use crate::runtime::threads::{in_parallel, on_all};
use burn::tensor::Device;
use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};
use scaleiq_core::policy::Observation;
use scaleiq_workload::sim::TICK_S;
use serde::{Deserialize, Serialize};

/// The learning rate falls linearly to this share of itself.
const LAST_RATE: f32 = 0.1;

/// What outlives a round.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Learning {
    pub(super) learner: Learner,
    pub(super) replay: PrioritizedReplay,
}

/// A round to be played.
pub(super) struct Round<'a> {
    pub(super) settings: &'a PolicySettings,
    pub(super) workloads: &'a [Workload],
    pub(super) device: &'a Device,
    /// Rounds done before it.
    pub(super) done: usize,
}

/// What a round told.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct RoundReport {
    /// Decisions made, in which an action was begun or held.
    pub(super) decisions: u64,
    /// Steps of the optimizer.
    pub(super) steps: u64,
    /// Mean loss of its steps.
    loss: f32,
    /// Mean value of the actions in its batches.
    mean_q: f32,
    /// Mean reward of a decision.
    reward: f32,
    /// Job time over the ideal, while exploring.
    cost: f32,
    /// Share of the events that began in time.
    sla: f32,
}

/// Sums over the steps of a round.
#[derive(Default)]
struct Sums {
    steps: u64,
    loss: f64,
    mean_q: f64,
}

/// An episode and the agent's window on it.
struct Player {
    episode: Episode<Steered>,
    window: NStep,
    /// Where the next action is chosen; `None` while there is nothing to go by.
    state: Option<Observation>,
}

impl Round<'_> {
    /// Plays and learns; `None` if `stop` says so, and `learning` is half-way then.
    pub(super) fn play(&self, learning: &mut Learning, stop: Stop) -> Option<RoundReport> {
        let PolicySettings { envs, ticks, train_every, .. } = *self.settings;
        let mut rng = ChaCha8Rng::seed_from_u64(self.settings.seed);
        rng.set_stream(self.done as u64 + 1);
        let seeds: Vec<u64> = (0..envs).map(|_| rng.next_u64()).collect();
        let players = in_parallel(&seeds, |seed| self.player(*seed, stop));
        let mut players: Vec<Player> = players.into_iter().collect::<Option<_>>()?;
        let (mut sums, mut decisions) = (Sums::default(), 0);
        let enough = self.settings.first_memory.max(self.settings.agent.batch_size);
        let choices = (ticks / HELD_TICKS).max(1) as usize;
        for choice in 0..choices {
            if stop() {
                return None;
            }
            let actions = self.choose(learning, &players, &mut rng);
            let mut players: Vec<_> = players.iter_mut().zip(actions).collect();
            let play = |(player, action): &mut (&mut Player, Option<usize>)| {
                player.play(*action, self.settings.after_ticks)
            };
            let completed = on_all(&mut players, play);
            completed.into_iter().flatten().for_each(|t| learning.replay.push(t));
            if learning.replay.len() >= enough {
                let due = envs * (choice + 1) / train_every - envs * choice / train_every;
                let part = choice as f32 / choices as f32;
                (0..due).for_each(|_| self.learn(learning, part, &mut sums, &mut rng));
            }
            decisions += envs as u64 * u64::from(HELD_TICKS);
        }
        let mut totals = Totals::default();
        for player in &mut players {
            player.finish().into_iter().for_each(|t| learning.replay.push(t));
            totals.add(player.episode.totals());
        }
        Some(RoundReport::new(&totals, &sums, decisions))
    }

    /// A player whose pool has run for a while; `None` if `stop` says so.
    fn player(&self, seed: u64, stop: Stop) -> Option<Player> {
        if stop() {
            return None;
        }
        let PolicySettings { agent, ticks, warm_s, .. } = self.settings;
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let workload = &self.workloads[(rng.next_u64() % self.workloads.len() as u64) as usize];
        let warm_s = warm_up_s(workload, *warm_s);
        let scene = Scene::random(agent, &mut rng);
        let plan = Steered::by(Steering::Plan);
        // A tick more than decisions: the last one needs its reward.
        let mut episode = Episode::random(workload, *ticks + 1, scene, plan, warm_s, &mut rng);
        episode.observe();
        let Stretch { state, .. } =
            episode.steered(Steering::Plan, warm_s / TICK_S).unwrap_or_default();
        episode.clear_totals();
        Some(Player { episode, window: NStep::new(agent.n_step, agent.gamma), state })
    }

    /// Lets the noisy network choose for every player that has something to go by.
    fn choose(
        &self,
        learning: &Learning,
        players: &[Player],
        rng: &mut ChaCha8Rng,
    ) -> Vec<Option<usize>> {
        let network = learning.learner.online();
        let noise = network.draw_noise(rng);
        let known: Vec<Observation> = players.iter().filter_map(|player| player.state).collect();
        let placed = network.on(&self.device.clone().inner(), Some(&noise));
        let mut actions = placed.values(&known).into_iter().map(|q| best_action(&q));
        players.iter().map(|player| player.state.and_then(|_| actions.next())).collect()
    }

    /// One step of the optimizer, when this share of the round is played.
    fn learn(&self, learning: &mut Learning, part: f32, sums: &mut Sums, rng: &mut ChaCha8Rng) {
        let Learning { learner, replay } = learning;
        let agent = &self.settings.agent;
        let done = ((self.done as f32 + part) / agent.rounds.max(1) as f32).min(1.0);
        let settings = StepSettings {
            learning_rate: agent.learning_rate as f32 * (1.0 - (1.0 - LAST_RATE) * done),
            tau: agent.tau,
            huber: self.settings.huber,
            gradient_clip: agent.gradient_clip,
        };
        let beta = agent.beta + (1.0 - agent.beta) * done;
        let draw = replay.draw(agent.batch_size, beta, rng);
        let learned = learner.step(&draw, &settings, self.device, rng);
        replay.learned(&draw.indices, &learned.errors);
        sums.steps += 1;
        sums.loss += f64::from(learned.loss);
        sums.mean_q += f64::from(learned.mean_q);
    }
}

impl RoundReport {
    fn new(totals: &Totals, sums: &Sums, decisions: u64) -> Self {
        let per_tick = |sum: f64| (sum / totals.ticks.max(1) as f64) as f32;
        let per_step = |sum: f64| (sum / sums.steps.max(1) as f64) as f32;
        Self {
            decisions,
            steps: sums.steps,
            loss: per_step(sums.loss),
            mean_q: per_step(sums.mean_q),
            reward: per_tick(totals.reward),
            cost: per_tick(totals.cost),
            sla: 1.0 - per_tick(totals.late),
        }
    }

    /// What goes into the learning curves.
    pub(super) fn figures(&self) -> [(&'static str, f64); 5] {
        [
            ("loss", self.loss.into()),
            ("mean_q", self.mean_q.into()),
            ("reward", self.reward.into()),
            ("cost", self.cost.into()),
            ("sla_percent", 100.0 * f64::from(self.sla)),
        ]
    }
}

impl Player {
    /// Tries every action from here on, then plays the one chosen; gives the transition that this completes.
    fn play(&mut self, action: Option<usize>, after_ticks: u32) -> Option<Transition> {
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
        completed
    }

    /// What is left over at the end.
    fn finish(&mut self) -> Vec<Transition> {
        self.state.map(|state| self.window.finish(&state)).unwrap_or_default()
    }
}
