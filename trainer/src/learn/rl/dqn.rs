//! The training loop of the scaling policy.
//!
//! Dueling double DQN with noisy streams, prioritized replay and n-step returns (Rainbow without
//! its distributions; Hessel et al. 2018, arXiv:1710.02298), on many episodes side by side.
//!
//! A run is a series of *rounds*. Everything random in round `r` comes from the seed and `r` alone,
//! and nothing outlives a round but networks, optimizer and replay: so a run that is interrupted
//! between rounds and continued gives the same bytes as an unbroken one.

use super::environment::{Episode, Scene, Steering, TICK_S, Totals};
use super::judge::{EvalReport, Judge};
use super::learner::{Learner, StepSettings};
use super::replay::{NStep, PrioritizedReplay};
use crate::config::RewardWeights;
use crate::data::workload::Workload;
use crate::model::q_network::{QNetwork, best_action};
use anyhow::{Result, ensure};
use burn::tensor::Device;
use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};
use scaleiq_core::policy::State;
use scaleiq_core::settings::Base;
use serde::{Deserialize, Serialize};

/// Seconds under the planner before the agent takes over.
const WARM_S: u32 = 1200;
/// Cautions that are tried when all is trained.
const CAUTIONS: [f32; 6] = [0.0, 0.002, 0.005, 0.01, 0.03, f32::MAX];
/// The learning rate falls linearly to this share of itself.
const LAST_RATE: f32 = 0.1;

/// Everything that decides what a run does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DqnConfig {
    /// Seed of every random number.
    pub seed: u64,
    /// Hidden widths; the last is that of the two streams.
    pub hidden: Vec<usize>,
    /// Rounds in the run.
    pub rounds: u32,
    /// Episodes side by side in a round.
    pub envs: usize,
    /// Decisions in an episode.
    pub ticks: u32,
    /// Transitions in a step.
    pub batch: usize,
    /// Decisions (over all episodes) between two steps.
    pub train_every: usize,
    /// Transitions remembered.
    pub memory: usize,
    /// Transitions needed before the first step.
    pub first_memory: usize,
    /// How strongly replay prefers surprises.
    pub alpha: f32,
    /// Correction of that preference at the start; anneals to 1.
    pub beta: f32,
    /// Decisions whose rewards are summed before the network's own estimate is used.
    pub n_step: usize,
    /// Worth of a reward one decision later.
    pub gamma: f32,
    /// Share of the online network mixed into the target network at each step.
    pub tau: f32,
    /// Learning rate of Adam at the start.
    pub learning_rate: f32,
    /// Errors beyond this count linearly.
    pub huber: f32,
    /// Largest norm of a step's gradient.
    pub gradient_clip: f32,
    /// What multipliers are applied to.
    pub base: Base,
    /// Weights of the parts of the reward.
    pub reward: RewardWeights,
    /// Rounds between evaluations; the last round is always evaluated.
    pub evaluate_every: u32,
    /// Decisions per held-out case.
    pub evaluate_ticks: u32,
}

impl Default for DqnConfig {
    fn default() -> Self {
        Self {
            seed: 42,
            hidden: vec![128, 64],
            rounds: 60,
            envs: 32,
            ticks: 480,
            batch: 128,
            train_every: 16,
            memory: 100_000,
            first_memory: 5_000,
            alpha: 0.6,
            beta: 0.4,
            n_step: 3,
            gamma: 0.99,
            tau: 0.005,
            learning_rate: 5e-4,
            huber: 5.0,
            gradient_clip: 10.0,
            base: Base::Required,
            reward: RewardWeights::default(),
            evaluate_every: 5,
            evaluate_ticks: 2880,
        }
    }
}

/// A point of the learning curves.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RoundReport {
    /// Rounds done, this one included.
    pub round: u32,
    /// Decisions made in it.
    pub decisions: u64,
    /// Steps made in it.
    pub steps: u64,
    /// Mean loss of its steps.
    pub loss: f32,
    /// Mean value of the actions in its batches.
    pub mean_q: f32,
    /// Mean reward of a decision.
    pub reward: f32,
    /// Job time over the ideal in its episodes, while exploring.
    pub cost: f32,
    /// Share of the events that began in time.
    pub sla: f32,
    /// Mean share of the pool changed by a decision.
    pub churn: f32,
    /// The evaluation, in rounds that have one.
    pub evaluation: Option<EvalReport>,
    /// Whether that was the best so far.
    pub is_best: bool,
}

