//! The work of one event on one job: as stated, checked against what the pool does, or learned from
//! its throughput alone.
//!
//! A pool that has work waiting all the time is busy, so its throughput tells the work of an event
//! exactly (the "true processing rate" of DS2; Kalavri et al., OSDI 2018). A pool that has none to
//! wait tells a bound: its jobs cannot do more than they did with less work than that.

use super::rate::weight;
use crate::learned::learned;
use crate::sample::Sample;
use crate::units::Jobs;

/// Work per event assumed until anything was observed, in milliseconds (the reference system's mean).
pub const DEFAULT_WORK_MS: f32 = 73.6;
/// Seconds over which the stated work is smoothed.
const STATED_S: f32 = 120.0;
/// Seconds over which the learned work is smoothed.
const LEARNED_S: f32 = 60.0;
/// The jobs of a pool differ, and samples are cut unevenly: a bound has this much room.
const BOUND_ROOM: f32 = 1.5;
/// Seconds in which a bound is forgotten by a factor of e, and while work waits all the time.
const BOUND_S: f32 = 6.0 * 3600.0;
const BOUND_BUSY_S: f32 = 900.0;
/// Stated work that is less than the busy pool's by this factor is in another unit.
const OTHER_UNIT: f32 = 8.0;
/// Milliseconds of the units in which work is told where it is not told in them: seconds, minutes,
/// microseconds, nanoseconds.
const UNITS_MS: [f32; 4] = [1e3, 6e4, 1e-3, 1e-6];
/// A busy pool must agree with a unit within this factor,
const UNIT_FITS: f32 = 1.4;
/// ... so many times in a row.
const UNIT_PROOFS: u32 = 8;
/// Share of the pool that is taken to be busy while that was never seen.
const ASSUMED_BUSY: f32 = 0.85;
/// An assumption is lowered while what waits does so for no more than this share of the SLA.
const TRIED_WAIT: f32 = 0.5;
/// Seconds in which an assumption is lowered by a factor of e, until the pool is seen to be busy.
const LOWERED_S: f32 = 1800.0;
/// Events waiting for each job, before and after a sample, that keep the pool busy throughout,
const WAITING_EVENTS: f32 = 2.0;
/// ... and as a share of what it finished meanwhile.
const WAITING_SHARE: f32 = 0.3;
/// Finished events that tell something,
const MIN_EVENTS: f32 = 5.0;
/// ... over at least this many times the work of one.
const TASKS_LONG: f32 = 5.0;
/// Seconds in which a busy pool finished next to nothing, after which its tasks are taken to be long.
const LONG_S: f32 = 120.0;
/// Share of what a pool's jobs did that may be unsure because jobs came and went meanwhile.
const UNSURE_SHARE: f32 = 0.2;
/// Samples in a row after which stated work that is too large is in another unit, and not a slip,
const SLIPS: u32 = 10;
/// ... and consistent ones after which it is believed again where it had been for a day, and where not.
const FORGIVEN: (u32, u32) = (2, A_DAY);
/// Samples of half a minute in a day.
const A_DAY: u32 = 2880;
/// A sample's stated work moves the estimate by no more than if it differed by this factor.
const MAX_CHANGE: f32 = 2.0;

/// What a sample says about the work of an event.
#[derive(Clone, Copy)]
enum Evidence {
    /// The work, in seconds: the pool was busy throughout.
    Exactly(f32),
    /// Not more than this: the pool had time to spare.
    AtMost(f32),
    /// Not less than this: the pool is busy, and each of its jobs may be about to finish a task.
    AtLeast(f32),
}

