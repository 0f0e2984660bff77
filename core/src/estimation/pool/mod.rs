//! What the pool is like, learned from what it does: which jobs are on their way, how long jobs take
//! to start, what a change of the pool costs, and whether the pool stands still.

mod idle;
mod pauses;
mod starts;

pub(super) use starts::Coming;

use crate::learned::learned;
use crate::sample::Sample;
use crate::units::{Jobs, UnixSeconds};
use idle::idle_s;
use pauses::Pauses;
use starts::Starts;

/// Where nobody tells when jobs come up, most are up after this many start-up times.
const LATE_START: f32 = 1.5;
/// Seconds in which a job that went away by itself is forgotten by a factor of e.
const LOSSES_S: f32 = 600.0;
/// Jobs that go away by themselves within that time make a crash loop if they are more than this share
/// of the pool,
const CRASHING_SHARE: f32 = 0.2;
/// ... and more than this many.
const CRASHING_JOBS: f32 = 2.0;

/// Learns from samples what a pool is like. It never grows; a new one knows nothing.
#[derive(Clone, Debug, Default)]
pub struct PoolObserver {
    starts: Starts,
    pauses: Pauses,
    /// Jobs that should work by now, while nobody tells how many do.
    assumed: Option<Jobs>,
    /// Jobs of these that may not work yet, or of which some may be left, and when that should be over even
    /// if it took twice as long as usual.
    unsure: Jobs,
    /// Those that may come late.
    late: Jobs,
    settled: UnixSeconds,
    stalled: bool,
    /// Jobs that went away by themselves of late.
    losses: f32,
    /// Jobs that were ready last.
    ready: Jobs,
}
learned!(PoolObserver { starts, pauses, assumed, unsure, late, settled, stalled, losses, ready });

impl PoolObserver {
    /// Takes a sample; `before` is the one before it, `work_s` the work of an event in seconds where it is
    /// known: without it nobody can tell whether a pool stood still. Of the jobs that were `ordered`, those that
    /// do not work yet are on their way, whatever is said of them; before the first order, those are that are
    /// said to start.
    pub fn push(
        &mut self,
        sample: &Sample,
        before: Option<&Sample>,
        work_s: Option<f32>,
        ordered: Option<Jobs>,
    ) {
        (self.assumed, self.unsure) = (None, Jobs(0));
        if let (Some(was), Some(is)) = (before.and_then(|b| b.jobs_ready), sample.jobs_ready) {
            let lost = ordered.unwrap_or(is).min(was).0.saturating_sub(is.0);
            let keep = libm::expf(-(sample.interval_s as f32) / LOSSES_S);
            self.losses = self.losses * keep + lost as f32;
            self.ready = is;
            if self.is_crashing() {
                self.starts.crash(sample.end);
            }
        }
        let missing = ordered.zip(sample.jobs_ready).map(|(o, r)| Jobs(o.0.saturating_sub(r.0)));
        if let Some(starting) = missing.or(sample.jobs_starting) {
            let ready = before.and_then(|b| b.jobs_ready).zip(sample.jobs_ready);
            let more = ready.map(|(was, is)| is.0.saturating_sub(was.0));
            let half_s = i64::from(sample.interval_s / 2);
            self.starts.follow(sample.end.plus(-half_s), starting, more);
        }
        let Some(before) = before else { return };
        let (Some(was), Some(is)) = (before.jobs_ready, sample.jobs_ready) else { return };
        let counted = ordered.unwrap_or(is).min(is).min(was);
        let idle_s = work_s.and_then(|work_s| idle_s(sample, before, counted, work_s));
        if was == is {
            self.stalled = work_s.is_some_and(|w| idle::is_stalled(sample, before, counted, w));
            self.pauses.calm(idle_s.unwrap_or(0.0));
        } else if let Some(idle_s) = idle_s {
            self.pauses.changed(is.0.abs_diff(was.0), idle_s);
        }
    }

    /// Takes a sample of a pool of which nobody tells how many jobs work: the `ordered` ones do at first;
    /// those ordered later come up after `start_up_s`, and those given up go at once. Of such a pool only
    /// the pause of a change can be learned, as far as it stands still while a change is under way.
    pub(super) fn assume(
        &mut self,
        sample: &Sample,
        before: Option<&Sample>,
        work_s: Option<f32>,
        ordered: Jobs,
        start_up_s: f32,
    ) {
        let settled = sample.end.plus(start_up_s as i64);
        let Some(was) = self.assumed else {
            self.starts.clear();
            self.pauses.settle();
            (self.stalled, self.losses) = (false, 0.0);
            (self.assumed, self.unsure, self.late) = (Some(ordered), ordered, ordered);
            self.settled = settled;
            return;
        };
        let due = self.starts.due(sample.end, start_up_s);
        let ready = was.0.saturating_add(due).min(ordered.0);
        let known = self.starts.jobs();
        let missing = ordered.0 - ready;
        self.starts.cancel(known.saturating_sub(missing));
        let begun = sample.end.plus(-i64::from(sample.interval_s));
        if missing > known {
            self.starts.ask(begun, missing - known);
            self.pauses.expect(begun.plus((LATE_START * start_up_s) as i64));
        }
        let changed = ready.abs_diff(was.0);
        if changed > 0 || missing > 0 {
            self.unsure = self.unsure.max(Jobs(changed.max(missing)));
            self.late = Jobs(self.late.0.saturating_add(due));
            self.settled = settled;
        } else if sample.end >= self.settled {
            (self.unsure, self.late) = (Jobs(0), Jobs(0));
        }
        self.assumed = Some(Jobs(ready));
        // What jobs that are late have not done is no pause.
        let counted = was.min(Jobs(ready.saturating_sub(self.late.0)));
        let idle_s = before.zip(work_s).and_then(|(b, work_s)| idle_s(sample, b, counted, work_s));
        self.pauses.moved(sample.end, changed, idle_s);
    }

    /// Jobs that should work by now, where nobody tells how many do.
    pub(super) fn assumed(&self) -> Option<Jobs> {
        self.assumed
    }

    /// Of the assumed jobs, those that may not work.
    pub(super) fn unsure(&self) -> Jobs {
        self.unsure
    }

    /// Mean seconds until a job works: as configured at first, then more and more as observed.
    #[must_use]
    pub fn start_up_s(&self, configured_s: f32) -> f32 {
        self.starts.start_up_s(configured_s)
    }

    /// Whether half of the jobs on their way were asked for long ago: a bad release, a full cluster.
    pub(super) fn is_overdue(&self, now: UnixSeconds, configured_s: f32) -> bool {
        self.starts.is_overdue(now, configured_s)
    }

    /// The jobs on their way, as of `now`.
    pub(super) fn coming(&self, now: UnixSeconds, start_up_s: f32) -> impl Iterator<Item = Coming> {
        self.starts.coming(now, start_up_s)
    }

    /// Whether work waited while the pool worked far below its capacity, without a change of the
    /// pool that would explain it.
    pub(super) fn is_stalled(&self) -> bool {
        self.stalled
    }

    /// Whether jobs go away by themselves again and again.
    pub(super) fn is_crashing(&self) -> bool {
        self.losses > CRASHING_JOBS.max(CRASHING_SHARE * self.ready.as_f32())
    }

    /// Seconds for which the pool stands still when a job comes or goes, as learned; 0 before any did.
    #[must_use]
    pub fn pause_s(&self) -> f32 {
        self.pauses.pause_s()
    }
}

#[cfg(test)]
mod tests;
