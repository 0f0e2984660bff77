//! Plays policies on one workload in one world.

use super::Run;
use super::contender::{Contender, Multiplied};
use super::sample_paths::SamplePaths;
use super::track::Track;
use crate::data::workload::Workload;
use crate::evaluate::policy::SLA;
use scaleiq_core::controller::Controller;
use scaleiq_core::engine::NativeQNetwork;
use scaleiq_core::parameters::Parameters;
use scaleiq_core::policy::{Dqn, NetworkRole, Planner, Policy, QuantileRule, Reactive, Stage};
use scaleiq_core::sample::Sample;
use scaleiq_core::settings::{Base, Settings};
use scaleiq_core::units::{JobLimits, Jobs};
use scaleiq_workload::baselines::{ScalingRule, StaticRule};
use scaleiq_workload::sim::TICK_S;
use scaleiq_workload::sim::{STEP_S, Score, Simulator, World};

/// Sets the pool's chance apart from the load's, which is drawn from the seed itself.
const POOL_SEED: u64 = 7;

/// What is the same for every policy.
#[derive(Clone, Copy)]
pub struct SimulatedRun<'a> {
    /// The load and its forecasts.
    pub workload: &'a Workload,
    /// How jobs start and fail, and what is late.
    pub world: World,
    /// Fewest and most jobs, for all.
    pub limits: JobLimits,
    /// Seed of start-up times and crashes.
    pub seed: u64,
    /// Seconds at the start that are not scored.
    pub warm_s: u32,
    /// The model's policy.
    pub policy: &'a Dqn<NativeQNetwork<'static>>,
    /// What its multipliers are applied to.
    pub base: Base,
    /// The numbers that plan and guard were tuned with.
    pub parameters: Parameters,
}

/// What a policy left: its runs, and its jobs at the default knob.
pub struct Played {
    /// One run a knob; one alone for ours and for the static pool.
    pub runs: Vec<Run>,
    /// Jobs paid for in the scored part, if they are drawn.
    pub track: Option<Track>,
}

/// One policy from the beginning to the end.
struct Course {
    score: Score,
    track: Track,
    /// As in [`Run`].
    moved: Option<f64>,
}

impl SimulatedRun<'_> {
    /// Plays `contender` at all of its knobs; `None` if `stop` says so in between.
    #[must_use]
    pub fn play(&self, contender: Contender, stop: &dyn Fn() -> bool) -> Option<Played> {
        let one = |course| Some(played(contender, None, course));
        match contender {
            Contender::Dqn => one(self.ours(self.policy.clone())),
            Contender::Planner => one(self.ours(Planner)),
            Contender::SamplePaths => one(self.ours(SamplePaths)),
            Contender::QuantileRule => one(self.ours(QuantileRule::default())),
            Contender::Reactive => one(self.ours(Reactive)),
            Contender::Multiplier => {
                self.at_each_knob(contender, None, stop, |knob| self.ours(Multiplied(knob)))
            }
            Contender::MarginCap => self.at_each_knob(contender, None, stop, |knob| {
                let mut capped = *self;
                capped.parameters.budget.max_margin = knob;
                capped.ours(Planner)
            }),
            Contender::Baseline(baseline) => {
                let default = Some(baseline.default_knob());
                self.at_each_knob(contender, default, stop, |knob| {
                    let mut rule = baseline.build(knob, self.workload.load(), self.world);
                    self.rule(rule.as_mut())
                })
            }
            Contender::Static => self.smallest_pool(stop),
        }
    }

    /// How the plan does, without the network.
    #[must_use]
    pub fn plan(&self) -> Score {
        self.ours(Planner).score
    }

    /// The jobs that the true mean rate keeps fully busy, in the scored part.
    #[must_use]
    pub fn need(&self) -> Track {
        let per_tick = (TICK_S / STEP_S) as usize;
        let steps = self.workload.load().steps();
        let scored = steps.get(self.warm_s as usize / STEP_S as usize..).unwrap_or_default();
        let mut track = self.track(scored.len() / per_tick);
        for tick in scored.chunks_exact(per_tick) {
            let need: f32 = tick.iter().map(|s| s.rate_per_s * s.work_s).sum();
            track.push(f64::from(need) / per_tick as f64);
        }
        track
    }

    /// A course of so many ticks from the end of the warm-up on.
    fn track(&self, ticks: usize) -> Track {
        let start = self.workload.load().start().plus(i64::from(self.warm_s));
        Track::new(start, TICK_S, ticks)
    }

    fn ours(&self, policy: impl Policy) -> Course {
        let World { sla_s, start_median_s, .. } = self.world;
        let settings = Settings {
            base: self.base,
            parameters: self.parameters,
            ..Settings::new(self.limits, sla_s as f32, start_median_s)
        };
        let can_act = policy.network_role() == NetworkRole::CanAct;
        let mut controller = Controller::new(settings, self.workload.forecasts(), policy);
        let (mut decisions, mut moved) = (0u32, 0u32);
        let course = self.course(&mut |sample| {
            // The simulator's clock only moves forward, so a sample is never refused.
            let _ = controller.observe(sample, |_, _| {});
            let decision = controller.decide(sample.end);
            decisions += 1;
            moved += u32::from(decision.stage == Stage::Network);
            decision.jobs
        });
        let share = f64::from(moved) / f64::from(decisions.max(1));
        Course { moved: can_act.then_some(share), ..course }
    }

    /// Plays a policy at each of its knobs, of which one is drawn.
    fn at_each_knob(
        &self,
        policy: Contender,
        drawn: Option<f32>,
        stop: &dyn Fn() -> bool,
        play: impl Fn(f32) -> Course,
    ) -> Option<Played> {
        let mut all = Played { runs: Vec::new(), track: None };
        for knob in policy.knobs() {
            if stop() {
                return None;
            }
            let one = played(policy, Some(*knob), play(*knob));
            all.runs.extend(one.runs);
            if drawn == Some(*knob) {
                all.track = one.track;
            }
        }
        Some(all)
    }

    /// The smallest pool within the limits that keeps the SLA, by halving; the largest if none does.
    /// Its size is the knob.
    fn smallest_pool(&self, stop: &dyn Fn() -> bool) -> Option<Played> {
        let (mut low, mut high) = (self.limits.min().0, self.limits.max().0);
        let mut best = None;
        while low < high {
            if stop() {
                return None;
            }
            let middle = low + (high - low) / 2;
            let course = self.rule(&mut StaticRule { jobs: Jobs(middle) });
            if course.score.sla >= SLA {
                (high, best) = (middle, Some(course));
            } else {
                low = middle + 1;
            }
        }
        let course = best.unwrap_or_else(|| self.rule(&mut StaticRule { jobs: Jobs(high) }));
        Some(played(Contender::Static, Some(high as f32), course))
    }

    fn rule(&self, rule: &mut dyn ScalingRule) -> Course {
        self.course(&mut |sample| rule.decide(sample))
    }

    fn course(&self, decide: &mut dyn FnMut(&Sample) -> Jobs) -> Course {
        let load = self.workload.load();
        let seed = self.seed.wrapping_add(POOL_SEED);
        let simulator = Simulator::new(load, self.world, self.limits, TICK_S, seed);
        let mut simulator = simulator.with_warm_up(self.warm_s);
        let warm_until = load.start().plus(i64::from(self.warm_s));
        let scored_s = load.duration_s().saturating_sub(u64::from(self.warm_s));
        let mut track = self.track((scored_s / u64::from(TICK_S)) as usize);
        while let Some(sample) = simulator.tick() {
            if sample.end > warm_until {
                let jobs = simulator.jobs_ready().0 + simulator.jobs_starting().0;
                track.push(f64::from(jobs));
            }
            simulator.set_jobs(decide(&sample));
        }
        Course { score: simulator.score(), track, moved: None }
    }
}