/// Estimates the work of an event.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct WorkObserver {
    account: Account,
    stated_s: Option<f32>,
    learned_s: Option<f32>,
    bound_s: Option<f32>,
    /// Whether a busy pool has told the work exactly.
    exact: bool,
    /// Stated work is in too small a unit: a busy pool does less than it could.
    too_small: bool,
    /// Samples in a row whose stated work was too large: the pool could not have done that much.
    too_large: u32,
    /// Samples in a row whose stated work it was that the pool could have done.
    consistent: u32,
    /// Whether that was so for a day at some time.
    proven: bool,
    /// Whether stated work is in too large a unit.
    other_unit: bool,
    /// The unit in which work is told, in milliseconds, once it was found out.
    unit_ms: Option<f32>,
    /// The one that fits, and how often in a row it did.
    fitting: (f32, u32),
}
learned!(WorkObserver {
    account,
    stated_s,
    learned_s,
    bound_s,
    exact,
    too_small,
    too_large,
    consistent,
    proven,
    other_unit,
    unit_ms,
    fitting
});

impl WorkObserver {
    /// Takes the sample that follows `before`; of its jobs, `unsure` may not have worked. A pool that obeys
    /// can be tried with less as long as nothing waits for a good part of its `sla_s`.
    pub(super) fn push(
        &mut self,
        sample: &Sample,
        before: Option<&Sample>,
        unsure: Jobs,
        sla_s: Option<f32>,
    ) {
        let span_s = sample.interval_s as f32;
        let evidence = self.account.add(sample, before, unsure);
        let told_s = sample.work_ms.known().map(|ms| ms / 1000.0).filter(|s| *s > 0.0);
        if let (Some(told_s), Some(Evidence::Exactly(work_s))) = (told_s, evidence) {
            self.find_unit(told_s, work_s);
        }
        let stated_s = told_s.map(|told_s| told_s * self.unit_ms.unwrap_or(1.0));
        if let Some(evidence) = evidence {
            self.bound(evidence, span_s);
            self.learn(evidence, span_s);
        }
        if let Some(stated_s) = stated_s {
            self.compare(stated_s, evidence);
            if !self.too_small && self.too_large == 0 {
                let before = self.stated_s.unwrap_or(stated_s);
                // `clamp` would panic for bounds that cannot be.
                let stated_s = stated_s.max(before / MAX_CHANGE).min(before * MAX_CHANGE);
                self.stated_s = Some(before + weight(span_s, STATED_S) * (stated_s - before));
            }
        } else if self.stated_s.is_none()
            && !self.exact
            && sla_s.zip(wait_s(sample)).is_some_and(|(sla_s, wait_s)| wait_s <= TRIED_WAIT * sla_s)
        {
            // Nobody says it and the pool was never busy: try with less.
            self.learned_s = self.learned_s.map(|s| s * libm::expf(-span_s / LOWERED_S));
        }
    }

    /// The work of an event in seconds.
    pub(super) fn work_s(&self) -> f32 {
        self.known_s().unwrap_or(DEFAULT_WORK_MS / 1000.0)
    }

    /// The same where it was observed.
    pub(super) fn known_s(&self) -> Option<f32> {
        let max_s = BOUND_ROOM * self.bound_s.unwrap_or(f32::MAX);
        let stated_s = self.stated_s.map(|s| s.min(max_s));
        if self.contradicts() { self.learned_s } else { stated_s.or(self.learned_s) }
    }

    /// The same where it is more than a guess: as it was stated, or as a busy pool told it.
    pub(super) fn sure_s(&self) -> Option<f32> {
        let guessed = !self.exact && (self.stated_s.is_none() || self.contradicts());
        self.known_s().filter(|_| !guessed)
    }

    /// Whether stated work contradicts the throughput, as it is told.
    pub(super) fn is_doubted(&self) -> bool {
        self.contradicts() || self.unit_ms.is_some()
    }

    fn contradicts(&self) -> bool {
        self.too_small || self.other_unit
    }

