//! Plays a load against a pool, tick by tick, and keeps the score.

use super::dice::{sequence, stream, unit_draw};
use super::faults::Conditions;
use super::load::{Load, Step};
use super::pool::{Fifo, Pool};
use super::tally::{Score, Tally};
use super::{STEP_S, World};
use rand_chacha::ChaCha8Rng;
use scaleiq_core::sample::{MAX_VALUE, Reading, Sample};
use scaleiq_core::units::{JobLimits, Jobs, UnixSeconds};
use std::borrow::Borrow;

/// Spare capacity of the pool at the start of a load.
pub(super) const FIRST_HEADROOM: f64 = 1.3;

/// What one tick cost: the parts of a reward, not weighted.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct TickCost {
    /// Events that arrived.
    pub arrived_events: f64,
    /// Events on which work began.
    pub begun_events: f64,
    /// Those of them that had waited too long.
    pub late_events: f64,
    /// Job-seconds paid.
    pub paid_job_s: f64,
    /// Job-seconds that the arrivals are worth.
    pub ideal_job_s: f64,
    /// Changes of the wanted jobs since the tick before.
    pub actions: u32,
}

/// A pool of jobs under a load. `L` is anything that lends a [`Load`]: a reference, or an `Arc`
/// where an environment must own what it plays.
#[derive(Clone, Debug)]
pub struct Simulator<L: Borrow<Load>> {
    load: L,
    world: World,
    limits: JobLimits,
    steps_per_tick: u32,
    warm_steps: u32,
    pool: Pool,
    queue: Fifo,
    wanted: Jobs,
    /// Steps that are over; also the next step's index.
    played_steps: u32,
    tally: Tally,
    tick_cost: TickCost,
    /// Actions since the last tick, not yet in its cost.
    new_actions: u32,
    /// Apart from the pool's draws, so that losing samples does not change the world.
    loss_rng: ChaCha8Rng,
    conditions: Conditions,
}

impl<L: Borrow<Load>> Simulator<L> {
    /// A pool at the start of a load, with 30 % more jobs than its first rate needs. `tick_s` is
    /// rounded down to whole steps, at least one. The same arguments give the same samples.
    #[must_use]
    pub fn new(load: L, world: World, limits: JobLimits, tick_s: u32, seed: u64) -> Self {
        let need = libm::ceil(load.borrow().need_jobs(0) * FIRST_HEADROOM);
        let ready = (need as u32).max(limits.min().0);
        Self {
            load,
            world,
            limits,
            steps_per_tick: (tick_s / STEP_S).max(1),
            warm_steps: 0,
            pool: Pool::new(world, ready, seed),
            queue: Fifo::default(),
            wanted: Jobs(ready),
            played_steps: 0,
            tally: Tally::default(),
            tick_cost: TickCost::default(),
            new_actions: 0,
            loss_rng: sequence(seed, stream::LOSSES),
            conditions: Conditions::default(),
        }
    }

    /// The same, beginning with another number of jobs: `ready`, which may be below the limits, for a pool
    /// that is only now switched on.
    #[must_use]
    pub fn with_first_jobs(mut self, ready: Jobs) -> Self {
        self.pool.begin_with(ready.0);
        self.wanted = ready;
        self
    }

    /// The same, with a first part that is played and not scored.
    #[must_use]
    pub fn with_warm_up(mut self, warm_s: u32) -> Self {
        self.warm_steps = warm_s / STEP_S;
        self
    }

