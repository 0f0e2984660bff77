//! A pool that does not exist: what it would have made of the real arrivals.

use super::Span;
use super::account::{Account, Standing, Totals};
use super::queue::Queue;
use crate::sim::faults::Conditions;
use crate::sim::pool::Pool;
use crate::sim::simulator::{FIRST_HEADROOM, thousandths};
use crate::sim::{STEP_S, World};
use scaleiq_core::sample::{Reading, Sample};
use scaleiq_core::units::{JobLimits, Jobs, UnixSeconds};

/// The seed of its start-up times. Any does; the same one every time makes decisions repeatable.
const SEED: u64 = 1;

/// A pool that obeys, beside a real one: the same arrivals and work, its own jobs and queue.
#[derive(Clone, Debug)]
pub struct VirtualPool {
    pool: Pool,
    queue: Queue,
    account: Account,
    /// When the steps of `pool` are counted from.
    begin: UnixSeconds,
    last_end: UnixSeconds,
    /// In force from the next sample on; `None` before the first order.
    ordered: Option<Jobs>,
    /// In force.
    obeyed: Option<Jobs>,
}

impl VirtualPool {
    /// A pool that begins as the real one is at the end of `sample`: with its jobs and its backlog.
    /// If the sample does not tell its jobs, so many as its arrivals need and 30 % more.
    #[must_use]
    pub fn beside(
        sample: &Sample,
        work_s: f32,
        world: World,
        sla_s: f32,
        limits: JobLimits,
    ) -> Self {
        let rate = sample.arrivals_events.known().unwrap_or(0.0) / sample.interval_s as f32;
        let need = Jobs::ceil(rate * work_s * FIRST_HEADROOM as f32);
        let ready = sample.jobs_ready.unwrap_or(limits.clamp(need));
        let mut pool = Pool::new(world, ready.0, SEED);
        let starting = sample.jobs_starting.unwrap_or_default();
        pool.set_jobs(ready.0.saturating_add(starting.0), 0, &Conditions::default());
        let mut queue = Queue::default();
        queue.arrive(f64::from(sample.backlog_events.known().unwrap_or(0.0)));
        Self {
            pool,
            queue,
            account: Account::new(sla_s),
            begin: sample.end,
            last_end: sample.end,
            ordered: None,
            obeyed: None,
        }
    }

    /// Orders a number of jobs from the end of the last sample on. Of several orders the last counts.
    pub fn order(&mut self, jobs: Jobs) {
        self.ordered = Some(jobs);
    }

    /// Jobs that work and jobs that are on their way, with its backlog, as of the end of `sample`: told
    /// in place of the real pool's.
    #[must_use]
    pub fn told(&self, sample: &Sample) -> Sample {
        Sample {
            jobs_ready: Some(Jobs(self.pool.ready())),
            jobs_starting: Some(Jobs(self.pool.starting())),
            ..*sample
        }
    }