    /// Work that is told in seconds is a thousandth of what it takes: then it is still better to go by
    /// what is told than to learn it, which only a busy pool can teach.
    fn find_unit(&mut self, told_s: f32, work_s: f32) {
        let fits = |unit: &f32| {
            let off = work_s / (told_s * unit);
            (1.0 / UNIT_FITS..=UNIT_FITS).contains(&off)
        };
        let unit_ms = if fits(&1.0) { 1.0 } else { UNITS_MS.into_iter().find(fits).unwrap_or(0.0) };
        let (last, times) = self.fitting;
        self.fitting = (unit_ms, if unit_ms == last { times.saturating_add(1) } else { 1 });
        let found = if unit_ms == 1.0 { None } else { Some(unit_ms) };
        if unit_ms > 0.0 && self.fitting.1 >= UNIT_PROOFS && found != self.unit_ms {
            self.unit_ms = found;
            self.stated_s = None;
            (self.too_small, self.too_large, self.other_unit) = (false, 0, false);
        }
    }

    fn bound(&mut self, evidence: Evidence, span_s: f32) {
        let busy = !matches!(evidence, Evidence::AtMost(_));
        let grown = libm::expf(span_s / if busy { BOUND_BUSY_S } else { BOUND_S });
        let grown = self.bound_s.map(|bound| bound * grown);
        self.bound_s = match evidence {
            Evidence::Exactly(_) | Evidence::AtLeast(_) => grown,
            Evidence::AtMost(most) => Some(grown.map_or(most, |bound| bound.min(most))),
        };
    }

    fn learn(&mut self, evidence: Evidence, span_s: f32) {
        let bound_s = self.bound_s.unwrap_or(f32::MAX);
        match evidence {
            Evidence::Exactly(work_s) => {
                let work_s = work_s.min(BOUND_ROOM * bound_s);
                let before = self.learned_s.filter(|_| self.exact).unwrap_or(work_s);
                self.learned_s = Some(before + weight(span_s, LEARNED_S) * (work_s - before));
                self.exact = true;
            }
            Evidence::AtMost(most) => {
                let assumed = self.learned_s.unwrap_or(ASSUMED_BUSY * most);
                self.learned_s = Some(assumed.min(most));
            }
            // Tasks of minutes end after minutes: until then it is better than nothing.
            Evidence::AtLeast(least) if !self.exact => {
                self.learned_s = Some(self.learned_s.map_or(least, |s| s.max(least)));
            }
            Evidence::AtLeast(_) => {}
        }
    }

    fn compare(&mut self, stated_s: f32, evidence: Option<Evidence>) {
        match evidence {
            Some(Evidence::Exactly(work_s)) => {
                // A pool that stands still is no proof: with less waiting it has done more.
                let work_s = work_s.min(BOUND_ROOM * self.bound_s.unwrap_or(f32::MAX));
                self.too_small = work_s > OTHER_UNIT * stated_s;
                self.hold(stated_s, work_s);
            }
            Some(Evidence::AtMost(max_s)) => self.hold(stated_s, max_s),
            Some(Evidence::AtLeast(_)) | None => {}
        }
    }

    /// Holds stated work against the most that this sample and the bound allow.
    fn hold(&mut self, stated_s: f32, max_s: f32) {
        if stated_s > BOUND_ROOM * max_s {
            self.too_large = self.too_large.saturating_add(1);
            self.consistent = 0;
            self.other_unit |= self.too_large >= SLIPS;
            return;
        }
        self.too_large = 0;
        self.consistent = self.consistent.saturating_add(1);
        self.proven |= !self.other_unit && self.consistent >= A_DAY;
        let forgiven = if self.proven { FORGIVEN.0 } else { FORGIVEN.1 };
        if self.consistent >= forgiven && (self.other_unit || self.proven) {
            // What had bounded it was no work of this unit.
            self.other_unit = false;
            self.bound_s = self.bound_s.map(|bound| bound.max(stated_s.min(max_s)));
        }
    }
}

/// What a pool did, gathered until it says something: tasks that take minutes end in few samples.
#[derive(Clone, Copy, Debug, Default)]
struct Account {
    job_s: f32,
    /// What of it may not have been worked, since jobs came or went.
    unsure_s: f32,
    done: f32,
    span_s: f32,
    /// Whether the pool had time to spare.
    idle: bool,
}
learned!(Account { job_s, unsure_s, done, span_s, idle });

