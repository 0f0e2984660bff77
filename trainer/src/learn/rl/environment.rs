//! The world in which the agent learns: the simulator, under the very controller that runs live.
//!
//! An episode is a part of a workload in a randomly drawn world. Only the controller's policy is the
//! caller's; gathering, forecasts, guard and memory are core's own.

use crate::config::{AgentConfig, RewardWeights};
use crate::data::workload::{CachedForecasts, Workload, between, log_uniform};
use crate::runtime::stop::Stop;
use rand_chacha::ChaCha8Rng;
use rand_core::Rng;
use scaleiq_core::controller::Controller;
use scaleiq_core::decision::Decision;
use scaleiq_core::policy::{Observation, Policy};
use scaleiq_core::settings::{Base, Settings};
use scaleiq_core::units::JobLimits;
use scaleiq_workload::sim::TICK_S;
use scaleiq_workload::sim::faults::{Family, FaultKind, FaultPlan, FaultySimulator};
use scaleiq_workload::sim::{Load, STEP_S, Score, Simulator, World};
use serde::{Deserialize, Serialize};
use std::ops::Range;
use std::sync::Arc;

/// Most jobs of a pool, over those that the load's peak keeps busy, where the user names no most.
const MAX_JOBS: f32 = 3.0;
/// Room that a pool has at least, in jobs, whatever its peak: there is something to choose from.
const MIN_ROOM: f32 = 10.0;

/// A world to play in, and what the user set for it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scene {
    /// The surroundings.
    pub world: World,
    /// Fewest jobs.
    pub min_jobs: u32,
    /// Most jobs; without it three times those that the load's peak keeps busy.
    pub max_jobs: Option<u32>,
    /// What multipliers are applied to.
    pub base: Base,
    /// Weights of the reward.
    pub weights: RewardWeights,
    /// What goes wrong, and how often.
    pub faults: FaultPlan,
}

impl Scene {
    /// A world under the user's settings.
    #[must_use]
    pub fn new(world: World, agent: &AgentConfig, faults: FaultPlan) -> Self {
        let AgentConfig { min_jobs, max_jobs, base, reward: weights, .. } = *agent;
        Self { world, min_jobs, max_jobs, base, weights, faults }
    }

    /// The limits of the pool of a load whose peak keeps so many jobs busy.
    fn limits(&self, peak_jobs: f32) -> JobLimits {
        let usual = (MAX_JOBS * peak_jobs).ceil().max(MIN_ROOM) as u32;
        let max = self.max_jobs.map_or(usual, |max| usual.min(max)).max(self.min_jobs);
        JobLimits::new(self.min_jobs, max).expect("the most are not below the fewest")
    }

    /// Draws a world: start-up 5 to 300 s, pauses up to 30 s, SLA 30 to 300 s, crashes, samples that
    /// get lost, and in every other world two faults.
    #[must_use]
    pub fn random(agent: &AgentConfig, rng: &mut ChaCha8Rng) -> Self {
        let half = |rng: &mut ChaCha8Rng| rng.next_u32().is_multiple_of(2);
        let world = World {
            start_median_s: log_uniform(rng, 5.0, 300.0),
            start_sigma: between(rng, 0.1, 0.5),
            pause_s: if half(rng) { 0 } else { between(rng, 1.0, 31.0) as u32 },
            mtbf_h: log_uniform(rng, 24.0, 500.0),
            sla_s: if half(rng) { 60 } else { log_uniform(rng, 30.0, 300.0) as u32 },
            missing_sample_probability: if half(rng) { 0.0 } else { between(rng, 0.0, 0.05) },
        };
        let faults = if half(rng) { FaultPlan::default() } else { faults(rng) };
        Self::new(world, agent, faults)
    }
}

/// Two faults of readings or of the pool, each some times a day. A controller is spared those of
/// delivery, which are sorted out before it, and a load is what it was made as.
fn faults(rng: &mut ChaCha8Rng) -> FaultPlan {
    let met = |kind: &FaultKind| matches!(kind.profile().family, Family::Readings | Family::Pool);
    let kinds: Vec<FaultKind> = FaultKind::ALL.into_iter().filter(met).collect();
    (0..2).fold(FaultPlan::default(), |plan, _| {
        let index = rng.next_u64() % kinds.len() as u64;
        plan.with(kinds[index as usize], log_uniform(rng, 1.0, 24.0))
    })
}

/// What one tick cost, for curves.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Totals {
    /// Ticks played.
    pub ticks: u64,
    /// Sum of rewards.
    pub reward: f64,
    /// Job time paid over the ideal, summed per tick.
    pub cost: f64,
    /// Late events, in ticks of mean arrivals.
    pub late: f64,
    /// Share of the pool changed.
    pub churn: f64,
}