    /// Plays one tick under the jobs wanted now and returns what a source would have seen of it, or
    /// `None` when the load is over; a last part shorter than a tick is played without a sample.
    /// A sample that was lost on its way has its time and nothing else.
    pub fn tick(&mut self) -> Option<Sample> {
        self.tick_cost = TickCost { actions: self.new_actions, ..TickCost::default() };
        self.new_actions = 0;
        let mut work_s = 0.0;
        let mut queued_events = 0.0;
        for _ in 0..self.steps_per_tick {
            work_s += self.step()?;
            queued_events += self.queue.backlog_events();
        }
        let interval_s = self.steps_per_tick * STEP_S;
        let lost =
            unit_draw(&mut self.loss_rng) <= f64::from(self.world.missing_sample_probability);
        if lost {
            return Some(Sample {
                end: self.now(),
                interval_s,
                arrivals_events: Reading::Missing,
                processed_events: Reading::Missing,
                backlog_events: Reading::Missing,
                queued_events: Reading::Missing,
                work_ms: Reading::Missing,
                jobs_ready: None,
                jobs_starting: None,
            });
        }
        let begun_events = self.tick_cost.begun_events;
        Some(Sample {
            end: self.now(),
            interval_s,
            arrivals_events: thousandths(self.tick_cost.arrived_events),
            processed_events: thousandths(begun_events),
            backlog_events: thousandths(self.queue.backlog_events()),
            queued_events: thousandths(queued_events / f64::from(self.steps_per_tick)),
            work_ms: if begun_events > 0.0 {
                thousandths(1000.0 * work_s / begun_events)
            } else {
                Reading::Missing
            },
            jobs_ready: Some(self.jobs_ready()),
            jobs_starting: Some(self.jobs_starting()),
        })
    }

    /// Asks for a number of jobs from now on, clamped to the limits. More: new jobs start. Fewer:
    /// starting jobs are cancelled, the latest first, then ready ones stop, which is a rebalance.
    /// Asking twice equals asking once.
    pub fn set_jobs(&mut self, wanted: Jobs) {
        let wanted = self.limits.clamp(wanted);
        if wanted != self.wanted {
            self.new_actions += 1;
            // The decision belongs to the step that it follows.
            if self.played_steps > self.warm_steps {
                self.tally.actions += 1;
            }
        }
        self.wanted = wanted;
        self.pool.set_jobs(wanted.0, self.played_steps, &self.conditions);
    }

    /// Share of the events so far that waited no longer than each of these, in seconds, as if the load ended
    /// here; 1 if there were none.
    #[must_use]
    pub fn in_time(&self, waits_s: &[u32]) -> Vec<f64> {
        let waits = self.tally_so_far().waits;
        waits_s.iter().map(|wait_s| waits.share_within(*wait_s)).collect()
    }

    /// The tally with what still waits, which counts with the wait that it has so far.
    fn tally_so_far(&self) -> Tally {
        let played = self.played_steps as usize;
        let mut tally = self.tally.clone();
        self.queue.waiting(arrived(self.load.borrow().steps()), played, |step, events| {
            let waited_s = seconds(played - step);
            tally.waits.add(waited_s, events, f64::from(self.world.sla_s));
        });
        tally
    }

    /// The score so far, as if the load ended here.
    #[must_use]
    pub fn score(&self) -> Score {
        let tally = self.tally_so_far();
        tally.score(seconds(self.played_steps.saturating_sub(self.warm_steps).max(1) as usize))
    }

    /// What the last tick cost. Kept for warm-up ticks too: an environment learns from all of them.
    #[must_use]
    pub fn tick_cost(&self) -> TickCost {
        self.tick_cost
    }

    /// The moment up to which the load was played.
    #[must_use]
    pub fn now(&self) -> UnixSeconds {
        let seconds = i64::from(self.played_steps) * i64::from(STEP_S);
        self.load.borrow().start().plus(seconds)
    }

    /// Steps of [`STEP_S`] seconds that were played.
    #[must_use]
    pub fn played_steps(&self) -> u32 {
        self.played_steps
    }

