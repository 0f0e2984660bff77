//! One round of episodes side by side: all decide, and all teach the one network.

use super::environment::{Episode, Scene, Steering, Totals};
use super::learner::{Learner, StepSettings};
use super::replay::{NStep, PrioritizedReplay};
use super::settings::PolicySettings;
use crate::data::workload::Workload;
use crate::model::q_network::best_action;
use crate::runtime::stop::Stop;
use burn::tensor::Device;
use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};
use scaleiq_core::policy::Observation;
use scaleiq_workload::sim::TICK_S;
use serde::{Deserialize, Serialize};

/// Seconds under the planner before the agent takes over.
const WARM_S: u32 = 1200;
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
    /// Decisions made.
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
    episode: Episode,
    window: NStep,
}

impl Round<'_> {
    /// Plays and learns; `None` if `stop` says so, and `learning` is half-way then.
    pub(super) fn play(&self, learning: &mut Learning, stop: Stop) -> Option<RoundReport> {
        let PolicySettings { envs, ticks, train_every, .. } = *self.settings;
        let mut rng = ChaCha8Rng::seed_from_u64(self.settings.seed);
        rng.set_stream(self.done as u64 + 1);
        let mut players: Vec<Player> = (0..envs).map(|_| self.player(&mut rng)).collect();
        let (mut sums, mut decisions) = (Sums::default(), 0);
        let enough = self.settings.first_memory.max(self.settings.agent.batch_size);
        for tick in 0..ticks as usize {
            if stop() {
                return None;
            }
            let seen = players.iter_mut().map(Player::observe).collect::<Vec<_>>();
            for (player, state) in players.iter_mut().zip(&seen) {
                if let Some(transition) = state.and_then(|s| player.window.arrive(&s)) {
                    learning.replay.push(transition);
                }
            }
            self.decide(learning, &mut players, &seen, &mut rng);
            if learning.replay.len() >= enough {
                let due = envs * (tick + 1) / train_every - envs * tick / train_every;
                let part = tick as f32 / ticks as f32;
                (0..due).for_each(|_| self.learn(learning, part, &mut sums, &mut rng));
            }
            decisions += envs as u64;
        }
        let mut totals = Totals::default();
        for player in &mut players {
            if let Some(state) = player.observe() {
                let rest = player.window.finish(&state);
                rest.into_iter().for_each(|transition| learning.replay.push(transition));
            }
            totals.add(player.episode.totals());
        }
        Some(RoundReport::new(&totals, &sums, decisions))
    }

    fn player(&self, rng: &mut ChaCha8Rng) -> Player {
        let PolicySettings { agent, ticks, .. } = self.settings;
        let workload = &self.workloads[(rng.next_u64() % self.workloads.len() as u64) as usize];
        let scene = Scene::random(agent, rng);
        // One tick more than decisions: the last decision needs its reward.
        let mut episode = Episode::random(workload, ticks + 1, scene, WARM_S, rng);
        for _ in 0..WARM_S / TICK_S {
            if episode.observe().is_some() {
                episode.act(Steering::Planner);
            }
        }
        episode.clear_totals();
        Player { episode, window: NStep::new(agent.n_step, agent.gamma) }
    }

    /// Lets the noisy network choose for every player that has something to go by.
    fn decide(
        &self,
        learning: &Learning,
        players: &mut [Player],
        seen: &[Option<Observation>],
        rng: &mut ChaCha8Rng,
    ) {
        let network = learning.learner.online();
        let noise = network.draw_noise(rng);
        let known: Vec<Observation> = seen.iter().flatten().copied().collect();
        let placed = network.on(&self.device.clone().inner(), Some(&noise));
        let mut actions = placed.values(&known).into_iter().map(|q| best_action(&q));
        for (player, state) in players.iter_mut().zip(seen) {
            let choice = state.and_then(|s| Some((s, actions.next()?)));
            if let Some((state, action)) = choice {
                player.window.decide(&state, action);
                player.episode.act(Steering::Action(action));
            } else {
                player.episode.act(Steering::Planner);
            }
        }
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
    /// Plays a tick; the reward goes to the last decision of the agent.
    fn observe(&mut self) -> Option<Observation> {
        let seen = self.episode.observe()?;
        self.window.reward(seen.reward);
        seen.state
    }
}
