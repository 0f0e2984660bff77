//! The jobs, and the events that wait for them.
//!
//! Times are whole steps since the load's start: starts, pauses and waits only ever take effect on
//! a step's border, so nothing is lost against the referee's seconds.

use super::dice::{dice, sequence, stream, unit_draw};
use super::faults::Conditions;
use super::{STEP_S, World};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

/// Fewer events than this are none: sums of `f64` leave crumbs.
const CRUMB_EVENTS: f64 = 1e-9;
/// Longest wait that the histogram tells apart: a day. Longer waits count as a day.
const MAX_WAIT_STEPS: usize = 86_400 / STEP_S as usize;

/// The jobs of one pool. What chance does depends on seed, step and the number of the ask in it alone:
/// policies that ask alike for a while, or again, are compared under the same starts and crashes.
#[derive(Clone, Debug)]
pub(super) struct Pool {
    world: World,
    seed: u64,
    ready: u32,
    /// The step at which each job that was asked for comes up, in no order.
    starting: Vec<u32>,
    /// The step in which a job was asked for last, and how many were in it.
    asked: (u32, u32),
    pause_until_step: u32,
    crash_probability: f64,
    /// The first draw for the crashes of a step, one after the other.
    crash_rng: ChaCha8Rng,
}

impl Pool {
    pub(super) fn new(world: World, ready: u32, seed: u64) -> Self {
        Self {
            world,
            seed,
            ready,
            starting: Vec::new(),
            asked: (0, 0),
            pause_until_step: 0,
            crash_probability: world.crash_probability(),
            crash_rng: sequence(seed, stream::CRASHES),
        }
    }

    /// So many jobs are ready, before anything was played.
    pub(super) fn begin_with(&mut self, ready: u32) {
        self.ready = ready;
    }

    /// The world in which jobs start and pause from now on. Crashes go on as they were drawn.
    pub(super) fn set_world(&mut self, world: World) {
        self.world = world;
    }

    pub(super) fn ready(&self) -> u32 {
        self.ready
    }

    pub(super) fn starting(&self) -> u32 {
        self.starting.len() as u32
    }

    /// Jobs that are paid for.
    pub(super) fn have(&self) -> u32 {
        self.ready.saturating_add(self.starting())
    }

    pub(super) fn is_paused(&self, step: u32) -> bool {
        step < self.pause_until_step
    }

    /// A step begins: jobs come up, jobs crash and are asked for anew.
    pub(super) fn begin(&mut self, step: u32, conditions: &Conditions) {
        // Only jobs that were ready before this step may crash in it.
        let crashed = self.crashes(step) + self.further_crashes(step, conditions);
        let crashed = crashed.min(self.ready);
        let came_up = self.come_up(step, conditions.room_jobs.saturating_sub(self.ready));
        if came_up > 0 || crashed > 0 {
            self.ready = self.ready.saturating_add(came_up).saturating_sub(crashed);
            self.ask(crashed, step, conditions);
            self.pause(step);
        }
    }

    /// Lets up to `room` of the jobs that are due leave `starting`; says how many did.
    fn come_up(&mut self, step: u32, room: u32) -> u32 {
        let before = self.starting();
        let mut room = room;
        self.starting.retain(|&up| {
            let comes = up <= step && room > 0;
            room -= u32::from(comes);
            !comes
        });
        before - self.starting()
    }

    /// Moves the pool to `wanted` jobs, where `step` is the next to be played. A job that has not
    /// come up is the cheapest to let go, the latest first; stopping a ready one is a rebalance.
    pub(super) fn set_jobs(&mut self, wanted: u32, step: u32, conditions: &Conditions) {
        let have = self.have();
        if wanted > have {
            self.ask(wanted - have, step, conditions);
        } else if wanted < have {
            let cancelled = (have - wanted).min(self.starting());
            self.starting.sort_unstable();
            self.starting.truncate(self.starting.len().saturating_sub(cancelled as usize));
            let stopped = have - wanted - cancelled;
            if stopped > 0 {
                self.ready = self.ready.saturating_sub(stopped);
                self.pause(step);
            }
        }
    }

    fn ask(&mut self, jobs: u32, step: u32, conditions: &Conditions) {
        let median_s = f64::from(self.world.start_median_s.max(conditions.start_median_s));
        let asked = if self.asked.0 == step { self.asked.1 } else { 0 };
        for k in asked..asked + jobs {
            let normal: f64 = StandardNormal.sample(&mut dice(self.seed, stream::STARTS, step, k));
            let spread = libm::exp(f64::from(self.world.start_sigma) * normal);
            let delay_s = median_s * spread;
            let delay_steps = libm::ceil(delay_s / f64::from(STEP_S)) as u32;
            self.starting.push(step.saturating_add(delay_steps));
        }
        self.asked = (step, asked + jobs);
    }

    fn pause(&mut self, step: u32) {
        self.pause_until_step = step.saturating_add(self.world.pause_steps());
    }

