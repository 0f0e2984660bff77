//! Jobs that are said to run, and the work that is said to have been done, held against each other.

use super::doubt::DOUBT_S;
use crate::learned::learned;
use crate::sample::Sample;
use crate::units::{Jobs, UnixSeconds};

/// The work done must have kept this many times as many jobs busy as are reported, and
const BUSY: f32 = 1.3;
/// ... this many more.
const BUSY_JOBS: f32 = 1.0;
/// Finished events beyond what the pool can do are doubted if they are this many times the usual.
const JUMP: f32 = 3.0;
/// Seconds for which such counts are doubted while the stated work is as usual: jobs and work both
/// stand against them then.
const OUTVOTED_S: i64 = 7200;
/// Stated work within this factor of the known is as usual.
const USUAL_WORK: f32 = 1.5;
/// Seconds over which finished events are averaged.
const MEMORY_S: f32 = 600.0;

/// What is wrong with a sample's jobs or with its finished events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Capacity {
    /// So many jobs run instead of those reported.
    Jobs(Jobs),
    /// More was finished than the jobs can do: the counts are in another unit.
    Counts,
}

/// Remembers what the pool was like.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct CapacityCheck {
    last: Option<(UnixSeconds, Jobs)>,
    /// Usual finished events a second.
    done: Option<f32>,
    /// Since when the counts are doubted.
    since: Option<UnixSeconds>,
}
learned!(CapacityCheck { last, done, since });

impl CapacityCheck {
    /// What is wrong with `sample`; `work_s` is the work of an event as known before.
    pub(super) fn check(&mut self, sample: &Sample, work_s: Option<f32>) -> Option<Capacity> {
        let recent = self.last.filter(|(at, _)| sample.end.since(*at) < DOUBT_S);
        let last = recent.map(|(_, jobs)| jobs);
        let Some(reported) = sample.jobs_ready else { return last.map(Capacity::Jobs) };
        let done = sample.processed_events.known().unwrap_or(0.0) / sample.interval_s as f32;
        let busy = done * work_s.unwrap_or(0.0);
        let can = |jobs: Jobs| busy <= BUSY * jobs.as_f32() + BUSY_JOBS;
        if !can(reported) && last.is_some_and(|last| last > reported && can(last)) {
            return last.map(Capacity::Jobs);
        }
        self.last = Some((sample.end, reported));
        let usual = self.done.unwrap_or(done);
        if busy > JUMP * (reported.as_f32() + BUSY_JOBS) && done > JUMP * usual {
            let since = *self.since.get_or_insert(sample.end);
            let as_usual = states_usual_work(sample, work_s);
            if sample.end.since(since) < if as_usual { OUTVOTED_S } else { DOUBT_S } {
                return Some(Capacity::Counts);
            }
        } else {
            self.since = None;
        }
        let weight = 1.0 - libm::expf(-(sample.interval_s as f32) / MEMORY_S);
        self.done = Some(usual + weight * (done - usual));
        None
    }
}

fn states_usual_work(sample: &Sample, work_s: Option<f32>) -> bool {
    let stated_s = sample.work_ms.known().map(|ms| ms / 1000.0);
    stated_s
        .zip(work_s)
        .is_some_and(|(stated, known)| stated <= USUAL_WORK * known && known <= USUAL_WORK * stated)
}
