//! One round of episodes side by side: all decide, and all teach the one network.

use super::actors::{Actors, Order};
use super::environment::Totals;
use super::learner::{Learner, StepSettings};
use super::player::Seen;
use super::replay::PrioritizedReplay;
use super::settings::PolicySettings;
use super::steering::HELD_TICKS;
use crate::data::workload::Workload;
use crate::model::q_network::best_action;
use crate::runtime::ranks::Ranks;
use crate::runtime::stop::Stop;
use anyhow::Result;
use burn::tensor::Device;
use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};
use scaleiq_core::policy::Observation;
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
    /// The processes that play it.
    pub(super) ranks: Ranks<'a>,
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

impl Learning {
    /// Remembers what players have completed, in their order.
    fn remember(&mut self, players: &[Seen]) {
        players.iter().flat_map(|player| &player.completed).for_each(|t| self.replay.push(*t));
    }
}

impl Round<'_> {
    /// Plays and learns; `None` if any process is told to stop, and `learning` is half-way then.
    ///
    /// # Errors
    /// If what the other processes send cannot be understood.
    pub(super) fn play(&self, learning: &mut Learning, stop: Stop) -> Result<Option<RoundReport>> {
        let PolicySettings { envs, ticks, train_every, .. } = *self.settings;
        let mut rng = ChaCha8Rng::seed_from_u64(self.settings.seed);
        rng.set_stream(self.done as u64 + 1);
        let seeds: Vec<u64> = (0..envs).map(|_| rng.next_u64()).collect();
        let mut actors = Actors::new(self.settings, self.workloads, self.ranks, stop);
        let Some(mut seen) = actors.order(&Order::Begin(seeds))? else { return Ok(None) };
        let (mut sums, mut decisions) = (Sums::default(), 0);
        let enough = self.settings.first_memory.max(self.settings.agent.batch_size);
        let choices = (ticks / HELD_TICKS).max(1) as usize;
        for choice in 0..choices {
            let actions = self.choose(learning, &seen, &mut rng);
            let Some(played) = actors.order(&Order::Play(actions))? else { return Ok(None) };
            seen = played;
            learning.remember(&seen);
            if learning.replay.len() >= enough {
                let due = envs * (choice + 1) / train_every - envs * choice / train_every;
                let part = choice as f32 / choices as f32;
                (0..due).for_each(|_| self.learn(learning, part, &mut sums, &mut rng));
            }
            decisions += envs as u64 * u64::from(HELD_TICKS);
        }
        let Some(seen) = actors.order(&Order::Finish)? else { return Ok(None) };
        learning.remember(&seen);
        let mut totals = Totals::default();
        seen.iter().for_each(|player| totals.add(&player.totals));
        Ok(Some(RoundReport::new(&totals, &sums, decisions)))
    }

    /// Lets the noisy network choose for every player that has something to go by.
    fn choose(
        &self,
        learning: &Learning,
        players: &[Seen],
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
