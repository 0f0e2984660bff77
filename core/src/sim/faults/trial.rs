//! A policy with and without faults, on the same load and with the same luck.

extern crate alloc;

use super::episode::Episode;
use super::{FaultKind, FaultPlan, FaultySimulator, Tick};
use crate::sim::{Load, STEP_S, Score, Simulator, World};
use crate::units::{JobLimits, Jobs};
use alloc::vec::Vec;
use core::ops::Range;

/// Most that a fault without information about load may cost, of the clean run.
const MOST_COST: f64 = 1.10;
/// Most percentage points of the SLA that it may cost.
const MOST_SLA_POINTS: f64 = 0.05;
/// Seconds after its end by which the pool is as it would have been.
const RECOVERED_S: u32 = 300;
/// Seconds over which the two pools are compared then.
const COMPARED_S: u32 = 300;
/// Two pools are alike within this ratio,
const ALIKE: f64 = 1.25;
/// or if they differ by no more jobs than this.
const ALIKE_JOBS: f64 = 2.0;
/// Seconds until a frozen reading can be told from a calm minute.
const FREEZE_SHOWS_S: u32 = 120;

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
        let load = plan.load(self.load, self.seed, self.warm_s);
        let simulator = Simulator::new(&load, self.world, self.limits, self.tick_s, self.seed);
        let simulator = simulator.with_warm_up(self.warm_s);
        let mut faulty = FaultySimulator::new(simulator, *plan, self.seed, self.warm_s);
        let mut moments = Vec::new();
        let mut episodes: Vec<Episode> = Vec::new();
        while let Some(tick) = faulty.tick() {
            let now = faulty.simulator();
            let have = Jobs(now.jobs_ready().0.saturating_add(now.jobs_starting().0));
            faulty.set_jobs(policy(&tick));
            moments.push(Moment { have, wanted: faulty.simulator().wanted() });
            let new = |episode: &&Episode| !episodes.iter().rev().any(|known| known == *episode);
            let new: Vec<Episode> = faulty.episodes().iter().filter(new).copied().collect();
            episodes.extend(new);
        }
        Course { score: faulty.simulator().score(), moments, episodes, tick_s: self.tick_s }
    }
}

impl Course {
    /// The ticks from `delay_s` after step `from` until `delay_s` after step `to`.
    fn ticks(&self, steps: Range<u32>, delay_s: Range<u32>) -> Range<usize> {
        let tick = |step: u32, delay_s: u32| {
            let s = u64::from(step) * u64::from(STEP_S) + u64::from(delay_s);
            (s / u64::from(self.tick_s)) as usize
        };
        let end = tick(steps.end, delay_s.end).min(self.moments.len());
        tick(steps.start, delay_s.start).min(end)..end
    }

    fn wanted(&self, ticks: Range<usize>) -> impl Iterator<Item = f64> {
        let moments = self.moments.get(ticks).unwrap_or_default();
        moments.iter().map(|moment| f64::from(moment.wanted.0))
    }
}

/// What a fault cost a policy, against the clean run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Verdict {
    /// What went wrong.
    pub kind: FaultKind,
    /// How often.
    pub episodes: u32,
    /// Cost over the cost of the clean run.
    pub cost_ratio: f64,
    /// Percentage points of the SLA gained; less than 0 if lost.
    pub sla_points: f64,
    /// Ticks in which the pool was made smaller while nothing true was told.
    pub blind_falls: u32,
    /// Episodes that ended early enough to be judged by what followed,
    pub ended: u32,
    /// and those of them after which the pool was soon as it would have been.
    pub recovered: u32,
    /// Most jobs asked for in an episode, over what was asked for then in the clean run.
    pub most_asked: f64,
}

impl Verdict {
    /// Compares a course under one kind of fault with the clean one.
    #[must_use]
    pub fn of(kind: FaultKind, clean: &Course, faulty: &Course) -> Self {
        let profile = kind.profile();
        let episodes: Vec<&Episode> = faulty.episodes.iter().filter(|e| e.kind == kind).collect();
        let recoveries: Vec<bool> =
            episodes.iter().filter_map(|episode| recovery(episode, clean, faulty)).collect();
        let falls = episodes.iter().map(|episode| falls(episode, faulty));
        let asked = episodes.iter().map(|episode| most_asked(episode, clean, faulty));
        Self {
            kind,
            episodes: episodes.len() as u32,
            cost_ratio: faulty.score.cost_over_ideal / clean.score.cost_over_ideal,
            sla_points: 100.0 * (faulty.score.sla - clean.score.sla),
            blind_falls: if profile.blinds { falls.sum() } else { 0 },
            ended: recoveries.len() as u32,
            recovered: recoveries.iter().filter(|recovered| **recovered).count() as u32,
            most_asked: asked.fold(0.0, f64::max),
        }
    }

    /// Whether cost and SLA are within the marks; always, for a fault that carries information.
    #[must_use]
    pub fn is_harmless(&self) -> bool {
        self.kind.profile().informs
            || (self.cost_ratio <= MOST_COST && self.sla_points >= -MOST_SLA_POINTS)
    }

    /// Whether all marks are kept: harmless, no smaller pool while blind, and a quick recovery.
    #[must_use]
    pub fn passes(&self) -> bool {
        self.is_harmless() && self.blind_falls == 0 && self.recovered == self.ended
    }
}

fn falls(episode: &Episode, faulty: &Course) -> u32 {
    let shows_s = if episode.kind == FaultKind::Frozen { FREEZE_SHOWS_S } else { 0 };
    let moments = faulty.moments.get(faulty.ticks(episode.begin..episode.end, shows_s..0));
    moments.unwrap_or_default().iter().filter(|moment| moment.wanted < moment.have).count() as u32
}

/// Whether the pools are alike again in time; `None` if the course ends before, or if another
/// episode comes between.
fn recovery(episode: &Episode, clean: &Course, faulty: &Course) -> Option<bool> {
    let until_s = RECOVERED_S + COMPARED_S;
    let last_step = episode.end.checked_add(until_s / STEP_S)?;
    let disturbed = |other: &Episode| other.begin > episode.begin && other.begin < last_step;
    let window = faulty.ticks(episode.end..episode.end, RECOVERED_S..until_s);
    let whole = window.len() as u32 * faulty.tick_s >= COMPARED_S;
    if !whole || faulty.episodes.iter().any(disturbed) {
        return None;
    }
    let ticks = window.len() as f64;
    let [usual, now] = [clean, faulty].map(|c| c.wanted(window.clone()).sum::<f64>() / ticks);
    let ratio = now.max(1.0) / usual.max(1.0);
    let alike = (1.0 / ALIKE..=ALIKE).contains(&ratio) || (now - usual).abs() <= ALIKE_JOBS;
    Some(alike)
}

fn most_asked(episode: &Episode, clean: &Course, faulty: &Course) -> f64 {
    let window = faulty.ticks(episode.begin..episode.end, 0..RECOVERED_S);
    let [usual, now] = [clean, faulty].map(|c| c.wanted(window.clone()).fold(1.0, f64::max));
    now / usual
}
