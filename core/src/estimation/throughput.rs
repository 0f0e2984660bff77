//! Whether more jobs would help: partitions, a slow downstream or contention end the throughput of a
//! pool, and messages that nobody can work on stay in its backlog.

use super::work::is_busy;
use crate::learned::learned;
use crate::ring::Ring;
use crate::sample::Sample;
use crate::units::{Jobs, UnixSeconds};
use heapless::Vec;

/// A pool is judged by what it does in so many times the work of an event, since tasks that have not
/// ended do not show: of each job at most one, which this makes less than what [`SPARE`] allows for,
const TASKS_LONG: f32 = 8.0;
/// ... and in so many seconds at most.
const MAX_STRETCH_S: f32 = 3600.0;
/// Stretches over which an unmoved backlog must stay.
const STUCK_STRETCHES: usize = 8;
/// A pool that is busy to less than this share has time to spare.
const SPARE: f32 = 0.85;
/// Sizes of the pool whose throughput is remembered,
const SIZES: usize = 8;
/// ... for so many seconds, and [`STRETCHES_KEPT`] stretches: later the work of an event may be another.
const REMEMBERED_S: i64 = 600;
/// Seconds, and stretches, without work that waits all the time after which what was learned is forgotten.
const CALM_S: i64 = 1800;
/// Stretches for which a memory in seconds lasts at least.
const STRETCHES_KEPT: f32 = 3.0;
/// Sizes are compared if they differ by this factor: less could be a drift of the work,
const LARGER: f32 = 1.5;
/// ... and the larger one must have won this share of what its jobs should have.
const WON: f32 = 0.3;
/// Stretches in a row that must say so.
const SURE_STRETCHES: u32 = 3;
/// A pool of which jobs are idle while work waits needs this many times those that are busy.
const IDLE_ROOM: f32 = 1.1;
/// A larger pool is tried again by this factor.
const TRIED: f32 = 1.25;
/// The smallest pool of this share of the best throughput is enough.
const ENOUGH: f32 = 0.95;
/// A backlog of less than this share of the busy jobs cannot hold what they work on; one of more than the
/// second share does, if others are idle.
const WORKED_ON: (f32, f32) = (0.5, 0.7);
/// Seconds after which a larger pool is tried again.
const TRIED_AGAIN_S: i64 = 900;
/// Where the best throughput so far is less than this share of the present one, the pool is free.
const FREED: f32 = 0.9;

/// Throughput of a busy pool.
#[derive(Clone, Copy, Debug, Default)]
struct Size {
    jobs: Jobs,
    events_per_s: f32,
    at: UnixSeconds,
}
learned!(Size { jobs, events_per_s, at });

/// What a pool did over some samples.
#[derive(Clone, Copy, Debug, Default)]
struct Stretch {
    span_s: f32,
    done: f32,
    /// Events that waited all the time.
    waiting: f32,
    /// Jobs that worked all the time, of those asked for,
    jobs: Jobs,
    /// ... and at most.
    ready: Jobs,
    /// Whether no job came or went.
    steady: bool,
}
learned!(Stretch { span_s, done, waiting, jobs, ready, steady });

impl Stretch {
    fn then(self, next: Self) -> Self {
        Self {
            span_s: self.span_s + next.span_s,
            done: self.done + next.done,
            waiting: self.waiting.min(next.waiting),
            jobs: self.jobs.min(next.jobs),
            ready: self.ready.max(next.ready),
            steady: self.steady && next.steady && self.ready == next.ready,
        }
    }
}

/// Learns where more jobs stop to help.
#[derive(Clone, Debug, Default)]
pub(super) struct ThroughputObserver {
    sizes: Vec<Size, SIZES>,
    /// What is not yet long enough to tell anything.
    open: Option<Stretch>,
    /// Stretches in a row in which a larger pool did no more than a smaller one.
    useless: u32,
    /// The smallest pool that does as much as any, and when that was tried last.
    most: Option<(Jobs, UnixSeconds)>,
    /// When work waited all the time last.
    busy: UnixSeconds,
    /// Whether events that are worked on count as backlog.
    in_progress: bool,
    /// Backlogs of the last stretches in which jobs were idle all the same; 0 for others.
    idle: Ring<f32, STUCK_STRETCHES>,
}
learned!(ThroughputObserver { sizes, open, useless, most, busy, in_progress, idle });

