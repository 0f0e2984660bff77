//! Judges a policy on held-out workloads, in the named worlds, against the rules.

use super::environment::{Episode, Scene, warm_up_s};
use super::settings::PolicySettings;
use crate::data::workload::Workload;
use crate::evaluate::policy::{CaseReport, EvalReport, geometric_mean};
use crate::model::q_network::{DeviceNetwork, QNetwork};
use crate::runtime::stop::Stop;
use crate::runtime::threads::in_parallel;
use burn::tensor::Device;
use scaleiq_core::policy::{
    ACTIONS, Dqn, OBSERVATION, Planner, Policy, QuantileRule, Reactive, ValueModel,
    action_worth_taking,
};
use scaleiq_workload::sim::TICK_S;
use scaleiq_workload::sim::faults::FaultPlan;
use scaleiq_workload::sim::{STEP_S, Score, World};
use std::convert::Infallible;

/// Plays held-out cases. What the rules score never changes, so it is played once.
#[derive(Clone, Debug)]
pub struct Judge {
    workloads: Vec<Workload>,
    scenes: Vec<(&'static str, Scene)>,
    ticks: u32,
    warm_s: u32,
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
            warm_s: settings.warm_s,
            planner: Vec::new(),
            quantile_rule: Vec::new(),
            reactive: Vec::new(),
        };
        judge.planner = judge.scores(|| Planner, stop)?;
        judge.quantile_rule = judge.scores(QuantileRule::default, stop)?;
        judge.reactive = judge.scores(|| Reactive, stop)?;
        Some(judge)
    }

    /// Plays `network` without noise and compares; `None` if `stop` says so.
    #[must_use]
    pub fn judge(&self, network: &QNetwork, min_advantage: f32, stop: Stop) -> Option<EvalReport> {
        let policy = || {
            let network = Watched::new(network.on(&Device::flex(), None), min_advantage);
            Dqn::new(network).with_min_advantage(min_advantage)
        };
        let played = self.play(policy, stop)?;
        let dqn: Vec<Score> = played.iter().map(Episode::score).collect();
        let mut actions = vec![[0; 2]; ACTIONS];
        for chosen in played.iter().map(|episode| &episode.policy().network().chosen) {
            for (sum, chosen) in actions.iter_mut().flatten().zip(chosen.iter().flatten()) {
                *sum += chosen;
            }
        }
        let case = |(k, (workload, world)): (usize, (&Workload, &str))| CaseReport {
            workload: workload.name.clone(),
            world: world.into(),
            dqn: dqn[k],
            planner: self.planner[k],
            quantile_rule: self.quantile_rule[k],
            reactive: self.reactive[k],
        };
        let names = self.cases().into_iter().map(|(_, workload, world, _)| (workload, world));
        Some(EvalReport {
            cases: names.enumerate().map(case).collect(),
            actions,
            min_advantage,
            dqn: geometric_mean(&dqn),
            planner: geometric_mean(&self.planner),
            quantile_rule: geometric_mean(&self.quantile_rule),
            reactive: geometric_mean(&self.reactive),
        })
    }

    /// Every workload in every world, with the seed of its luck.
    fn cases(&self) -> Vec<(u64, &Workload, &'static str, Scene)> {
        let seeded = (1..).zip(&self.workloads);
        let in_each = |(seed, workload)| {
            self.scenes.iter().map(move |(world, scene)| (seed, workload, *world, *scene))
        };
        seeded.flat_map(in_each).collect()
    }

    fn scores<P: Policy + Send>(
        &self,
        policy: impl Fn() -> P + Sync,
        stop: Stop,
    ) -> Option<Vec<Score>> {
        Some(self.play(policy, stop)?.iter().map(Episode::score).collect())
    }

    /// The end of each workload: what comes before is known from training.
    fn play<P: Policy + Send>(
        &self,
        policy: impl Fn() -> P + Sync,
        stop: Stop,
    ) -> Option<Vec<Episode<P>>> {
        let play = |(seed, workload, _, scene): &(u64, &Workload, &str, Scene)| {
            let (playable, warm_s) = (workload.playable(), warm_up_s(workload, self.warm_s));
            let steps = ((self.ticks * TICK_S + warm_s) / STEP_S) as usize;
            let range = playable.end.saturating_sub(steps).max(playable.start)..playable.end;
            Episode::new(workload, range, *scene, policy(), *seed, warm_s).played(stop)
        };
        in_parallel(&self.cases(), play).into_iter().collect()
    }
}

/// A network, and what it chose.
struct Watched {
    network: DeviceNetwork,
    min_advantage: f32,
    /// How often each action was chosen, and how often it would have been if no advantage were asked for.
    chosen: [[u64; 2]; ACTIONS],
}

impl Watched {
    fn new(network: DeviceNetwork, min_advantage: f32) -> Self {
        Self { network, min_advantage, chosen: [[0; 2]; ACTIONS] }
    }
}

impl ValueModel for Watched {
    type Error = Infallible;

    fn values(&mut self, state: &[f32; OBSERVATION]) -> Result<[f32; ACTIONS], Infallible> {
        let q_values = self.network.values(&[*state])[0];
        self.chosen[action_worth_taking(&q_values, self.min_advantage)][0] += 1;
        self.chosen[action_worth_taking(&q_values, 0.0)][1] += 1;
        Ok(q_values)
    }
}
