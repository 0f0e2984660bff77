//! Judges a policy on held-out workloads, in the named worlds, against the rules.

use super::environment::{Episode, Scene, Steering};
use super::settings::PolicySettings;
use crate::data::workload::Workload;
use crate::evaluate::policy::{CaseReport, EvalReport, mean_penalised};
use crate::model::q_network::QNetwork;
use crate::runtime::stop::Stop;
use burn::tensor::Device;
use scaleiq_core::policy::{ACTIONS, Observation, action_worth_taking};
use scaleiq_workload::sim::TICK_S;
use scaleiq_workload::sim::faults::FaultPlan;
use scaleiq_workload::sim::{STEP_S, Score, World};

/// Played before the score counts.
const WARM_S: u32 = 3600;

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
    /// Plays the rules; `None` if `stop` says so.
    #[must_use]
    pub fn new(workloads: Vec<Workload>, settings: &PolicySettings, stop: Stop) -> Option<Self> {
        let scene = |world| Scene::new(world, &settings.agent, FaultPlan::default());
        let scenes = World::NAMES.iter().filter_map(|n| Some((*n, scene(World::named(n)?))));
        let mut judge = Self {
            workloads,
            scenes: scenes.collect(),
            ticks: settings.evaluate_ticks,
            planner: Vec::new(),
            quantile_rule: Vec::new(),
            reactive: Vec::new(),
        };
        judge.planner = judge.play(|_, steering| steering.fill(Steering::Planner), stop)?;
        judge.quantile_rule = judge.play(|_, steering| steering.fill(Steering::Rule), stop)?;
        judge.reactive = judge.play(|_, steering| steering.fill(Steering::Reactive), stop)?;
        Some(judge)
    }

    /// Plays `network` without noise and compares; `None` if `stop` says so.
    #[must_use]
    pub fn judge(
        &self,
        network: &QNetwork,
        min_advantage: f32,
        device: &Device,
        stop: Stop,
    ) -> Option<EvalReport> {
        let network = network.on(&device.clone().inner(), None);
        let mut chosen = vec![[0; 2]; ACTIONS];
        let steer = |states: &[Option<Observation>], steering: &mut [Steering]| {
            let known: Vec<Observation> = states.iter().flatten().copied().collect();
            let mut actions = network.values(&known).into_iter().map(|q| {
                let action = action_worth_taking(&q, min_advantage);
                chosen[action][0] += 1;
                chosen[action_worth_taking(&q, 0.0)][1] += 1;
                action
            });
            for (state, steering) in states.iter().zip(steering) {
                *steering = match state.and_then(|_| actions.next()) {
                    Some(action) => Steering::Action(action),
                    None => Steering::Planner,
                };
            }
        };
        let dqn = self.play(steer, stop)?;
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
        Some(EvalReport {
            cases: names.enumerate().map(case).collect(),
            actions: chosen,
            min_advantage,
            dqn: mean_penalised(&dqn),
            planner: mean_penalised(&self.planner),
            quantile_rule: mean_penalised(&self.quantile_rule),
            reactive: mean_penalised(&self.reactive),
        })
    }

    /// Plays all cases in step, so that the network is asked for all of them at once.
    fn play(
        &self,
        mut steer: impl FnMut(&[Option<Observation>], &mut [Steering]),
        stop: Stop,
    ) -> Option<Vec<Score>> {
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
            if stop() {
                return None;
            }
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
        Some(episodes.iter().map(Episode::score).collect())
    }
}