impl ThroughputObserver {
    /// Takes the sample that follows `before`; `work_s` is the work of an event where it is known, `ordered`
    /// are the jobs decided last, and `costly` tells whether changes stop the pool.
    pub(super) fn push(
        &mut self,
        sample: &Sample,
        before: &Sample,
        work_s: Option<f32>,
        ordered: Option<Jobs>,
        costly: bool,
    ) {
        let (Some(next), Some(work_s)) = (stretch(sample, before, ordered), work_s) else { return };
        let least_s = (TASKS_LONG * work_s).min(MAX_STRETCH_S);
        let kept_s = |seconds: i64| seconds.max((STRETCHES_KEPT * least_s) as i64);
        if self.most.is_some() && sample.end.since(self.busy) >= kept_s(CALM_S) {
            self.most = None;
        }
        let now = self.open.take().map_or(next, |open| open.then(next));
        if now.span_s < least_s {
            self.open = Some(now);
            return;
        }
        let Stretch { span_s, done, waiting, jobs, ready, steady } = now;
        let busy = done * work_s / span_s;
        let spare = steady && busy < SPARE * jobs.as_f32();
        if busy >= 1.0 {
            // An event is waited for by an idle job only where it is worked on by another one.
            let (worked_on, none) = (waiting >= WORKED_ON.1 * busy, waiting < WORKED_ON.0 * busy);
            let idle = busy < SPARE * jobs.as_f32();
            self.in_progress = (self.in_progress || idle && worked_on) && !none;
        }
        let at_work = if self.in_progress { ready.as_f32() } else { 0.0 };
        self.idle.push(if spare { (waiting - at_work).max(0.0) } else { 0.0 });
        let tells = jobs.0 > 0 && (steady || !costly);
        if tells && is_busy(waiting, ready, done) {
            self.busy = sample.end;
            let size = Size { jobs, events_per_s: done / span_s, at: sample.end };
            self.sizes.retain(|other| sample.end.since(other.at) < kept_s(REMEMBERED_S));
            self.compare(&size, spare.then_some(busy));
            // While jobs come up, more of them worked than were there all the time.
            if steady {
                self.remember(size);
            }
        }
    }

    /// Jobs beyond which the throughput does not grow, as far as that was seen. Now and then some more
    /// are tried.
    pub(super) fn max_jobs(&self, now: UnixSeconds) -> Option<Jobs> {
        self.most.map(|(jobs, at)| {
            let tries = now.since(at) >= TRIED_AGAIN_S;
            if tries { Jobs::ceil(TRIED * jobs.as_f32()).max(Jobs(jobs.0 + 1)) } else { jobs }
        })
    }

    /// Whether the backlog that is told holds the events that are worked on.
    pub(super) fn counts_work_in_progress(&self) -> bool {
        self.in_progress
    }

    /// Events of the backlog that stayed while jobs were idle: more jobs would not work on them.
    pub(super) fn stuck_events(&self) -> f32 {
        let all = self.idle.len() == STUCK_STRETCHES;
        let backlogs = (0..STUCK_STRETCHES).filter_map(|age| self.idle.ago(age));
        if all { backlogs.fold(f32::MAX, f32::min) } else { 0.0 }
    }

    /// Holds a pool for which work waits against smaller ones, and against its `idle` jobs: those that
    /// are busy where some are not.
    fn compare(&mut self, now: &Size, idle: Option<f32>) {
        let does_more = |size: &Size| size.events_per_s < FREED * now.events_per_s;
        if self.most.is_some() && self.sizes.iter().all(does_more) {
            // What held it back is gone.
            self.most = None;
            self.sizes.clear();
        }
        let won_nothing = self.sizes.iter().any(|size| {
            let larger = now.jobs.as_f32() / size.jobs.as_f32();
            let won = now.events_per_s / size.events_per_s.max(1e-9);
            larger >= LARGER && won < 1.0 + WON * (larger - 1.0)
        });
        self.useless = if won_nothing || idle.is_some() { self.useless + 1 } else { 0 };
        if self.useless < SURE_STRETCHES {
            return;
        }
        let best = self.sizes.iter().map(|size| size.events_per_s).fold(now.events_per_s, f32::max);
        let is_enough = |size: &&Size| size.events_per_s >= ENOUGH * best;
        let enough = match idle {
            Some(busy) => {
                // Jobs that are busy with what never ends look idle: a pool without them did less.
                let sizes = self.sizes.iter().chain([now]);
                let too_small = sizes.filter(|size| !is_enough(size)).map(|size| size.jobs).max();
                let least = too_small.map_or(Jobs(1), |jobs| Jobs(jobs.0.saturating_add(1)));
                Jobs::ceil(IDLE_ROOM * busy).min(now.jobs).max(least)
            }
            None => {
                let enough = self.sizes.iter().filter(is_enough).map(|size| size.jobs).min();
                enough.map_or(now.jobs, |jobs| jobs.min(now.jobs))
            }
        };
        self.most = Some((enough, now.at));
    }

    fn remember(&mut self, size: Size) {
        self.sizes.retain(|other| other.jobs != size.jobs);
        if let Err(size) = self.sizes.push(size) {
            // The oldest goes.
            let oldest = self.sizes.iter().map(|other| other.at).min();
            self.sizes.retain(|other| Some(other.at) != oldest);
            let _ = self.sizes.push(size);
        }
    }
}

