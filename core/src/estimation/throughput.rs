//! Whether more jobs would help: partitions, a slow downstream or contention end the throughput of a
//! pool, and messages that nobody can work on stay in its backlog.

use super::work::is_busy;
use crate::learned::learned;
use crate::ring::Ring;
use crate::sample::Sample;
use crate::units::{Jobs, UnixSeconds};
use heapless::Vec;

/// Samples over which an unmoved backlog must stay.
const STUCK_SAMPLES: usize = 8;
/// A pool that is busy to less than this share has time to spare.
const SPARE: f32 = 0.85;
/// Sizes of the pool whose throughput is remembered,
const SIZES: usize = 8;
/// ... for so many seconds: later the work of an event may be another.
const REMEMBERED_S: i64 = 600;
/// Seconds without work that waits all the time after which what was learned is forgotten.
const CALM_S: i64 = 1800;
/// Sizes are compared if they differ by this factor: less could be a drift of the work,
const LARGER: f32 = 1.5;
/// ... and the larger one must have won this share of what its jobs should have.
const WON: f32 = 0.3;
/// Samples in a row that must say so.
const SURE_SAMPLES: u32 = 3;
/// A pool of which jobs are idle while work waits needs this many times those that are busy.
const IDLE_ROOM: f32 = 1.1;
/// A larger pool is tried again by this factor.
const TRIED: f32 = 1.25;
/// The smallest pool of this share of the best throughput is enough.
const ENOUGH: f32 = 0.95;
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

/// Learns where more jobs stop to help.
#[derive(Clone, Debug, Default)]
pub(super) struct ThroughputObserver {
    sizes: Vec<Size, SIZES>,
    /// Samples in a row in which a larger pool did no more than a smaller one.
    useless: u32,
    /// The smallest pool that does as much as any, and when that was tried last.
    most: Option<(Jobs, UnixSeconds)>,
    /// When work waited all the time last.
    busy: UnixSeconds,
    /// Backlogs of the last samples in which jobs were idle all the same; 0 for others.
    idle: Ring<f32, STUCK_SAMPLES>,
}
learned!(ThroughputObserver { sizes, useless, most, busy, idle });

impl ThroughputObserver {
    /// Takes the sample that follows `before`; `work_s` is the work of an event, `ordered` are the jobs
    /// decided last, and `costly` tells whether changes stop the pool.
    pub(super) fn push(
        &mut self,
        sample: &Sample,
        before: &Sample,
        work_s: f32,
        ordered: Option<Jobs>,
        costly: bool,
    ) {
        let (Some(was), Some(is), Some(done), Some(queued), Some(queue)) = (
            before.jobs_ready,
            sample.jobs_ready,
            sample.processed_events.known(),
            before.backlog_events.known(),
            sample.backlog_events.known(),
        ) else {
            return;
        };
        let span_s = sample.interval_s as f32;
        // The surge of a rollout is not what was asked for, and may not work.
        let jobs = was.min(is).min(ordered.unwrap_or(is));
        let waiting = queued.min(queue);
        let busy = done * work_s / span_s;
        let spare = was == is && busy < SPARE * jobs.as_f32();
        self.idle.push(if spare { waiting } else { 0.0 });
        if self.most.is_some() && sample.end.since(self.busy) >= CALM_S {
            self.most = None;
        }
        let tells = jobs.0 > 0 && (was == is || !costly);
        if tells && is_busy(waiting, is, done) {
            self.busy = sample.end;
            let size = Size { jobs, events_per_s: done / span_s, at: sample.end };
            self.compare(&size, spare.then_some(busy));
            // While jobs come up, more of them worked than were there all the time.
            if was == is {
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

    /// Events of the backlog that stayed while jobs were idle: more jobs would not work on them.
    pub(super) fn stuck_events(&self) -> f32 {
        let all = self.idle.len() == STUCK_SAMPLES;
        let backlogs = (0..STUCK_SAMPLES).filter_map(|age| self.idle.ago(age));
        if all { backlogs.fold(f32::MAX, f32::min) } else { 0.0 }
    }

    /// Holds a pool for which work waits against smaller ones, and against its `idle` jobs: those that
    /// are busy where some are not.
    fn compare(&mut self, now: &Size, idle: Option<f32>) {
        self.sizes.retain(|size| now.at.since(size.at) < REMEMBERED_S);
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
        if self.useless < SURE_SAMPLES {
            return;
        }
        let enough = match idle {
            Some(busy) => Jobs::ceil(IDLE_ROOM * busy).max(Jobs(1)),
            None => {
                let rates = || self.sizes.iter().map(|size| size.events_per_s);
                let best = rates().fold(now.events_per_s, f32::max);
                let enough = self.sizes.iter().filter(|s| s.events_per_s >= ENOUGH * best);
                enough.map(|size| size.jobs).min().unwrap_or(now.jobs)
            }
        };
        self.most = Some((enough.min(now.jobs), now.at));
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
            observer.push(&pair[1], &pair[0], work_s, None, false);
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
        observer.push(&now, &before, 0.06, None, false);
        assert_eq!(observer.max_jobs(now.end), None);
    }

    #[test]
    fn a_pool_whose_jobs_all_work_may_grow() {
        let observer = play(&[8, 12, 18], f64::from, WORK_S);
        assert_eq!(observer.max_jobs(UnixSeconds(540)), None);
        assert_eq!(observer.stuck_events(), 0.0);
    }

    #[test]
    fn what_idle_jobs_leave_lying_is_stuck() {
        let observer = play(&[10, 10], |_| 3.0, WORK_S);
        assert!(observer.stuck_events() > 8000.0);
    }
}