/// What outlives a round.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Progress {
    pub(super) config: DqnConfig,
    pub(super) rounds_done: u32,
    pub(super) learner: Learner,
    pub(super) replay: PrioritizedReplay,
    pub(super) best: Option<(f64, QNetwork)>,
}

/// A training run.
#[derive(Clone, Debug)]
pub struct DqnTrainer {
    pub(super) progress: Progress,
    workloads: Vec<Workload>,
    judge: Judge,
    device: Device,
}

/// Sums over the steps of a round.
#[derive(Default)]
struct Sums {
    steps: u64,
    loss: f64,
    mean_q: f64,
}

impl DqnTrainer {
    /// A run at its start. Episodes are parts of `workloads`; the best network is chosen on
    /// `held_out`.
    ///
    /// # Errors
    /// If there is no workload to train on, or the configuration trains nothing.
    pub fn new(
        config: DqnConfig,
        workloads: Vec<Workload>,
        held_out: Vec<Workload>,
        device: &Device,
    ) -> Result<Self> {
        let mut rng = ChaCha8Rng::seed_from_u64(config.seed);
        let progress = Progress {
            rounds_done: 0,
            learner: Learner::new(&config.hidden, &mut rng),
            replay: PrioritizedReplay::new(config.memory, config.alpha),
            best: None,
            config,
        };
        Self::continued(progress, workloads, held_out, device)
    }

    pub(super) fn continued(
        progress: Progress,
        workloads: Vec<Workload>,
        held_out: Vec<Workload>,
        device: &Device,
    ) -> Result<Self> {
        let config = &progress.config;
        ensure!(!workloads.is_empty(), "there is no workload to train on");
        ensure!(config.envs > 0 && config.ticks > 0, "`envs` and `ticks` must be at least 1");
        ensure!(config.batch > 0 && config.train_every > 0, "`batch` and `train_every` too");
        let judge = Judge::new(held_out, config);
        Ok(Self { workloads, judge, device: device.clone().autodiff(), progress })
    }

    /// The configuration in force.
    #[must_use]
    pub fn config(&self) -> &DqnConfig {
        &self.progress.config
    }

    /// Rounds done so far.
    #[must_use]
    pub fn rounds_done(&self) -> u32 {
        self.progress.rounds_done
    }

    /// Rounds in the run.
    #[must_use]
    pub fn rounds_total(&self) -> u32 {
        self.progress.config.rounds
    }

    /// The network as it is now.
    #[must_use]
    pub fn network(&self) -> &QNetwork {
        self.progress.learner.online()
    }

    /// The network of the best evaluation; before the first one, as it is now.
    #[must_use]
    pub fn best_network(&self) -> &QNetwork {
        self.progress.best.as_ref().map_or(self.network(), |(_, network)| network)
    }

    /// Up to `n` states met in training, to calibrate a quantized network on.
    #[must_use]
    pub fn sample_states(&self, n: usize) -> Vec<State> {
        self.progress.replay.states(n)
    }

    /// Plays the held-out cases with the best network, as cautious as does best there: the most
    /// cautious leaves every plan as it is.
    #[must_use]
    pub fn evaluate(&self) -> EvalReport {
        let judge = |caution| self.judge.judge(self.best_network(), caution, &self.device);
        let reports = CAUTIONS.map(judge).into_iter();
        reports.min_by(|a, b| a.dqn.total_cmp(&b.dqn)).unwrap_or_default()
    }

    /// Plays and learns one round.
    pub fn round(&mut self) -> RoundReport {
        let config = self.progress.config.clone();
        let mut rng = ChaCha8Rng::seed_from_u64(config.seed);
        rng.set_stream(u64::from(self.progress.rounds_done) + 1);
        let mut players: Vec<Player> =
            (0..config.envs).map(|_| self.player(&config, &mut rng)).collect();
        let mut sums = Sums::default();
        let mut decisions = 0;
        let ticks = config.ticks as usize;
        for tick in 0..ticks {
            let seen = players.iter_mut().map(Player::observe).collect::<Vec<_>>();
            for (player, state) in players.iter_mut().zip(&seen) {
                if let Some(transition) = state.and_then(|s| player.window.arrive(&s)) {
                    self.progress.replay.push(transition);
                }
            }
            self.decide(&mut players, &seen, &mut rng);
            let due = config.envs * (tick + 1) / config.train_every
                - config.envs * tick / config.train_every;
            if self.progress.replay.len() >= config.first_memory.max(config.batch) {
                let part = tick as f32 / ticks as f32;
                for _ in 0..due {
                    self.learn(part, &mut sums, &mut rng);
                }
            }
            decisions += config.envs as u64;
        }
        let mut totals = Totals::default();
        for player in &mut players {
            if let Some(state) = player.observe() {
                for transition in player.window.finish(&state) {
                    self.progress.replay.push(transition);
                }
            }
            totals.add(player.episode.totals());
        }
        self.progress.rounds_done += 1;
        self.report(&totals, &sums, decisions)
    }

