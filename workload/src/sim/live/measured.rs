//! What the real pool did, estimated from what it reports.

use super::Span;
use super::account::{Account, Standing, Totals};
use super::queue::Queue;
use crate::sim::World;
use scaleiq_core::estimation::{PoolObserver, START_SPREAD};
use scaleiq_core::sample::Sample;
use scaleiq_core::settings::Settings;
use scaleiq_core::units::Jobs;

/// A pool of which only samples are known. Its queue is a fluid, first come first served: what arrived
/// and what was finished spread evenly over a sample, and what was finished is what arrived less what
/// waits more than before. So waits that begin and end within one sample are not seen.
#[derive(Clone, Debug)]
pub struct MeasuredPool {
    last: Option<Sample>,
    /// Counts as the pool while nobody tells how large it is.
    ordered: Option<Jobs>,
    /// What was paid for in the last sample.
    paid: Option<Jobs>,
    observer: PoolObserver,
    queue: Queue,
    account: Account,
}

impl MeasuredPool {
    /// A pool of which nothing was seen. Events that wait longer than `sla_s` are late.
    #[must_use]
    pub fn new(sla_s: f32) -> Self {
        Self {
            last: None,
            ordered: None,
            paid: None,
            observer: PoolObserver::default(),
            queue: Queue::default(),
            account: Account::new(sla_s),
        }
    }

    /// So many jobs were ordered of it.
    pub fn order(&mut self, jobs: Jobs) {
        self.ordered = Some(jobs);
    }

    /// Takes the next sample, as far as it is believed, with the work of an event in seconds.
    pub fn push(&mut self, sample: &Sample, work_s: f32) {
        let last = self.last.replace(*sample);
        self.observer.push(sample, last.as_ref(), Some(work_s), None);
        let (arrivals, backlog) = (sample.arrivals_events, sample.backlog_events);
        match (last, arrivals.known(), backlog.known()) {
            (None, _, backlog) => self.queue.arrive(f64::from(backlog.unwrap_or(0.0))),
            (Some(last), Some(arrivals), Some(backlog)) => {
                self.work(&last, sample, arrivals, backlog, work_s);
            }
            // What is missing is on no side of the books.
            _ => {}
        }
    }

    fn work(&mut self, last: &Sample, sample: &Sample, arrivals: f32, backlog: f32, work_s: f32) {
        let span = Span::new(sample, last.end);
        let (arrivals, backlog) = (f64::from(arrivals) * span.part, f64::from(backlog));
        let gone = self.queue.backlog_events() + arrivals - backlog;
        // More waits than can have come: it did, unseen.
        let (came, done) = (arrivals + (-gone).max(0.0), gone.max(0.0));
        let (end, steps) = (sample.end, f64::from(span.steps));
        let mut left = done;
        for step in 0..span.steps {
            self.queue.arrive(came / steps);
            let room = left / f64::from(span.steps - step);
            let Self { queue, account, .. } = self;
            left -= queue.begin_work(room, |waited_s, events| account.began(end, waited_s, events));
            self.queue.pass(span.step_s());
        }
        let have = paid_jobs(sample).or(self.ordered);
        self.account.observed(
            end,
            span.seconds,
            have.map(|jobs| f64::from(jobs.0)),
            arrivals * f64::from(work_s),
            backlog,
        );
        if have.zip(self.paid).is_some_and(|(is, was)| is != was) {
            self.account.acted(end);
        }
        self.paid = have;
    }

    /// How jobs start in it and what a change costs, as configured and seen. Crashes are left out.
    #[must_use]
    pub fn world(&self, settings: &Settings) -> World {
        World {
            start_median_s: self.observer.start_up_s(settings.start_up_s),
            start_sigma: START_SPREAD,
            pause_s: libm::roundf(self.observer.pause_s()) as u32,
            mtbf_h: 0.0,
            sla_s: settings.sla_s as u32,
            missing_sample_probability: 0.0,
        }
    }

    /// Tells only of what comes from now on.
    pub fn restart(&mut self) {
        self.account.restart();
    }

    /// How it did in the last week.
    #[must_use]
    pub fn standing(&self) -> Standing {
        self.account.standing(&self.queue)
    }

    /// What it did since the beginning.
    #[must_use]
    pub fn totals(&self) -> Totals {
        self.account.totals()
    }
}

/// Jobs that are paid for: from the moment that they are asked for, where that is told.
fn paid_jobs(sample: &Sample) -> Option<Jobs> {
    let starting = sample.jobs_starting.unwrap_or_default();
    sample.jobs_ready.map(|ready| Jobs(ready.0.saturating_add(starting.0)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::{Load, Simulator, Step, World};
    use scaleiq_core::units::{JobLimits, UnixSeconds};

    /// A simulated day of a pool of 20 jobs whose need goes from 2 to 22 jobs and back.
    fn day() -> Load {
        let step = |k: usize| {
            let need = 12.0 - 10.0 * libm::cosf(k as f32 / 17_280.0 * std::f32::consts::TAU);
            let (rate_per_s, work_s) = (10.0 * need, 0.1);
            Step { rate_per_s, arrivals_events: 5.0 * rate_per_s, work_s, speed: 1.0 }
        };
        Load::from_steps(UnixSeconds(0), (0..17_280).map(step).collect()).unwrap()
    }

    #[test]
    fn what_is_estimated_from_samples_is_what_happened() {
        let load = day();
        let still = World { mtbf_h: 0.0, ..World::queue() };
        let limits = JobLimits::new(1, 100).unwrap();
        let mut simulator = Simulator::new(&load, still, limits, 30, 1);
        let mut pool = MeasuredPool::new(60.0);
        simulator.set_jobs(Jobs(20));
        while let Some(sample) = simulator.tick() {
            pool.push(&sample, 0.1);
        }
        let (told, truth) = (pool.standing(), simulator.score());
        assert!(truth.sla > 0.5 && truth.sla < 0.95, "{truth:?}");
        assert!((told.score.sla - truth.sla).abs() < 0.003, "{told:?} {truth:?}");
        assert!((told.score.job_hours / truth.job_hours - 1.0).abs() < 0.01);
        assert!(told.score.p99_wait_s.abs_diff(truth.p99_wait_s) <= 10, "{told:?} {truth:?}");
        assert!(told.knows_jobs && told.observed_s == 86_370.0);
    }

    /// A sample of a pool that finishes nothing, and of which nobody tells how large it is.
    fn stuck(k: u32) -> Sample {
        let raw = scaleiq_core::sample::RawSample {
            time: f64::from(30 * k),
            interval_s: 30.0,
            logged_events: Some(30.0),
            processed_events: Some(0.0),
            unprocessed_events: Some(f64::from(30 * k)),
            ..Default::default()
        };
        raw.gate().unwrap().sample
    }

    #[test]
    fn a_pool_of_which_nobody_tells_is_the_one_that_was_ordered() {
        let mut pool = MeasuredPool::new(60.0);
        for k in 1..=121 {
            pool.push(&stuck(k), 0.1);
            pool.order(Jobs(if k < 61 { 4 } else { 6 }));
        }
        let told = pool.standing();
        assert!(told.knows_jobs && (told.score.job_hours - 5.0).abs() < 1e-9, "{told:?}");
        assert_eq!(pool.totals().actions, 1);
    }

    #[test]
    fn who_waits_for_ever_is_late() {
        let mut pool = MeasuredPool::new(60.0);
        (1..=120).for_each(|k| pool.push(&stuck(k), 0.1));
        let told = pool.standing();
        assert!(told.score.sla < 0.05 && !told.knows_jobs, "{told:?}");
    }
}