    /// Whether the load is over.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.played_steps as usize >= self.load.borrow().steps().len()
    }

    /// The jobs asked for last.
    #[must_use]
    pub fn wanted(&self) -> Jobs {
        self.wanted
    }

    /// Jobs that work now.
    #[must_use]
    pub fn jobs_ready(&self) -> Jobs {
        Jobs(self.pool.ready())
    }

    /// Jobs asked for and not up yet.
    #[must_use]
    pub fn jobs_starting(&self) -> Jobs {
        Jobs(self.pool.starting())
    }

    /// Events on which no work has begun.
    #[must_use]
    pub fn backlog_events(&self) -> f64 {
        self.queue.backlog_events()
    }

    /// The load being played.
    #[must_use]
    pub fn load(&self) -> &Load {
        self.load.borrow()
    }

    /// Steps of [`STEP_S`] seconds in a tick.
    pub(super) fn steps_per_tick(&self) -> u32 {
        self.steps_per_tick
    }

    /// What burdens the pool from now on.
    pub(super) fn set_conditions(&mut self, conditions: Conditions) {
        self.conditions = conditions;
    }

    /// Plays one step and returns the job-seconds of work that began in it; `None` at the end.
    fn step(&mut self) -> Option<f64> {
        let steps = self.load.borrow().steps();
        let index = self.played_steps as usize;
        let step = *steps.get(index)?;
        self.pool.begin(self.played_steps, &self.conditions);
        let ready = self.pool.ready();
        let work_s = f64::from(step.work_s) * self.conditions.slowdown(ready);
        self.queue.arrive(f64::from(step.arrivals_events), index);
        let room_events = if self.pool.is_paused(self.played_steps) {
            0.0
        } else {
            self.conditions.working(ready) * f64::from(STEP_S) / work_s * f64::from(step.speed)
        };
        let scored = self.played_steps >= self.warm_steps;
        let sla_s = f64::from(self.world.sla_s);
        let (tally, cost) = (&mut self.tally, &mut self.tick_cost);
        let began = |step, events| {
            let waited_s = seconds(index - step);
            if waited_s > sla_s {
                cost.late_events += events;
            }
            if scored {
                tally.waits.add(waited_s, events, sla_s);
            }
        };
        let done_events = self.queue.begin_work(arrived(steps), index, room_events, began);
        let paid_job_s = f64::from(self.pool.have()) * f64::from(STEP_S);
        let ideal_job_s = f64::from(step.arrivals_events) * f64::from(step.work_s);
        if scored {
            tally.paid_job_s += paid_job_s;
            tally.ideal_job_s += ideal_job_s;
            tally.max_backlog_events = tally.max_backlog_events.max(self.queue.backlog_events());
        }
        cost.arrived_events += f64::from(step.arrivals_events);
        cost.begun_events += done_events;
        cost.paid_job_s += paid_job_s;
        cost.ideal_job_s += ideal_job_s;
        self.played_steps += 1;
        Some(done_events * work_s)
    }
}

/// Events that arrive in each of `steps`.
fn arrived(steps: &[Step]) -> impl Fn(usize) -> f64 {
    |step| steps.get(step).map_or(0.0, |s| f64::from(s.arrivals_events))
}

/// The time that so many steps take.
fn seconds(steps: usize) -> f64 {
    steps as f64 * f64::from(STEP_S)
}

/// A source reports thousandths at best; finer digits are crumbs of floating-point sums, and a rule
/// that rounds up would make a job of them. Capped at what passes the sample gate (promise S-3).
pub(super) fn thousandths(value: f64) -> Reading {
    Reading::Known((libm::round(value.min(MAX_VALUE) * 1000.0) / 1000.0) as f32)
}

/// Plays a whole load under a policy, asked after every tick. The first `warm_s` seconds are played
/// and not scored.
#[must_use]
pub fn run(
    load: &Load,
    world: World,
    limits: JobLimits,
    tick_s: u32,
    seed: u64,
    warm_s: u32,
    policy: &mut dyn FnMut(&Sample) -> Jobs,
) -> Score {
    let mut simulator = Simulator::new(load, world, limits, tick_s, seed).with_warm_up(warm_s);
    while let Some(sample) = simulator.tick() {
        simulator.set_jobs(policy(&sample));
    }
    simulator.score()
}