impl Totals {
    /// Adds another sum.
    pub fn add(&mut self, other: &Totals) {
        self.ticks += other.ticks;
        self.reward += other.reward;
        self.cost += other.cost;
        self.late += other.late;
        self.churn += other.churn;
    }
}

/// What a tick brought.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TickResult {
    /// What the network reads; `None` when the controller holds or has no forecast.
    pub state: Option<Observation>,
    /// The reward for the decision before.
    pub reward: f32,
}

/// Seconds of a warm-up of `warm_s` that a workload has room for: no more than half of it.
#[must_use]
pub fn warm_up_s(workload: &Workload, warm_s: u32) -> u32 {
    let ticks = workload.playable().len() as u32 / (TICK_S / STEP_S);
    warm_s.min(ticks / 2 * TICK_S)
}

/// A part of a workload being played. A clone goes on from the same moment with the same luck.
#[derive(Clone)]
pub struct Episode<P> {
    simulator: FaultySimulator<Arc<Load>>,
    controller: Controller<CachedForecasts, P>,
    weights: RewardWeights,
    /// Job-seconds that the mean tick is worth.
    ideal_job_s: f32,
    /// Events of the mean tick.
    mean_events: f32,
    churn: f32,
    totals: Totals,
}

impl<P: Policy> Episode<P> {
    /// Plays the given steps of a workload under `policy`; the first `warm_s` seconds are not scored.
    #[must_use]
    pub fn new(
        workload: &Workload,
        steps: Range<usize>,
        scene: Scene,
        policy: P,
        seed: u64,
        warm_s: u32,
    ) -> Self {
        let load = Arc::new(workload.slice(steps));
        let limits = scene.limits(workload.peak_jobs);
        let World { sla_s, start_median_s, .. } = scene.world;
        let settings = Settings {
            base: scene.base,
            ..Settings::new(limits, sla_s as f32, start_median_s.max(1.0))
        };
        let (mut events, mut work_s) = (0.0, 0.0);
        for step in load.steps() {
            events += step.arrivals_events;
            work_s += step.arrivals_events * step.work_s;
        }
        let ticks = load.steps().len() as f32 / (TICK_S / STEP_S) as f32;
        // Even at rest somebody must be there: a pool is never worth less than a job.
        let ideal_job_s = (work_s / ticks).max(TICK_S as f32);
        let simulator =
            Simulator::new(load, scene.world, limits, TICK_S, seed).with_warm_up(warm_s);
        Self {
            simulator: FaultySimulator::new(simulator, scene.faults, seed, 0),
            controller: Controller::new(settings, workload.forecasts(), policy),
            weights: scene.weights,
            ideal_job_s,
            mean_events: (events / ticks).max(1.0),
            churn: 0.0,
            totals: Totals::default(),
        }
    }

    /// A random part of a workload, of `warm_s` seconds that are not scored and `ticks` that are.
    #[must_use]
    pub fn random(
        workload: &Workload,
        ticks: u32,
        scene: Scene,
        policy: P,
        warm_s: u32,
        rng: &mut ChaCha8Rng,
    ) -> Self {
        let length = (ticks * TICK_S + warm_s) as usize / STEP_S as usize;
        let playable = workload.playable();
        let room = playable.len().saturating_sub(length).max(1);
        let start = playable.start + (rng.next_u64() % room as u64) as usize;
        Self::new(workload, start..start + length, scene, policy, rng.next_u64(), warm_s)
    }

    /// Plays a tick; `None` at the end.
    pub fn observe(&mut self) -> Option<TickResult> {
        let tick = self.simulator.tick()?;
        let cost = self.simulator.simulator().tick_cost();
        let paid = (cost.paid_job_s - cost.ideal_job_s) as f32 / self.ideal_job_s;
        let late = cost.late_events as f32 / self.mean_events;
        let RewardWeights { cost: cost_weight, sla, churn } = self.weights;
        let reward = -(cost_weight * paid + sla * late + churn * self.churn);
        self.totals.add(&Totals {
            ticks: 1,
            reward: f64::from(reward),
            cost: cost.paid_job_s / f64::from(self.ideal_job_s),
            late: cost.late_events / f64::from(self.mean_events),
            churn: f64::from(self.churn),
        });
        for sample in tick.samples() {
            // What is refused changes nothing.
            let _ = self.controller.observe(&sample, |_, _| {});
        }
        let estimate = self.controller.estimate(tick.truth.end).ok();
        let state = estimate.filter(|s| s.has_forecast).map(|s| self.controller.observation(&s));
        Some(TickResult { state, reward })
    }