    /// How many jobs crash in this step by the world's chance.
    fn crashes(&mut self, step: u32) -> u32 {
        let first = unit_draw(&mut self.crash_rng);
        let further = (0..).map(|k| unit_draw(&mut dice(self.seed, stream::CRASHES, step + 1, k)));
        crashes(self.ready, self.crash_probability, std::iter::once(first).chain(further))
    }

    /// How many jobs crash in this step for another reason.
    fn further_crashes(&self, step: u32, conditions: &Conditions) -> u32 {
        let draw = |k| unit_draw(&mut dice(self.seed, stream::FURTHER_CRASHES, step, k));
        crashes(self.ready, conditions.crash_probability, (0..).map(draw))
    }
}

/// How many of `ready` jobs crash, each with the same probability: exactly binomial. They stand in a row,
/// and what is drawn is the distance to the next one that crashes; so in a larger pool at least as many
/// crash as in a smaller one.
fn crashes(ready: u32, probability: f64, draws: impl Iterator<Item = f64>) -> u32 {
    let jobs = f64::from(ready);
    let (mut next, mut crashed) = (0.0, 0);
    for draw in draws {
        // None before the end of the row, by Bernoulli's inequality: nearly every step ends here, without
        // a logarithm.
        if draw <= 1.0 - (jobs - next) * probability {
            break;
        }
        next += libm::floor(libm::log(draw) / libm::log1p(-probability));
        if next >= jobs {
            break;
        }
        next += 1.0;
        crashed += 1;
    }
    crashed
}

/// Events that wait, first come first served. Every event of a step arrives at its start, so who
/// knows what arrived in each step knows the queue: all that is kept is where its head stands.
#[derive(Clone, Debug, Default)]
pub(super) struct Fifo {
    head_step: usize,
    head_events: f64,
    backlog_events: f64,
}

impl Fifo {
    pub(super) fn backlog_events(&self) -> f64 {
        self.backlog_events
    }

    /// The step in which the oldest events that wait arrived.
    pub(super) fn head_step(&self) -> usize {
        self.head_step
    }

    /// Takes in the `events` that arrive in the step `now`.
    pub(super) fn arrive(&mut self, events: f64, now: usize) {
        if self.head_step == now {
            self.head_events = events;
        }
        self.backlog_events += events;
    }

    /// Counts the oldest events among those of the step after theirs, which has `next_events`.
    pub(super) fn merge_head(&mut self, next_events: f64) {
        self.head_step += 1;
        self.head_events += next_events;
    }

    /// Begins up to `room_events` events, oldest first, of what came by `arrived` in each step; tells
    /// `began` in which step they had arrived and how many they are. Returns how many began.
    pub(super) fn begin_work(
        &mut self,
        arrived: impl Fn(usize) -> f64,
        now: usize,
        room_events: f64,
        mut began: impl FnMut(usize, f64),
    ) -> f64 {
        let mut done = 0.0;
        while self.head_step <= now && room_events - done > CRUMB_EVENTS {
            let take = self.head_events.min(room_events - done);
            if take > 0.0 {
                began(self.head_step, take);
            }
            self.head_events -= take;
            done += take;
            if self.head_events <= CRUMB_EVENTS {
                self.head_step += 1;
                self.head_events =
                    if self.head_step <= now { arrived(self.head_step) } else { 0.0 };
            }
        }
        self.backlog_events = (self.backlog_events - done).max(0.0);
        done
    }

    /// Everything that still waits when `played` steps are over, as for [`Fifo::begin_work`].
    pub(super) fn waiting(
        &self,
        arrived: impl Fn(usize) -> f64,
        played: usize,
        mut waits: impl FnMut(usize, f64),
    ) {
        for step in self.head_step..played {
            let events = if step == self.head_step { self.head_events } else { arrived(step) };
            if events > 0.0 {
                waits(step, events);
            }
        }
    }
}

/// How long events waited before work on them began.
#[derive(Clone, Debug, Default)]
pub(super) struct Waits {
    events_by_steps: Vec<f64>,
    late_events: f64,
}

impl Waits {
    /// Counts events that waited so many seconds; returns those of them that were late.
    pub(super) fn add(&mut self, waited_s: f64, events: f64, sla_s: f64) -> f64 {
        let slot = ((waited_s / f64::from(STEP_S)) as usize).min(MAX_WAIT_STEPS);
        if slot >= self.events_by_steps.len() {
            self.events_by_steps.resize(slot + 1, 0.0);
        }
        if let Some(sum) = self.events_by_steps.get_mut(slot) {
            *sum += events;
        }
        let late = if waited_s > sla_s { events } else { 0.0 };
        self.late_events += late;
        late
    }

    /// Adds the events of `other`.
    pub(super) fn merge(&mut self, other: &Self) {
        if self.events_by_steps.len() < other.events_by_steps.len() {
            self.events_by_steps.resize(other.events_by_steps.len(), 0.0);
        }
        for (sum, events) in self.events_by_steps.iter_mut().zip(&other.events_by_steps) {
            *sum += events;
        }
        self.late_events += other.late_events;
    }

    pub(super) fn late_events(&self) -> f64 {
        self.late_events
    }