impl Account {
    /// Adds the sample that follows `before`; gives what the account says once it is large enough.
    fn add(&mut self, sample: &Sample, before: Option<&Sample>, unsure: Jobs) -> Option<Evidence> {
        let Some((ready, done, waiting)) = readings(sample, before.unwrap_or(sample)) else {
            *self = Self::default();
            return None;
        };
        let idle = !is_busy(waiting, ready, done);
        if self.idle && !idle {
            // What was not worked before says nothing of what is now.
            *self = Self::default();
        }
        let span_s = sample.interval_s as f32;
        let changed = before.is_none_or(|b| b.jobs_ready != sample.jobs_ready);
        self.job_s += ready.as_f32() * span_s;
        self.unsure_s += (if changed { ready } else { unsure.min(ready) }).as_f32() * span_s;
        self.done += done;
        self.span_s += span_s;
        self.idle |= idle;
        let work_s = self.job_s / self.done;
        // Written so that nothing done says nothing.
        if !(self.done >= MIN_EVENTS && self.span_s >= TASKS_LONG * work_s) {
            let sure_s = self.job_s - self.unsure_s;
            let long = !self.idle && self.span_s >= LONG_S;
            return long.then(|| Evidence::AtLeast(sure_s / (self.done + ready.as_f32())));
        }
        let account = core::mem::take(self);
        if account.idle {
            Some(Evidence::AtMost(work_s))
        } else {
            let sure = account.unsure_s <= UNSURE_SHARE * account.job_s;
            sure.then_some(Evidence::Exactly(work_s))
        }
    }
}

/// Seconds that what waits will take at the present throughput; `None` where nothing is worked on, which
/// says nothing of a pool.
fn wait_s(sample: &Sample) -> Option<f32> {
    let done = sample.processed_events.known().filter(|done| *done > 0.0)?;
    Some(sample.backlog_events.known()? / done * sample.interval_s as f32)
}

/// Whether so many events waiting at both ends of a sample kept `jobs` busy throughout. Those that are
/// worked on may be among them: one a job, beside which as many as were finished are enough.
pub(super) fn is_busy(waiting: f32, jobs: Jobs, done: f32) -> bool {
    let jobs = jobs.as_f32();
    waiting >= (WAITING_EVENTS * jobs).max(WAITING_SHARE * done).min(jobs + done.max(1.0))
}