    /// Lets the controller decide.
    pub fn act(&mut self) -> Decision {
        let simulator = self.simulator.simulator();
        let (now, before) = (simulator.now(), simulator.wanted());
        let decision = self.controller.decide(now);
        self.simulator.set_jobs(decision.jobs);
        let change = self.simulator.simulator().wanted().0.abs_diff(before.0) as f32;
        self.churn = change / before.as_f32().max(1.0);
        decision
    }

    /// Plays to the end; `None` if `stop` says so in between.
    #[must_use]
    pub fn played(mut self, stop: Stop) -> Option<Self> {
        while self.observe().is_some() {
            if stop() {
                return None;
            }
            self.act();
        }
        Some(self)
    }

    /// The controller's policy.
    pub fn policy(&self) -> &P {
        self.controller.policy()
    }

    /// The controller's policy, to steer it.
    pub fn policy_mut(&mut self) -> &mut P {
        self.controller.policy_mut()
    }

    /// Forgets what was summed so far (after the warm-up).
    pub fn clear_totals(&mut self) {
        self.totals = Totals::default();
    }

    /// Sums since the last [`Episode::clear_totals`].
    #[must_use]
    pub fn totals(&self) -> &Totals {
        &self.totals
    }

    /// The simulator's own score, without the warm-up.
    #[must_use]
    pub fn score(&self) -> Score {
        self.simulator.simulator().score()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::data::workload::tests::workload;
    use crate::learn::rl::steering::{HELD_TICKS, Steered, Steering};
    use rand_core::SeedableRng;
    use scaleiq_core::policy::NEUTRAL;

    pub(crate) fn scene() -> Scene {
        Scene::new(World::queue(), &AgentConfig::default(), FaultPlan::default())
    }

    fn play(action: usize) -> (Totals, Score) {
        let policy = Steered::by(Steering::Plan);
        let mut episode = Episode::new(&workload(4), 0..17_280, scene(), policy, 7, 0);
        episode.observe();
        while episode.steered(Steering::Action(action), HELD_TICKS).is_some() {}
        (*episode.totals(), episode.score())
    }

    #[test]
    fn more_jobs_cost_more_and_are_punctual() {
        let (generous, generous_score) = play(8);
        let (tight, tight_score) = play(NEUTRAL);
        assert!(generous.cost > 1.1 * tight.cost);
        assert!(generous_score.sla >= tight_score.sla && generous_score.sla > 0.999);
        let mean = generous.cost / generous.ticks as f64;
        assert!((mean / generous_score.cost_over_ideal - 1.0).abs() < 0.01, "{mean}");
    }

    #[test]
    fn random_worlds_repeat_and_stay_finite() {
        let run = || {
            let mut rng = ChaCha8Rng::seed_from_u64(1);
            let mut rewards = Vec::new();
            for seed in 0..8 {
                let scene = Scene::random(&AgentConfig::default(), &mut rng);
                let policy = Steered::by(Steering::Plan);
                let mut episode =
                    Episode::random(&workload(seed), 100, scene, policy, 600, &mut rng);
                while let Some(seen) = episode.observe() {
                    assert!(seen.state.is_none_or(|s| s.iter().all(|x| x.is_finite())));
                    rewards.push(seen.reward);
                    episode.policy_mut().steer(Steering::Action(rewards.len() % 9));
                    episode.act();
                }
            }
            rewards
        };
        let rewards = run();
        assert!(rewards.len() >= 8 * 100 && rewards.iter().all(|r| r.is_finite()));
        assert_eq!(rewards, run());
    }

    #[test]
    fn the_users_limits_hold_in_every_episode() {
        let specs = [(1, None), (2, Some(7)), (20, Some(20)), (5, Some(100_000))];
        for (min_jobs, max_jobs) in specs {
            let agent = AgentConfig { min_jobs, max_jobs, ..AgentConfig::default() };
            let workload = workload(4);
            let scene = Scene::new(World::queue(), &agent, FaultPlan::default());
            let usual = (3.0 * workload.peak_jobs).ceil() as u32;
            let limits = scene.limits(workload.peak_jobs);
            let most = max_jobs.map_or(usual, |max| max.min(usual));
            assert_eq!((limits.min().0, limits.max().0), (min_jobs, most));
            let policy = Steered::by(Steering::Plan);
            let mut episode = Episode::new(&workload, 0..4000, scene, policy, 7, 0);
            while episode.observe().is_some() {
                episode.policy_mut().steer(Steering::Action(8));
                episode.act();
                let wanted = episode.simulator.simulator().wanted().0;
                assert!((min_jobs..=most).contains(&wanted), "{wanted} of {min_jobs}..={most}");
            }
        }
    }
}
