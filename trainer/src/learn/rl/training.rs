//! Trains the scaling policy.
//!
//! Dueling double DQN with noisy streams, prioritized replay and n-step returns (Rainbow without
//! its distributions; Hessel et al. 2018, arXiv:1710.02298), on many episodes side by side. Actions are held
//! (`HELD_S`), and in every state that is met all of them are tried on copies of the episode, so that the
//! network learns from what they brought as well as from its returns.
//!
//! A step of the run loop is a *round* of episodes. Everything random in round `r` comes from the seed
//! and `r` alone, and nothing outlives a round but `Learning`: so a run that is interrupted and
//! continued gives the same bytes as an unbroken one. A round that is broken off leaves no trace.
//!
//! Where there are several processes, all of them play the episodes (`actors`), and the first one alone has a
//! `PolicyTraining`.

use super::judge::Judge;
use super::learner::Learner;
use super::replay::PrioritizedReplay;
use super::round::{Learning, Round};
use super::settings::PolicySettings;
use crate::data::workload::Workload;
use crate::evaluate::policy::EvalReport;
use crate::learn::run_loop::{Schedule, StepReport, Trainable};
use crate::model::q_network::QNetwork;
use crate::runtime::frame::{Kind, POLICY_CHECKPOINT};
use crate::runtime::ranks::Ranks;
use crate::runtime::stop::Stop;
use anyhow::{Result, ensure};
use burn::tensor::Device;
use rand_chacha::ChaCha8Rng;
use rand_core::SeedableRng;
use scaleiq_core::policy::Observation;
use serde::{Deserialize, Serialize};
use std::time::Instant;

/// Cautions that are tried when all is trained.
const MIN_ADVANTAGES: [f32; 6] = [0.0, 0.01, 0.02, 0.05, 0.1, f32::MAX];

/// What a checkpoint holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PolicyState {
    learning: Learning,
    best: Option<QNetwork>,
}

/// A policy in training.
#[derive(Clone)]
pub struct PolicyTraining<'a> {
    settings: PolicySettings,
    learning: Learning,
    best: Option<QNetwork>,
    workloads: Vec<Workload>,
    judge: Judge,
    device: Device,
    /// The processes that play its episodes.
    ranks: Ranks<'a>,
}

impl<'a> PolicyTraining<'a> {
    /// An untrained policy. Episodes are parts of `workloads`; the best network is chosen on
    /// `held_out`, which the rules play first. `None` if `stop` says so meanwhile.
    ///
    /// # Errors
    /// If there is no workload to train on, or the settings train nothing.
    pub fn new(
        settings: PolicySettings,
        workloads: Vec<Workload>,
        held_out: Vec<Workload>,
        device: &Device,
        stop: Stop,
    ) -> Result<Option<Self>> {
        let PolicySettings { agent, envs, ticks, train_every, .. } = &settings;
        ensure!(!workloads.is_empty(), "there is no workload to train on");
        ensure!(*envs > 0 && *ticks > 0, "`envs` and `ticks` must be at least 1");
        ensure!(agent.batch_size > 0 && *train_every > 0, "`batch_size` and `train_every` too");
        let Some(judge) = Judge::new(held_out, &settings, stop) else { return Ok(None) };
        let mut rng = ChaCha8Rng::seed_from_u64(settings.seed);
        let learning = Learning {
            learner: Learner::new(&agent.hidden, &mut rng),
            replay: PrioritizedReplay::new(agent.memory_size, agent.alpha),
        };
        let device = device.clone().autodiff();
        let ranks = Ranks::default();
        Ok(Some(Self { settings, learning, best: None, workloads, judge, device, ranks }))
    }

    /// The same, with episodes that `ranks` play together: this process is the first, and the others
    /// [act](super::actors::act).
    #[must_use]
    pub fn among(self, ranks: Ranks<'a>) -> Self {
        Self { ranks, ..self }
    }

    /// The network of the best evaluation; before the first one, as it is now.
    #[must_use]
    pub fn best_network(&self) -> &QNetwork {
        self.best.as_ref().unwrap_or_else(|| self.learning.learner.online())
    }

    /// Up to `n` states met in training, to calibrate a quantized network on.
    #[must_use]
    pub fn sample_states(&self, n: usize) -> Vec<Observation> {
        self.learning.replay.states(n)
    }

    /// Plays the held-out cases with the best network, as cautious as does best there: the most
    /// cautious leaves every plan as it is. `None` if `stop` says so.
    #[must_use]
    pub fn verdict(&self, stop: Stop) -> Option<EvalReport> {
        let judge = |min_advantage| self.judge.judge(self.best_network(), min_advantage, stop);
        let reports: Vec<EvalReport> =
            MIN_ADVANTAGES.into_iter().map(judge).collect::<Option<_>>()?;
        Some(reports.into_iter().min_by(|a, b| a.dqn.total_cmp(&b.dqn)).unwrap_or_default())
    }
}

impl Trainable for PolicyTraining<'_> {
    const CHECKPOINT: Kind = POLICY_CHECKPOINT;
    type Settings = PolicySettings;
    type State = PolicyState;

    fn settings(&self) -> &PolicySettings {
        &self.settings
    }

    /// A checkpoint goes with each evaluation.
    fn schedule(&self) -> Schedule {
        let agent = &self.settings.agent;
        Schedule {
            steps: agent.rounds,
            evaluate_every: agent.evaluate_every,
            evaluate_first: false,
            patience: 0,
            checkpoint_every: agent.evaluate_every,
            log_every: 1,
        }
    }

    /// Plays and learns one round, on a copy that takes its place in the end.
    fn step(&mut self, done: usize, stop: Stop) -> Result<Option<StepReport>> {
        let began = Instant::now();
        let mut learning = self.learning.clone();
        let round = Round {
            settings: &self.settings,
            workloads: &self.workloads,
            device: &self.device,
            ranks: self.ranks,
            done,
        };
        let Some(report) = round.play(&mut learning, stop)? else { return Ok(None) };
        self.learning = learning;
        let per_second = report.decisions as f64 / began.elapsed().as_secs_f64();
        let note = format!("{per_second:.0} decisions/s");
        Ok(Some(StepReport { figures: report.figures().to_vec(), note }))
    }

    /// The mean penalised cost of the network as it is, whatever it gains.
    fn evaluate(&self, stop: Stop) -> Option<(f64, StepReport)> {
        let report = self.judge.judge(self.learning.learner.online(), 0.0, stop)?;
        let EvalReport { dqn, planner, .. } = report;
        let note = format!("held out {dqn:.3}, planner {planner:.3}");
        let figures = vec![("held_out", dqn), ("held_out_planner", planner)];
        Some((dqn, StepReport { figures, note }))
    }

    fn keep(&mut self) {
        self.best = Some(self.learning.learner.online().clone());
    }

    fn state(&self) -> Result<PolicyState> {
        Ok(PolicyState { learning: self.learning.clone(), best: self.best.clone() })
    }

    fn restore(&mut self, state: PolicyState) -> Result<()> {
        (self.learning, self.best) = (state.learning, state.best);
        Ok(())
    }
}

#[cfg(test)]
#[path = "training_tests.rs"]
mod tests;
