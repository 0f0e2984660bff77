//! A simulator in which things go wrong.

use super::FaultPlan;
use super::conditions::Conditions;
use super::episode::{Episode, Episodes, dice};
use super::kind::Family;
use super::readings::{Delivery, Reported, deliver, raw};
use crate::sim::{Load, STEP_S, Simulator};
use scaleiq_core::sample::{RawSample, Sample};
use scaleiq_core::units::Jobs;
use std::borrow::Borrow;

/// One tick: what happened, and what was told of it.
#[derive(Clone, Debug)]
pub struct Tick {
    /// What an observer who cannot err would have seen. Its end is the receiver's clock.
    pub truth: Sample,
    /// What arrived: usually one sample.
    pub told: Delivery,
}

impl Tick {
    /// What passes the gate, for a controller without anything before it to sort samples out.
    pub fn samples(&self) -> impl Iterator<Item = Sample> + '_ {
        self.told.iter().filter_map(|told| Some(told.sample.gate().ok()?.sample))
    }
}

/// A [`Simulator`] under a [`FaultPlan`].
///
/// Policies are given what was told; the score is of what happened. Faults depend on plan, seed and
/// time alone, so that two policies meet the same ones.
#[derive(Clone, Debug)]
pub struct FaultySimulator<L: Borrow<Load>> {
    simulator: Simulator<L>,
    episodes: Episodes,
    seed: u64,
    /// What was told last while no reading lied.
    before: Option<RawSample>,
}

impl<L: Borrow<Load>> FaultySimulator<L> {
    /// Lets the faults of `plan` that concern pool and readings come over `simulator`, none by chance
    /// in the first `quiet_s` seconds. Those of the traffic belong to the load: [`super::Trial`] has
    /// them, too.
    #[must_use]
    pub fn new(simulator: Simulator<L>, plan: FaultPlan, seed: u64, quiet_s: u32) -> Self {
        let plan = plan.without(Family::Traffic);
        let episodes = Episodes::new(plan, seed, quiet_s / STEP_S);
        Self { simulator, episodes, seed, before: None }
    }

    /// Plays a tick; `None` when the load is over.
    pub fn tick(&mut self) -> Option<Tick> {
        let step = self.simulator.played_steps();
        let need_jobs = self.simulator.load().need_jobs(step);
        let episodes = self.episodes.at(step, self.simulator.steps_per_tick(), need_jobs);
        self.simulator.set_conditions(Conditions::under(episodes, step));
        let truth = self.simulator.tick()?;
        let sample = raw(&truth);
        let before = self.before.unwrap_or(sample);
        let whole = Reported { sender: 0, sample };
        let mut told: Delivery = [whole].into_iter().collect();
        for episode in episodes {
            let mut dice = dice(self.seed, episode.kind, step);
            let each = told.iter().flat_map(|one| deliver(episode, *one, &before, &mut dice));
            told = each.collect();
        }
        if !episodes.iter().any(|e| e.kind.profile().family == Family::Readings) {
            self.before = Some(sample);
        }
        Some(Tick { truth, told })
    }

    /// Asks for a number of jobs: [`Simulator::set_jobs`].
    pub fn set_jobs(&mut self, wanted: Jobs) {
        self.simulator.set_jobs(wanted);
    }

    /// What went wrong in the last tick.
    #[must_use]
    pub fn episodes(&self) -> &[Episode] {
        self.episodes.active()
    }

    /// What began to go wrong in the last tick.
    pub fn begun(&self) -> impl Iterator<Item = Episode> + '_ {
        let now = self.simulator.played_steps();
        let first = now.saturating_sub(self.simulator.steps_per_tick());
        self.episodes().iter().filter(move |episode| episode.begin >= first).copied()
    }

    /// The simulator, to read time, pool and score.
    #[must_use]
    pub fn simulator(&self) -> &Simulator<L> {
        &self.simulator
    }
}