    pub(super) fn total_events(&self) -> f64 {
        // The sum of nothing is -0 otherwise.
        self.events_by_steps.iter().fold(0.0, |sum, events| sum + events)
    }

    /// Share of the events that waited no longer than so many seconds; 1 if there are none.
    pub(super) fn share_within(&self, wait_s: u32) -> f64 {
        let within = self.events_by_steps.iter().take((wait_s / STEP_S) as usize + 1).sum::<f64>();
        let total = self.total_events();
        if total > 0.0 { within / total } else { 1.0 }
    }

    /// The shortest wait that this share of the events did not exceed.
    pub(super) fn quantile_s(&self, share: f64) -> u32 {
        let enough = share * self.total_events();
        let mut sum = 0.0;
        let reached = self.events_by_steps.iter().position(|events| {
            sum += events;
            sum >= enough
        });
        reached.map_or(0, |steps| steps as u32 * STEP_S)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STILL: World =
        World { start_median_s: 12.0, start_sigma: 0.0, mtbf_h: 0.0, ..World::kafka() };

    #[test]
    fn the_latest_start_is_cancelled_first_and_then_ready_jobs_stop() {
        let mut pool = Pool::new(STILL, 4, 0);
        let usual = Conditions::default();
        pool.set_jobs(5, 0, &usual);
        pool.set_jobs(6, 1, &usual);
        assert_eq!((pool.ready(), &*pool.starting), (4, &[3, 4][..]));
        pool.set_jobs(5, 2, &usual);
        assert_eq!((pool.ready(), &*pool.starting, pool.is_paused(2)), (4, &[3][..], false));
        pool.set_jobs(2, 2, &usual);
        assert_eq!((pool.ready(), pool.starting(), pool.have()), (2, 0, 2));
        assert_eq!([2, 3, 4].map(|s| pool.is_paused(s)), [true, true, false]);
    }

    #[test]
    fn a_job_works_from_the_first_step_after_its_start() {
        let mut pool = Pool::new(STILL, 1, 0);
        pool.set_jobs(2, 0, &Conditions::default());
        for (step, ready) in [(1, 1), (2, 1), (3, 2)] {
            pool.begin(step, &Conditions::default());
            assert_eq!((pool.ready(), pool.is_paused(step)), (ready, ready == 2));
        }
    }

    #[test]
    fn crashes_are_binomial() {
        // An hour between crashes: 1/720 a step, so 100 jobs lose 100 x 100 000 / 720 in all.
        let mut pool = Pool::new(World { mtbf_h: 1.0, ..STILL }, 100, 3);
        let draws: Vec<f64> = (0..100_000).map(|step| f64::from(pool.crashes(step))).collect();
        let mean = draws.iter().sum::<f64>() / draws.len() as f64;
        let variance =
            draws.iter().map(|d| (d - mean) * (d - mean)).sum::<f64>() / draws.len() as f64;
        assert!((mean * 7.2 - 1.0).abs() < 0.03, "{mean}");
        assert!((variance / mean - 719.0 / 720.0).abs() < 0.03, "{}", variance / mean);
    }

    #[test]
    fn whatever_was_asked_for_before_the_same_ask_meets_the_same_luck() {
        let world = World { start_sigma: 0.5, mtbf_h: 0.1, ..STILL };
        let usual = Conditions::default();
        let [mut still, mut restless] = [10, 13].map(|ready| Pool::new(world, ready, 3));
        let mut more = 0;
        for step in 0..2000 {
            restless.set_jobs(if step % 7 == 0 { 16 } else { 13 }, step, &usual);
            let (few, many) = (still.crashes(step), restless.crashes(step));
            assert!(few <= many || restless.ready() < still.ready(), "step {step}: {few}, {many}");
            more += few;
            (still.ready, restless.ready) = (10, restless.ready.max(10));
        }
        assert!(more > 100);
        // Of what is asked for in two parts the first part comes up as it does alone.
        for pool in [&mut still, &mut restless] {
            pool.starting.clear();
        }
        still.ask(5, 2000, &usual);
        restless.ask(2, 2000, &usual);
        restless.ask(1, 2000, &usual);
        assert_eq!(restless.starting, still.starting[..3]);
    }

    #[test]
    fn everything_crashes_where_nothing_lives() {
        let mut pool = Pool::new(World { mtbf_h: 1e-9, ..STILL }, 7, 0);
        pool.begin(0, &Conditions::default());
        assert_eq!((pool.ready(), pool.starting()), (0, 7));
    }

    #[test]
    fn a_wait_beyond_the_histogram_is_still_late() {
        let mut waits = Waits::default();
        waits.add(0.0, 10.0, 60.0);
        waits.add(60.0, 10.0, 60.0);
        assert_eq!(waits.late_events(), 0.0);
        waits.add(864_000.0, 10.0, 60.0);
        assert_eq!((waits.late_events(), waits.total_events()), (10.0, 30.0));
        assert_eq!([0.3, 0.6, 0.99].map(|q| waits.quantile_s(q)), [0, 60, 86_400]);
    }
}
