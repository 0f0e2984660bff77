//! The same day in the simulator: the same events, start-up time and policy.
//!
//! The simulator plays by the day's clock, in its steps of five seconds; the agent is told of it and decides by
//! the clock that runs here, as beside the real queue, with the same configuration.

use super::tally::SLA_S;
use super::traffic::{Day, SPEED, WORK_S};
use super::worker::START_UP;
use agent::app::{Components, Config, WorkloadConfig};
use agent::decide;
use agent::observe::queue::sampler::Sampler;
use agent::observe::queue::{Amount, QueueReading};
use anyhow::Context;
use scaleiq_core::sample::Sample;
use scaleiq_core::units::{JobLimits, Jobs, UnixSeconds};
use scaleiq_workload::sim::{Load, STEP_S, Score, Simulator, Step, TICK_S, World};
use std::path::Path;
use std::time::Duration;
use tokio::time::Instant;

/// Any moment: the day has no date.
const BEGIN: UnixSeconds = UnixSeconds(1_700_000_000);
/// Of start-up times, which are the same for all jobs, and of crashes, of which there are none.
const SEED: u64 = 1;

/// Time between two looks at the queue, by the clock that runs here.
fn look_s() -> f64 {
    f64::from(TICK_S) / SPEED
}

/// What is played.
pub(crate) struct Plan {
    load: Load,
    warm_s: u32,
}

impl Plan {
    /// The events of `day` for a `length` of time, of which a `warm_up` does not count.
    pub(crate) fn new(day: &Day, length: Duration, warm_up: Duration) -> anyhow::Result<Self> {
        let warm_s = (warm_up.as_secs_f64() * SPEED) as u32;
        Ok(Self { load: load(day, length)?, warm_s })
    }

    /// Returns how the pool does that the agent with this configuration scales.
    pub(crate) fn scaled(&self, config: &str) -> anyhow::Result<Score> {
        // Where the queue is does not matter here.
        let lookup = |_: &str| Some("nowhere:1".into());
        let config = Config::parse(config, Path::new(""), lookup, &Components::default())?;
        let WorkloadConfig { settings, decider, planned, .. } = config.workload(None)?;
        let (mut decider, _) = decide::open(&decider.model, decider.engine, settings, planned)?;
        let mut simulator = self.simulator(settings.limits);
        let mut queue = Watched::new();
        while let Some(sample) = simulator.tick() {
            let Some(seen) = queue.sample(&sample)? else { continue };
            decider.observe(&seen)?;
            simulator.set_jobs(decider.decide(seen.end).jobs);
        }
        Ok(simulator.score())
    }

    /// Returns how a pool of always so many jobs does.
    pub(crate) fn fixed(&self, jobs: u32) -> anyhow::Result<Score> {
        let mut simulator = self.simulator(JobLimits::new(jobs, jobs)?);
        while simulator.tick().is_some() {}
        Ok(simulator.score())
    }

    /// The pool as the agent and the static one begin with it: its fewest jobs are asked for, none is up.
    fn simulator(&self, limits: JobLimits) -> Simulator<&Load> {
        let world = World {
            start_median_s: (START_UP.as_secs_f64() * SPEED) as f32,
            start_sigma: 0.0,
            pause_s: 0,
            mtbf_h: 0.0,
            sla_s: SLA_S as u32,
            missing_sample_probability: 0.0,
        };
        let simulator = Simulator::new(&self.load, world, limits, TICK_S, SEED);
        let mut simulator = simulator.with_first_jobs(Jobs(0)).with_warm_up(self.warm_s);
        simulator.set_jobs(limits.min());
        simulator
    }
}

/// The events of each step of the simulator, and their work, by the day's clock.
fn load(day: &Day, length: Duration) -> anyhow::Result<Load> {
    let step_s = f64::from(STEP_S);
    let count = (length.as_secs_f64() * SPEED / step_s) as usize;
    let mut sums = vec![(0.0, 0.0); count];
    for event in day.clone() {
        let step = (event.at.as_secs_f64() * SPEED / step_s) as usize;
        let Some((events, work_s)) = sums.get_mut(step) else { break };
        *events += 1.0;
        *work_s += event.work.as_secs_f64() * SPEED;
    }
    let step = |(events, work_s): (f64, f64)| Step {
        rate_per_s: (events / step_s) as f32,
        arrivals_events: events as f32,
        work_s: if events > 0.0 { work_s / events } else { WORK_S * SPEED } as f32,
        speed: 1.0,
    };
    Load::from_steps(BEGIN, sums.into_iter().map(step).collect()).context("the day")
}

/// The simulated queue, as the agent sees it.
struct Watched {
    sampler: Sampler,
    begin: Instant,
    looks: u32,
    arrived_events: f64,
}

impl Watched {
    fn new() -> Self {
        let begin = Instant::now();
        Self { sampler: Sampler::default(), begin, looks: 0, arrived_events: 0.0 }
    }

    /// Returns what a source makes of a look at the end of `sample`: `None` of the first. Of the work of an
    /// event a queue tells nothing, and what a worker has taken counts as waiting.
    fn sample(&mut self, sample: &Sample) -> anyhow::Result<Option<Sample>> {
        self.looks += 1;
        self.arrived_events += f64::from(sample.arrivals_events.known().unwrap_or(0.0));
        let passed = Duration::from_secs_f64(f64::from(self.looks) * look_s());
        let reading = QueueReading {
            arrived: Amount::Total(self.arrived_events),
            waiting: sample.backlog_events.known().map(f64::from),
            in_progress: in_progress(sample),
            ..QueueReading::default()
        };
        let now = BEGIN.0 as f64 + passed.as_secs_f64();
        let told = self.sampler.sample(&reading, now, self.begin + passed)?;
        let Sample { jobs_ready, jobs_starting, .. } = *sample;
        Ok(told.map(|told| Sample { jobs_ready, jobs_starting, ..told.sample }))
    }
}

/// Events that workers have taken and not finished: so many as begin in the time that one takes (Little's law).
fn in_progress(sample: &Sample) -> Option<f64> {
    let begun = f64::from(sample.processed_events.known()?);
    let work_s = f64::from(sample.work_ms.known().unwrap_or(0.0)) / 1000.0;
    let busy = begun * work_s / f64::from(sample.interval_s);
    Some(busy.min(f64::from(sample.jobs_ready?.0)).round())
}