    /// Plays the time of a real sample, as far as that is believed, in `world`, with `work_s` of work on
    /// each event: what this pool reports instead. Arrivals that are missing are missing here, too, and
    /// of that time only starts are played.
    pub fn play(&mut self, sample: &Sample, work_s: f32, world: World) -> Sample {
        let span = Span::new(sample, self.last_end);
        self.pool.set_world(world);
        self.obey(sample.end);
        self.last_end = sample.end;
        let Some(arrivals) = sample.arrivals_events.known() else {
            self.pool.begin(self.step(sample.end, 0.0), &Conditions::default());
            let (missing, told) = (Reading::Missing, self.told(sample));
            return Sample {
                processed_events: missing,
                backlog_events: missing,
                queued_events: missing,
                ..told
            };
        };
        let arrivals = f64::from(arrivals) * span.part;
        let (mut done_events, mut queued_events, mut paid_job_s) = (0.0, 0.0, 0.0);
        for k in 0..span.steps {
            let step = self.step(span.begin, f64::from(k) * span.step_s());
            self.pool.begin(step, &Conditions::default());
            self.queue.arrive(arrivals / f64::from(span.steps));
            let working = if self.pool.is_paused(step) { 0 } else { self.pool.ready() };
            let room = f64::from(working) * span.step_s() / f64::from(work_s);
            let Self { queue, account, .. } = self;
            done_events += queue
                .begin_work(room, |waited_s, events| account.began(sample.end, waited_s, events));
            queue.pass(span.step_s());
            queued_events += queue.backlog_events();
            paid_job_s += f64::from(self.pool.have()) * span.step_s();
        }
        let backlog_events = self.queue.backlog_events();
        self.account.observed(
            sample.end,
            span.seconds,
            Some(paid_job_s / span.seconds.max(1e-9)),
            arrivals * f64::from(work_s),
            backlog_events,
        );
        Sample {
            processed_events: thousandths(done_events / span.part.max(1e-9)),
            backlog_events: thousandths(backlog_events),
            queued_events: thousandths(queued_events / f64::from(span.steps)),
            ..self.told(sample)
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

    /// What was ordered takes effect, at the end of the last sample.
    fn obey(&mut self, at: UnixSeconds) {
        let Some(jobs) = self.ordered else { return };
        let have = self.obeyed.unwrap_or(Jobs(self.pool.have()));
        if jobs != have {
            self.account.acted(at);
        }
        self.obeyed = Some(jobs);
        self.pool.set_jobs(jobs.0, self.step(self.last_end, 0.0), &Conditions::default());
    }

    /// The pool's step in which the moment `seconds` after `at` lies.
    fn step(&self, at: UnixSeconds, seconds: f64) -> u32 {
        ((at.since(self.begin) as f64 + seconds) / f64::from(STEP_S)) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use scaleiq_core::sample::RawSample;

    const LIMITS: Result<JobLimits, scaleiq_core::units::JobLimitsError> = JobLimits::new(1, 100);

    /// A 30 s sample of a real pool of 50 jobs that is offered `arrivals` events.
    fn sample(k: u32, arrivals: Option<f64>) -> Sample {
        let raw = RawSample {
            time: f64::from(30 * k),
            interval_s: 30.0,
            logged_events: arrivals,
            processed_events: arrivals,
            unprocessed_events: Some(0.0),
            avg_processing_ms: Some(100.0),
            jobs_ready: Some(50.0),
            ..RawSample::default()
        };
        raw.gate().unwrap().sample
    }

    fn still() -> World {
        World { start_sigma: 0.0, mtbf_h: 0.0, ..World::queue() }
    }

    fn beside(k: u32) -> VirtualPool {
        VirtualPool::beside(&sample(k, Some(3000.0)), 0.1, still(), 60.0, LIMITS.unwrap())
    }

    #[test]
    fn it_begins_as_the_real_one_and_obeys_from_then_on() {
        let mut pool = beside(1);
        let told = pool.play(&sample(2, Some(3000.0)), 0.1, still());
        assert_eq!((told.jobs_ready, told.backlog_events), (Some(Jobs(50)), Reading::Known(0.0)));
        // 100 events/s of 0.1 s keep 10 jobs busy: eight leave a backlog.
        pool.order(Jobs(40));
        pool.order(Jobs(8));
        let told = pool.play(&sample(3, Some(3000.0)), 0.1, still());
        assert_eq!(
            (told.jobs_ready, told.processed_events),
            (Some(Jobs(8)), Reading::Known(2400.0))
        );
        assert_eq!(told.backlog_events, Reading::Known(600.0));
        // More are asked for, and work after the start-up time.
        pool.order(Jobs(20));
        let ready = [4, 5, 6].map(|k| pool.play(&sample(k, Some(3000.0)), 0.1, still()).jobs_ready);
        assert_eq!(ready, [Some(Jobs(8)), Some(Jobs(8)), Some(Jobs(20))]);
        assert_eq!(pool.totals().actions, 2);
        let paid = pool.totals().job_s;
        assert_eq!(paid, 30.0 * (50.0 + 8.0 + 3.0 * 20.0));
    }

    #[test]
    fn what_is_missing_is_not_played() {
        let mut pool = beside(1);
        pool.order(Jobs(5));
        let told = pool.play(&sample(2, None), 0.1, still());
        assert_eq!((told.processed_events, told.backlog_events), Default::default());
        assert_eq!((told.jobs_ready, pool.standing().observed_s), (Some(Jobs(5)), 0.0));
    }

    #[test]
    fn short_samples_make_the_same_as_long_ones() {
        let play = |seconds: u32| {
            let mut pool = beside(1);
            pool.order(Jobs(8));
            for k in 1..=(600 / seconds) {
                let raw = RawSample {
                    time: f64::from(30 + k * seconds),
                    interval_s: f64::from(seconds),
                    logged_events: Some(f64::from(100 * seconds)),
                    ..RawSample::default()
                };
                pool.play(&raw.gate().unwrap().sample, 0.1, still());
            }
            pool.standing()
        };
        let (long, short) = (play(60), play(2));
        assert!((long.score.sla - short.score.sla).abs() < 0.02, "{long:?} {short:?}");
        assert_eq!(long.score.job_hours, short.score.job_hours);
        assert!((long.score.max_backlog_events - 12_000.0).abs() < 1.0, "{long:?}");
    }
}