/// What is told of the sample that follows `before`.
fn stretch(sample: &Sample, before: &Sample, ordered: Option<Jobs>) -> Option<Stretch> {
    let (was, ready) = (before.jobs_ready?, sample.jobs_ready?);
    let (queued, queue) = (before.backlog_events.known()?, sample.backlog_events.known()?);
    Some(Stretch {
        span_s: sample.interval_s as f32,
        done: sample.processed_events.known()?,
        waiting: queued.min(queue),
        // The surge of a rollout is not what was asked for, and may not work.
        jobs: was.min(ready).min(ordered.unwrap_or(ready)),
        ready,
        steady: was == ready,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::RawSample;

    const WORK_S: f32 = 0.1;

    fn sample(k: u32, jobs: u32, done: f64, backlog: f64) -> Sample {
        let raw = RawSample {
            time: f64::from(30 * k),
            interval_s: 30.0,
            processed_events: Some(done),
            unprocessed_events: Some(backlog),
            jobs_ready: Some(f64::from(jobs)),
            ..RawSample::default()
        };
        raw.gate().unwrap().sample
    }

    /// Plays pools of the sizes given, six samples each, of which `works` jobs work.
    fn play(sizes: &[u32], works: impl Fn(u32) -> f64, work_s: f32) -> ThroughputObserver {
        let mut observer = ThroughputObserver::default();
        let all = sizes.iter().flat_map(|jobs| [*jobs; 6]).zip(1..);
        let samples = all.map(|(jobs, k)| {
            sample(k, jobs, works(jobs) * 30.0 / f64::from(WORK_S), 9000.0 + f64::from(k))
        });
        let samples: std::vec::Vec<_> = samples.collect();
        for pair in samples.windows(2) {
            observer.push(&pair[1], &pair[0], Some(work_s), None, false);
        }
        observer
    }

    #[test]
    fn jobs_that_idle_while_work_waits_are_too_many() {
        let observer = play(&[9], |jobs| f64::from(jobs.min(7)), WORK_S);
        assert_eq!(observer.max_jobs(UnixSeconds(180)), Some(Jobs(8)));
        // More are tried after a while.
        assert_eq!(observer.max_jobs(UnixSeconds(180 + TRIED_AGAIN_S)), Some(Jobs(10)));
    }

    #[test]
    fn a_larger_pool_that_does_no_more_is_too_large() {
        // The work told grows with the pool, so that no job seems idle.
        let mut observer = play(&[8, 12], |_| 8.0, 0.15);
        assert_eq!(observer.max_jobs(UnixSeconds(360)), Some(Jobs(8)));
        // Once it does more, it is free again.
        let (before, now) = (sample(13, 8, 2400.0, 9000.0), sample(14, 8, 4000.0, 9000.0));
        observer.push(&now, &before, Some(0.06), None, false);
        assert_eq!(observer.max_jobs(now.end), None);
    }

    #[test]
    fn jobs_that_are_busy_with_what_never_ends_are_not_too_many() {
        // Two of ten are; without the one that seems too many the pool does less.
        let works = |jobs: u32| f64::from(jobs) - 2.0;
        let most = |sizes: &[u32]| {
            play(sizes, works, WORK_S).max_jobs(UnixSeconds(30 * 6 * sizes.len() as i64))
        };
        assert_eq!([&[10][..], &[10, 9], &[10, 9, 10]].map(most), [9, 10, 10].map(Jobs).map(Some));
        // More of them do more, and all of them may stay.
        assert_eq!(most(&[10, 9, 10, 13]), Some(Jobs(13)));
    }

    #[test]
    fn a_pool_whose_jobs_all_work_may_grow() {
        let observer = play(&[8, 12, 18], f64::from, WORK_S);
        assert_eq!(observer.max_jobs(UnixSeconds(540)), None);
        assert_eq!(observer.stuck_events(), 0.0);
    }

    #[test]
    fn what_is_worked_on_is_told_from_what_waits() {
        let counts = |backlog: f64| {
            let mut observer = ThroughputObserver::default();
            let sample = |k| sample(k, 20, 10.0 * 30.0 / f64::from(WORK_S), backlog);
            (1..9).for_each(|k| {
                observer.push(&sample(k + 1), &sample(k), Some(WORK_S), None, false);
            });
            observer.counts_work_in_progress()
        };
        // Ten of twenty jobs are busy.
        assert_eq!([0.0, 4.0, 10.0, 12.0].map(counts), [false, false, true, true]);
    }

    #[test]
    fn long_tasks_that_have_not_ended_leave_nothing_lying() {
        // One job finishes a task in five minutes; samples of half a minute.
        let observer = play(&[1; 20], |_| f64::from(WORK_S) / 300.0, 300.0);
        assert_eq!((observer.max_jobs(UnixSeconds(3600)), observer.stuck_events()), (None, 0.0));
    }

    #[test]
    fn what_idle_jobs_leave_lying_is_stuck() {
        let observer = play(&[10, 10], |_| 3.0, WORK_S);
        assert!(observer.stuck_events() > 8000.0);
    }
}