/// Jobs, finished events and events that waited all the time.
fn readings(sample: &Sample, before: &Sample) -> Option<(Jobs, f32, f32)> {
    let ready = sample.jobs_ready?.max(before.jobs_ready?);
    let done = sample.processed_events.known()?;
    let waiting = before.backlog_events.known()?.min(sample.backlog_events.known()?);
    (ready.0 > 0).then_some((ready, done, waiting))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::RawSample;

    /// A 30 s sample of `jobs` jobs.
    fn sample(k: u32, jobs: u32, done: f64, backlog: f64, work_ms: Option<f64>) -> Sample {
        let raw = RawSample {
            time: f64::from(30 * k),
            interval_s: 30.0,
            logged_events: Some(done),
            processed_events: Some(done),
            unprocessed_events: Some(backlog),
            avg_processing_ms: work_ms,
            jobs_ready: Some(f64::from(jobs)),
            ..RawSample::default()
        };
        raw.gate().unwrap().sample
    }

    fn after(samples: &[Sample]) -> WorkObserver {
        let mut work = WorkObserver::default();
        let mut before = None;
        for sample in samples {
            work.push(sample, before, Jobs(0), Some(60.0));
            before = Some(sample);
        }
        work
    }

    /// `of(k)` for the first `n` samples.
    fn many(n: u32, of: impl Fn(u32) -> Sample) -> std::vec::Vec<Sample> {
        (1..=n).map(of).collect()
    }

    #[test]
    fn a_busy_pool_tells_work_that_nobody_states() {
        // 10 jobs finish 150 events of 2 s in 30 s, with as many waiting.
        let work = after(&many(20, |k| sample(k, 10, 150.0, 500.0, None)));
        assert!((work.work_s() - 2.0).abs() < 1e-3, "{}", work.work_s());
    }

    #[test]
    fn a_pool_that_was_never_busy_is_tried_with_less() {
        let at = |n| after(&many(n, |k| sample(k, 20, 150.0, 0.0, None))).work_s();
        assert!((at(1) - 0.85 * 4.0).abs() < 0.2, "{}", at(1));
        assert!(at(60) < 0.5 * at(1));
    }

    #[test]
    fn stated_work_in_another_unit_is_found_out() {
        // 1.5 s told as 1.5 ms, and the pool is busy; the same told per batch of a hundred.
        let small = after(&many(20, |k| sample(k, 10, 200.0, 900.0, Some(1.5))));
        assert!(small.is_doubted() && (small.work_s() - 1.5).abs() < 1e-3, "{small:?}");
        let large = after(&many(20, |k| sample(k, 10, 180.0, 0.0, Some(150_000.0))));
        assert!(large.is_doubted() && large.work_s() < 2.5, "{}", large.work_s());
        // Told rightly, it is taken as it is.
        let right = after(&many(20, |k| sample(k, 10, 180.0, 0.0, Some(1500.0))));
        assert!(!right.is_doubted() && (right.work_s() - 1.5).abs() < 1e-3);
    }

    #[test]
    fn a_unit_that_was_found_out_is_gone_by() {
        // 1.5 s told as 1.5 ms by a busy pool; then the work halves, which no busy pool shows.
        let told = |k| if k <= 20 { 1.5 } else { 0.75 };
        let waiting = |k| if k <= 20 { 900.0 } else { 0.0 };
        let done = |k| if k <= 20 { 200.0 } else { 100.0 };
        let work = after(&many(60, |k| sample(k, 10, done(k), waiting(k), Some(told(k)))));
        assert!(work.is_doubted() && (work.work_s() - 0.75).abs() < 0.02, "{}", work.work_s());
        // Told rightly from some day on, it is taken as it is.
        let told = |k| if k <= 20 { 1.5 } else { 1500.0 };
        let work = after(&many(60, |k| sample(k, 10, 200.0, 900.0, Some(told(k)))));
        assert!(!work.is_doubted() && (work.work_s() - 1.5).abs() < 0.02, "{}", work.work_s());
    }

    #[test]
    fn a_slip_of_the_stated_work_moves_little() {
        let told = |k| if k == 30 { 10_000.0 } else { 100.0 };
        let work = after(&many(30, |k| sample(k, 10, 2500.0, 0.0, Some(told(k)))));
        assert!((work.work_s() - 0.1).abs() < 0.03, "{}", work.work_s());
    }

    #[test]
    fn tasks_that_have_not_ended_are_long() {
        let work = after(&many(10, |k| sample(k, 2, 0.0, 50.0, None)));
        // Nine samples after the first, at half a minute, by which none of the two has ended a task.
        assert!((260.0..=270.0).contains(&work.work_s()), "{}", work.work_s());
        // Where it is known, a pool that does nothing is no proof of anything.
        let done = |k| if k <= 20 { 150.0 } else { 0.0 };
        let work = after(&many(60, |k| sample(k, 10, done(k), 500.0, None)));
        assert!(work.work_s() < 2.5, "{}", work.work_s());
    }

    #[test]
    fn tasks_of_minutes_are_not_judged_by_one_sample() {
        // Ten tasks of 60 s that end together look like 30 s of work each.
        let done = |k| if k % 2 == 0 { 10.0 } else { 0.0 };
        let work = after(&many(40, |k| sample(k, 10, done(k), 0.0, Some(60_000.0))));
        assert!(!work.is_doubted() && (work.work_s() - 60.0).abs() < 1.0, "{}", work.work_s());
    }
}