    fn player(&self, config: &DqnConfig, rng: &mut ChaCha8Rng) -> Player {
        let workload = &self.workloads[(rng.next_u64() % self.workloads.len() as u64) as usize];
        let scene = Scene::random(config.base, config.reward, rng);
        // One tick more than decisions: the last decision needs its reward.
        let mut episode = Episode::random(workload, config.ticks + 1, scene, WARM_S, rng);
        for _ in 0..WARM_S / TICK_S {
            if episode.observe().is_some() {
                episode.act(Steering::Planner);
            }
        }
        episode.clear_totals();
        Player { episode, window: NStep::new(config.n_step, config.gamma) }
    }

    /// Lets the noisy network choose for every player that has something to go by.
    fn decide(&self, players: &mut [Player], seen: &[Option<State>], rng: &mut ChaCha8Rng) {
        let network = self.network();
        let noise = network.draw_noise(rng);
        let known: Vec<State> = seen.iter().flatten().copied().collect();
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

    fn learn(&mut self, part: f32, sums: &mut Sums, rng: &mut ChaCha8Rng) {
        let Self { progress: Progress { config, learner, replay, rounds_done, .. }, .. } = self;
        let done = ((*rounds_done as f32 + part) / config.rounds.max(1) as f32).min(1.0);
        let settings = StepSettings {
            learning_rate: config.learning_rate * (1.0 - (1.0 - LAST_RATE) * done),
            tau: config.tau,
            huber: config.huber,
            gradient_clip: config.gradient_clip,
        };
        let beta = config.beta + (1.0 - config.beta) * done;
        let draw = replay.draw(config.batch, beta, rng);
        let learned = learner.step(&draw, &settings, &self.device, rng);
        replay.learned(&draw.indices, &learned.errors);
        sums.steps += 1;
        sums.loss += f64::from(learned.loss);
        sums.mean_q += f64::from(learned.mean_q);
    }

    fn report(&mut self, totals: &Totals, sums: &Sums, decisions: u64) -> RoundReport {
        let Progress { config, rounds_done, .. } = &self.progress;
        let due = rounds_done.is_multiple_of(config.evaluate_every.max(1));
        let evaluation = (due || *rounds_done == config.rounds)
            .then(|| self.judge.judge(self.network(), 0.0, &self.device));
        let best = self.progress.best.as_ref().map_or(f64::INFINITY, |(score, _)| *score);
        let is_best = evaluation.as_ref().is_some_and(|e| e.dqn < best);
        if let Some(e) = evaluation.as_ref().filter(|_| is_best) {
            self.progress.best = Some((e.dqn, self.network().clone()));
        }
        let per_tick = |sum: f64| (sum / totals.ticks.max(1) as f64) as f32;
        let per_step = |sum: f64| (sum / sums.steps.max(1) as f64) as f32;
        RoundReport {
            round: self.progress.rounds_done,
            decisions,
            steps: sums.steps,
            loss: per_step(sums.loss),
            mean_q: per_step(sums.mean_q),
            reward: per_tick(totals.reward),
            cost: per_tick(totals.cost),
            sla: 1.0 - per_tick(totals.late),
            churn: per_tick(totals.churn),
            evaluation,
            is_best,
        }
    }
}

/// An episode and the agent's window on it.
struct Player {
    episode: Episode,
    window: NStep,
}

impl Player {
    /// Plays a tick; the reward goes to the last decision of the agent.
    fn observe(&mut self) -> Option<State> {
        let seen = self.episode.observe()?;
        self.window.reward(seen.reward);
        seen.state
    }
}

#[cfg(test)]
#[path = "dqn_tests.rs"]
mod tests;
