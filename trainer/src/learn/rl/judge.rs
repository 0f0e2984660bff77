//! Judges a policy on held-out workloads, in the three named worlds, against the rules.

use super::dqn::DqnConfig;
use super::environment::{Episode, Scene, Steering, TICK_S};
use crate::data::workload::Workload;
use crate::model::q_network::QNetwork;
use burn::tensor::Device;
use scaleiq_core::policy::{State, cautious_action};
use scaleiq_workload::sim::faults::FaultPlan;
use scaleiq_workload::sim::{STEP_S, Score, World};
use serde::{Deserialize, Serialize};

/// Share of the events that must begin in time.
pub const SLA: f64 = 0.999;
/// What a lacking share of the SLA adds to the cost: 0.1 % is worth as much as 15 % more jobs.
const SLA_PRICE: f64 = 150.0;
/// Played before the score counts.
const WARM_S: u32 = 3600;

/// Results of the policies in one world.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CaseReport {
    /// The workload's name.
    pub workload: String,
    /// The world's name.
    pub world: String,
    /// The Q-network.
    pub dqn: Score,
    /// The plan that it multiplies, as it is.
    pub planner: Score,
    /// Jobs for the 0.9 quantile of the forecast.
    pub quantile_rule: Score,
    /// Jobs for the present rate.
    pub reactive: Score,
}

/// Results on all held-out cases.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct EvalReport {
    /// One per workload and world.
    pub cases: Vec<CaseReport>,
    /// Caution of the network, see [`scaleiq_core::policy::cautious_action`].
    pub caution: f32,
    /// The network's [`penalised`] cost, averaged: what the best checkpoint is chosen by.
    pub dqn: f64,
    /// The planner's.
    pub planner: f64,
    /// The quantile rule's.
    pub quantile_rule: f64,
    /// The reactive rule's.
    pub reactive: f64,
}

/// Cost over the ideal, and a price for each share of events that the SLA lacks.
#[must_use]
pub fn penalised(score: &Score) -> f64 {
    score.cost_over_ideal + SLA_PRICE * (SLA - score.sla).max(0.0)
}

fn mean_penalised(scores: &[Score]) -> f64 {
    scores.iter().map(penalised).sum::<f64>() / scores.len().max(1) as f64
}

/// Plays held-out cases. What the rules score never changes, so it is played once.
#[derive(Clone, Debug)]
pub struct Judge {
    workloads: Vec<Workload>,
    scenes: Vec<(&'static str, Scene)>,
    ticks: u32,
    planner: Vec<Score>,
    quantile_rule: Vec<Score>,
    reactive: Vec<Score>,
}

impl Judge {
    /// Plays the rules.
    #[must_use]
    pub fn new(workloads: Vec<Workload>, config: &DqnConfig) -> Self {
        let scene = |world| Scene {
            world,
            base: config.base,
            weights: config.reward,
            faults: FaultPlan::default(),
        };
        let scenes = World::NAMES.iter().filter_map(|n| Some((*n, scene(World::named(n)?))));
        let mut judge = Self {
            workloads,
            scenes: scenes.collect(),
            ticks: config.evaluate_ticks,
            planner: Vec::new(),
            quantile_rule: Vec::new(),
            reactive: Vec::new(),
        };
        judge.planner = judge.play(|_, steering| steering.fill(Steering::Planner));
        judge.quantile_rule = judge.play(|_, steering| steering.fill(Steering::Rule));
        judge.reactive = judge.play(|_, steering| steering.fill(Steering::Reactive));
        judge
    }

    /// Plays `network` without noise and compares.
    #[must_use]
    pub fn judge(&self, network: &QNetwork, caution: f32, device: &Device) -> EvalReport {
        let network = network.on(&device.clone().inner(), None);
        let dqn = self.play(|states, steering| {
            let known: Vec<State> = states.iter().flatten().copied().collect();
            let mut actions =
                network.values(&known).into_iter().map(|q| cautious_action(&q, caution));
            for (state, steering) in states.iter().zip(steering) {
                *steering = match state.and_then(|_| actions.next()) {
                    Some(action) => Steering::Action(action),
                    None => Steering::Planner,
                };
            }
        });
        let names = self.workloads.iter().flat_map(|w| {
            self.scenes.iter().map(move |(world, _)| (w.name.clone(), (*world).to_string()))
        });
        let case = |(k, (workload, world))| CaseReport {
            workload,
            world,
            dqn: dqn[k],
            planner: self.planner[k],
            quantile_rule: self.quantile_rule[k],
            reactive: self.reactive[k],
        };
        EvalReport {
            cases: names.enumerate().map(case).collect(),
            caution,
            dqn: mean_penalised(&dqn),
            planner: mean_penalised(&self.planner),
            quantile_rule: mean_penalised(&self.quantile_rule),
            reactive: mean_penalised(&self.reactive),
        }
    }

    /// Plays all cases in step, so that the network is asked for all of them at once.
    fn play(&self, mut steer: impl FnMut(&[Option<State>], &mut [Steering])) -> Vec<Score> {
        let steps = ((self.ticks * TICK_S + WARM_S) / STEP_S) as usize;
        let mut episodes = Vec::new();
        for (seed, workload) in (1..).zip(&self.workloads) {
            for (_, scene) in &self.scenes {
                // The end: what comes before is known from training.
                let playable = workload.playable();
                let range = playable.end.saturating_sub(steps).max(playable.start)..playable.end;
                episodes.push(Episode::new(workload, range, *scene, seed, WARM_S));
            }
        }
        let mut states = vec![None; episodes.len()];
        let mut steering = vec![Steering::Planner; episodes.len()];
        let mut over = vec![false; episodes.len()];
        while !over.iter().all(|o| *o) {
            for (k, episode) in episodes.iter_mut().enumerate() {
                match episode.observe() {
                    Some(seen) => states[k] = seen.state,
                    None => (states[k], over[k]) = (None, true),
                }
            }
            steer(&states, &mut steering);
            for ((episode, steering), over) in episodes.iter_mut().zip(&steering).zip(&over) {
                if !over {
                    episode.act(*steering);
                }
            }
        }
        episodes.iter().map(Episode::score).collect()
    }
}
