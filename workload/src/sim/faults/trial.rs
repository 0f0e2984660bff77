//! Plays a policy with faults or without, on the same load and with the same luck.

use super::episode::Episode;
use super::{FaultPlan, FaultySimulator, Tick, traffic};
use crate::sim::{Load, STEP_S, Score, Simulator, World};
use scaleiq_core::units::{JobLimits, Jobs};
use std::ops::Range;

/// What is played.
#[derive(Clone, Copy, Debug)]
pub struct Trial<'a> {
    /// Arrivals and work, without faults.
    pub load: &'a Load,
    /// How jobs start and fail, and what is late.
    pub world: World,
    /// Fewest and most jobs.
    pub limits: JobLimits,
    /// Seconds between two samples.
    pub tick_s: u32,
    /// Seed of the pool's luck and of the faults.
    pub seed: u64,
    /// Seconds at the start that are not scored, and in which nothing goes wrong by chance.
    pub warm_s: u32,
}

/// The pool in one tick, and what was asked for on what was told of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// Jobs that ran or started.
    pub have: Jobs,
    /// Jobs wanted from then on, within the limits.
    pub wanted: Jobs,
}

/// How a policy did, tick by tick.
#[derive(Clone, Debug)]
pub struct Course {
    /// The score.
    pub score: Score,
    /// Every tick.
    pub moments: Vec<Moment>,
    /// What went wrong, in the order in which it began.
    pub episodes: Vec<Episode>,
    tick_s: u32,
}

impl Trial<'_> {
    /// Plays `policy` under `plan`; it is asked after every tick.
    #[must_use]
    pub fn play(&self, plan: &FaultPlan, policy: &mut dyn FnMut(&Tick) -> Jobs) -> Course {
        let quiet_steps = self.warm_s / STEP_S;
        let (load, mut episodes) = traffic::under(plan, self.seed, quiet_steps, self.load);
        let simulator = Simulator::new(&load, self.world, self.limits, self.tick_s, self.seed);
        let simulator = simulator.with_warm_up(self.warm_s);
        let mut faulty = FaultySimulator::new(simulator, *plan, self.seed, self.warm_s);
        let mut moments = Vec::new();
        while let Some(tick) = faulty.tick() {
            let now = faulty.simulator();
            let have = Jobs(now.jobs_ready().0.saturating_add(now.jobs_starting().0));
            faulty.set_jobs(policy(&tick));
            moments.push(Moment { have, wanted: faulty.simulator().wanted() });
            episodes.extend(faulty.begun());
        }
        Course { score: faulty.simulator().score(), moments, episodes, tick_s: self.tick_s }
    }
}

impl Course {
    /// Jobs wanted on average in the ticks; 0 if there are none.
    pub(super) fn mean_wanted(&self, ticks: Range<usize>) -> f64 {
        let n = ticks.len().max(1) as f64;
        self.wanted(ticks).sum::<f64>() / n
    }

    /// Most jobs wanted in the ticks.
    pub(super) fn max_wanted(&self, ticks: Range<usize>) -> f64 {
        self.wanted(ticks).fold(0.0, f64::max)
    }

    fn wanted(&self, ticks: Range<usize>) -> impl Iterator<Item = f64> {
        let moments = self.moments.get(ticks).unwrap_or_default();
        moments.iter().map(|moment| f64::from(moment.wanted.0))
    }

    /// The ticks from `from_s` seconds after step `from` until `to_s` seconds after step `to`, as far
    /// as they were played.
    pub(super) fn ticks(&self, (from, from_s): (u32, u32), (to, to_s): (u32, u32)) -> Range<usize> {
        let tick = |step: u32, after_s: u32| {
            let s = u64::from(step) * u64::from(STEP_S) + u64::from(after_s);
            (s / u64::from(self.tick_s)) as usize
        };
        let end = tick(to, to_s).min(self.moments.len());
        tick(from, from_s).min(end)..end
    }

    /// Whether so many ticks are `span_s` seconds.
    pub(super) fn is_whole(&self, ticks: &Range<usize>, span_s: u32) -> bool {
        ticks.len() as u64 * u64::from(self.tick_s) >= u64::from(span_s)
    }
}