fn played(policy: Contender, knob: Option<f32>, course: Course) -> Played {
    let Course { score, mut track, moved } = course;
    (track.policy, track.knob) = (Some(policy), knob);
    Played { runs: vec![Run { policy, knob, score, moved }], track: Some(track) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::workload::tests::workload;
    use scaleiq_core::model::Bundle;
    use scaleiq_workload::baselines::Baseline;

    fn play(contender: Contender, max_jobs: u32) -> Played {
        let (workload, bundle) = (workload(4), Bundle::shipped_native().unwrap());
        let run = SimulatedRun {
            workload: &workload,
            world: World::queue(),
            limits: JobLimits::new(1, max_jobs).unwrap(),
            seed: 1,
            warm_s: 86_400,
            policy: &bundle.policy(),
            base: Base::Required,
            parameters: Parameters::DEFAULT,
        };
        run.play(contender, &|| false).unwrap()
    }

    #[test]
    fn every_knob_is_played_and_more_costs_more() {
        let played = play(Contender::Baseline(Baseline::Hpa), 600);
        let costs: Vec<f64> = played.runs.iter().map(|run| run.score.cost_over_ideal).collect();
        assert_eq!(costs.len(), Baseline::Hpa.knobs().len());
        assert!(costs.last() > costs.first(), "{costs:?}");
        let track = played.track.unwrap();
        assert!(track.knob == Some(0.7) && track.means.len() > 500);
    }

    #[test]
    fn the_static_pool_is_the_smallest_that_will_do() {
        let found = play(Contender::Static, 600).runs[0];
        let size = found.knob.unwrap();
        assert!(found.score.sla >= SLA);
        // One job fewer is the largest pool allowed now, and not enough.
        let lacking = play(Contender::Static, size as u32 - 1).runs[0];
        assert!(lacking.score.sla < SLA && lacking.knob == Some(size - 1.0), "{lacking:?}");
    }

    #[test]
    fn ours_keep_a_smooth_wave_in_time() {
        for contender in
            [Contender::Dqn, Contender::Planner, Contender::SamplePaths, Contender::QuantileRule]
        {
            let run = play(contender, 600).runs[0];
            assert!(run.score.sla > SLA && run.score.cost_over_ideal < 2.0, "{run:?}");
        }
    }
}
