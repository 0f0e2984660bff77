//! What the pool is like, learned from what it does: which jobs are on their way, how long jobs take
//! to start, what a change of the pool costs, and whether the pool stands still.

use crate::sample::Sample;
use crate::units::{Jobs, UnixSeconds};
use heapless::Deque;

/// Groups of starting jobs that are told apart.
const GROUPS: usize = 16;
/// Starts that the configured start-up time is worth.
const CONFIGURED_WORTH: f32 = 10.0;
/// Starts after which an observed one counts half.
const START_MEMORY: f32 = 200.0;
/// A pool that stands still for more than this share of a sample is stalled.
const STALLED_SHARE: f32 = 0.5;
/// Weight of the last change in the pause that a change is expected to cost.
const PAUSE_WEIGHT: f32 = 0.1;
/// Changes in one sample overlap: of no more than this many the pauses are told apart.
const MOST_PAUSES: f32 = 3.0;
/// Longest pause believed, in seconds.
const LONGEST_PAUSE_S: f32 = 60.0;
/// Where nobody tells when jobs come up, most are up after this many start-up times,
const LATE_START: f32 = 1.5;
/// ... and pauses are told at the latest after so many have.
const MOST_MOVES: u32 = 6;
/// Jobs that have not come up for so many usual start-up times are overdue: start-up times differ by a
/// factor of e^0.3, so this is more than two standard deviations.
const OVERDUE_STARTS: f32 = 2.0;
/// ... and a sample.
const OVERDUE_S: f32 = 30.0;

/// Seconds in which a job that went away by itself is forgotten by a factor of e.
const LOSSES_S: f32 = 600.0;
/// Jobs that go away by themselves within that time make a crash loop if they are more than this share
/// of the pool,
const CRASHING_SHARE: f32 = 0.2;
/// ... and more than this many.
const CRASHING_JOBS: f32 = 2.0;

/// Jobs that were asked for together.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Group {
    asked: UnixSeconds,
    jobs: u32,
}

/// Jobs on their way.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Coming {
    /// Seconds until they are expected to work.
    pub(super) in_s: f32,
    /// How many.
    pub(super) jobs: f32,
}

/// Learns from samples what a pool is like. It never grows; a new one knows nothing.
#[derive(Clone, Debug, Default)]
pub struct PoolObserver {
    starting: Deque<Group, GROUPS>,
    /// Jobs that should work by now, while nobody tells how many do.
    assumed: Option<Jobs>,
    start_sum_s: f32,
    starts: f32,
    stalled: bool,
    pause_s: Option<f32>,
    /// Seconds of the last sample without a change in which jobs were idle although work waited: no
    /// change is to blame for these.
    usual_idle_s: f32,
    /// Of a pool of which nobody tells.
    moves: Moves,
    /// Jobs that went away by themselves of late.
    losses: f32,
    /// Jobs that were ready last.
    ready: Jobs,
}

/// Jobs that came and went lately, and how long the pool stood still meanwhile.
#[derive(Clone, Copy, Debug, Default)]
struct Moves {
    jobs: u32,
    idle_s: f32,
    /// Whether it could be told in any sample.
    told: bool,
    /// The last of them should be up by then.
    until: UnixSeconds,
}

impl PoolObserver {
    /// Takes a sample; `before` is the one before it, `work_s` the work of an event in seconds. Of
    /// the jobs that were `ordered`, those that do not work yet are on their way, whatever is said of
    /// them; before the first order, those are that are said to start.
    pub fn push(
        &mut self,
        sample: &Sample,
        before: Option<&Sample>,
        work_s: f32,
        ordered: Option<Jobs>,
    ) {
        self.assumed = None;
        let missing = ordered.zip(sample.jobs_ready).map(|(o, r)| Jobs(o.0.saturating_sub(r.0)));
        if let Some(starting) = missing.or(sample.jobs_starting) {
            let ready = before.and_then(|b| b.jobs_ready).zip(sample.jobs_ready);
            let more = ready.map(|(was, is)| is.0.saturating_sub(was.0));
            self.follow(sample, starting, more);
        }
        let Some(before) = before else { return };
        let (Some(was), Some(is)) = (before.jobs_ready, sample.jobs_ready) else { return };
        let lost = ordered.unwrap_or(is).min(was).0.saturating_sub(is.0);
        let keep = libm::expf(-(sample.interval_s as f32) / LOSSES_S);
        self.losses = self.losses * keep + lost as f32;
        self.ready = is;
        let counted = ordered.unwrap_or(is).min(is).min(was);
        let idle_s = idle_s(sample, before, counted, work_s);
        if was == is {
            let limit_s = STALLED_SHARE * sample.interval_s as f32;
            self.stalled = idle_s.is_some_and(|idle| idle > limit_s);
            self.usual_idle_s = idle_s.unwrap_or(0.0);
        } else if let Some(idle_s) = idle_s {
            // Each job that comes or goes by itself stops the pool once more.
            let changes = (is.0.abs_diff(was.0) as f32).min(MOST_PAUSES);
            let idle_s = (idle_s - self.usual_idle_s).max(0.0);
            self.learn_pause(idle_s / changes);
        }
    }

    /// First asked, first up: what is starting now, and how many `more` are ready, tell who came up.
    /// Those that are gone without having come up were cancelled, the latest first.
    fn follow(&mut self, sample: &Sample, starting: Jobs, more: Option<u32>) {
        let half_s = i64::from(sample.interval_s / 2);
        let known: u32 = self.starting.iter().map(|group| group.jobs).sum();
        let gone = known.saturating_sub(starting.0);
        let up = more.unwrap_or(gone).min(known);
        self.come_up(sample.end.plus(-half_s), up);
        let left = known - up;
        if starting.0 < left {
            self.cancel(left - starting.0);
        } else if starting.0 > left {
            self.ask(sample.end.plus(-half_s), starting.0 - left);
        }
    }

    /// Takes a sample of a pool of which nobody tells how many jobs work: the `ordered` ones do at first;
    /// those ordered later come up after `start_up_s`, and those given up go at once. Of such a pool only
    /// the pause of a change can be learned, as far as it stands still while a change is under way.
    pub(super) fn assume(
        &mut self,
        sample: &Sample,
        before: Option<&Sample>,
        work_s: f32,
        ordered: Jobs,
        start_up_s: f32,
    ) {
        let Some(was) = self.assumed else {
            self.starting.clear();
            (self.stalled, self.losses, self.moves) = (false, 0.0, Moves::default());
            self.assumed = Some(ordered);
            return;
        };
        let mut ready = was.0;
        while let Some(first) = self.starting.front()
            && sample.end.since(first.asked) as f32 >= start_up_s
        {
            ready = ready.saturating_add(first.jobs);
            let _ = self.starting.pop_front();
        }
        let ready = ready.min(ordered.0);
        let known: u32 = self.starting.iter().map(|group| group.jobs).sum();
        let missing = ordered.0 - ready;
        self.cancel(known.saturating_sub(missing));
        let begun = sample.end.plus(-i64::from(sample.interval_s));
        if missing > known {
            self.ask(begun, missing - known);
            self.moves.until = begun.plus((LATE_START * start_up_s) as i64);
        }
        let changed = ready.abs_diff(was.0);
        self.assumed = Some(Jobs(ready));
        let idle_s = before.and_then(|b| idle_s(sample, b, was.min(Jobs(ready)), work_s));
        self.learn_moves(sample.end, changed, idle_s);
    }

    /// Puts the time that the pool stood still down to the jobs that came and went meanwhile.
    fn learn_moves(&mut self, end: UnixSeconds, changed: u32, idle_s: Option<f32>) {
        self.moves.jobs = self.moves.jobs.saturating_add(changed);
        let moving = changed > 0 || end <= self.moves.until;
        match idle_s {
            Some(idle_s) if moving => {
                self.moves.idle_s += (idle_s - self.usual_idle_s).max(0.0);
                self.moves.told = true;
            }
            Some(idle_s) => self.usual_idle_s = idle_s,
            None => {}
        }
        if moving && self.moves.jobs < MOST_MOVES {
            return;
        }
        if self.moves.told && self.moves.jobs > 0 {
            self.learn_pause(self.moves.idle_s / self.moves.jobs as f32);
        }
        self.moves = Moves { until: self.moves.until, ..Moves::default() };
    }

    fn learn_pause(&mut self, pause_s: f32) {
        let pause_s = pause_s.min(LONGEST_PAUSE_S);
        let learned = self.pause_s.unwrap_or(pause_s);
        self.pause_s = Some(learned + PAUSE_WEIGHT * (pause_s - learned));
    }

    /// Jobs that should work by now, where nobody tells how many do.
    pub(super) fn assumed(&self) -> Option<Jobs> {
        self.assumed
    }

    fn ask(&mut self, asked: UnixSeconds, jobs: u32) {
        if self.starting.push_back(Group { asked, jobs }).is_err()
            && let Some(last) = self.starting.back_mut()
        {
            last.jobs = last.jobs.saturating_add(jobs);
        }
    }

    fn come_up(&mut self, at: UnixSeconds, mut up: u32) {
        while up > 0
            && let Some(first) = self.starting.front_mut()
        {
            let jobs = first.jobs.min(up);
            let took_s = at.since(first.asked) as f32;
            for _ in 0..jobs.min(8) {
                let keep = 1.0 - 1.0 / START_MEMORY;
                self.start_sum_s = self.start_sum_s * keep + took_s.max(0.0);
                self.starts = self.starts * keep + 1.0;
            }
            first.jobs -= jobs;
            up -= jobs;
            if first.jobs == 0 {
                let _ = self.starting.pop_front();
            }
        }
    }

    fn cancel(&mut self, mut cancelled: u32) {
        while cancelled > 0
            && let Some(last) = self.starting.back_mut()
        {
            let jobs = last.jobs.min(cancelled);
            last.jobs -= jobs;
            cancelled -= jobs;
            if last.jobs == 0 {
                let _ = self.starting.pop_back();
            }
        }
    }

    /// Mean seconds until a job works: as configured at first, then more and more as observed.
    #[must_use]
    pub fn start_up_s(&self, configured_s: f32) -> f32 {
        let sum_s = CONFIGURED_WORTH * configured_s + self.start_sum_s;
        sum_s / (CONFIGURED_WORTH + self.starts)
    }

    /// Whether half of the jobs on their way were asked for long ago: a bad release, a full cluster.
    pub(super) fn is_overdue(&self, now: UnixSeconds, configured_s: f32) -> bool {
        let patience_s = OVERDUE_STARTS * self.start_up_s(configured_s) + OVERDUE_S;
        let jobs = |late: bool| {
            let is_late = |group: &&Group| now.since(group.asked) as f32 > patience_s;
            self.starting.iter().filter(|g| is_late(g) == late).map(|g| g.jobs).sum::<u32>()
        };
        jobs(true) > 0 && jobs(true) >= jobs(false)
    }

    /// The jobs on their way, as of `now`.
    pub(super) fn coming(&self, now: UnixSeconds, start_up_s: f32) -> impl Iterator<Item = Coming> {
        self.starting.iter().map(move |group| Coming {
            in_s: start_up_s - now.since(group.asked) as f32,
            jobs: group.jobs as f32,
        })
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
        self.pause_s.unwrap_or(0.0)
    }
}

/// Seconds of the sample in which a pool of `ready` jobs stood still, judged by what it left undone;
/// `None` where that cannot be told.
fn idle_s(sample: &Sample, before: &Sample, ready: Jobs, work_s: f32) -> Option<f32> {
    let span_s = sample.interval_s as f32;
    let ready = ready.as_f32();
    if ready == 0.0 {
        // There is no pool that could stand still: its only job crashed, or none is up yet.
        return None;
    }
    let could = ready * span_s / work_s;
    let (waiting, arrivals) = (before.backlog_events.known()?, sample.arrivals_events.known()?);
    if waiting + arrivals > could {
        // Busy throughout, or stalled.
        let done = sample.processed_events.known()?;
        return Some((span_s * (1.0 - done / could.max(1.0))).clamp(0.0, span_s));
    }
    if waiting * work_s > ready || arrivals <= 0.0 {
        return None;
    }
    // A pause of p seconds leaves a backlog that grows to rate x p and drains at what is spare:
    // its area over time is rate p^2 / 2 / (1 - utilisation).
    let (rate, spare) = (arrivals / span_s, 1.0 - arrivals / could);
    let area = sample.queued_events.known()? * span_s;
    Some(libm::sqrtf(2.0 * area * spare / rate).min(span_s))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::RawSample;

    /// A 30 s sample of a pool that is offered 100 events/s of 0.1 s.
    fn sample(k: u32, jobs: (u32, u32), processed: f64, backlog: f64, queued: f64) -> Sample {
        RawSample {
            time: f64::from(30 * k),
            interval_s: 30.0,
            logged_events: Some(3000.0),
            processed_events: Some(processed),
            unprocessed_events: Some(backlog),
            queued_events: Some(queued),
            avg_processing_ms: Some(100.0),
            jobs_ready: Some(f64::from(jobs.0)),
            jobs_starting: Some(f64::from(jobs.1)),
        }
        .gate()
        .unwrap()
        .sample
    }

    fn after(samples: &[Sample]) -> PoolObserver {
        let mut pool = PoolObserver::default();
        let mut before = None;
        for sample in samples {
            pool.push(sample, before, 0.1, None);
            before = Some(sample);
        }
        pool
    }

    #[test]
    fn the_pause_of_a_change_is_learned_from_the_backlog_that_it_leaves() {
        // 8 s at 100/s leave 800 events, which 5 spare jobs drain in 16 s: mean backlog 320.
        let calm = |k| sample(k, (15, 0), 3000.0, 0.0, 0.0);
        let learned = after(&[calm(1), calm(2), sample(3, (16, 0), 3000.0, 0.0, 320.0)]).pause_s();
        assert!((learned - 8.0).abs() < 0.5, "{learned}");
        assert_eq!(after(&[calm(1), calm(2)]).pause_s(), 0.0);
        assert_eq!(after(&[calm(1), sample(2, (16, 0), 3000.0, 0.0, 0.0)]).pause_s(), 0.0);
    }

    #[test]
    fn a_pool_that_works_far_below_its_capacity_is_stalled() {
        let first = sample(1, (10, 0), 2900.0, 3000.0, 2000.0);
        assert!(!after(&[first, sample(2, (10, 0), 2950.0, 9000.0, 6000.0)]).is_stalled());
        assert!(after(&[first, sample(2, (10, 0), 600.0, 9000.0, 6000.0)]).is_stalled());
        // A change explains a pause.
        assert!(!after(&[first, sample(2, (11, 0), 600.0, 9000.0, 6000.0)]).is_stalled());
    }

    #[test]
    fn jobs_that_go_by_themselves_again_and_again_are_a_crash_loop() {
        let crashing = |ready: [u32; 6], ordered: [u32; 6]| {
            let (mut pool, mut before) = (PoolObserver::default(), None);
            for (k, (ready, ordered)) in (1..).zip(ready.into_iter().zip(ordered)) {
                let sample = sample(k, (ready, 0), 3000.0, 0.0, 0.0);
                pool.push(&sample, before.as_ref(), 0.1, Some(Jobs(ordered)));
                before = Some(sample);
            }
            pool.is_crashing()
        };
        assert!(crashing([10, 8, 10, 8, 10, 8], [10; 6]));
        assert!(!crashing([10, 9, 10, 10, 10, 10], [10; 6]));
        // Fewer were asked for.
        assert!(!crashing([10, 8, 6, 4, 2, 1], [8, 6, 4, 2, 1, 1]));
    }

    #[test]
    fn a_pool_without_a_job_neither_pauses_nor_stalls() {
        let calm = sample(1, (1, 0), 300.0, 0.0, 0.0);
        let crashed =
            [sample(2, (0, 1), 0.0, 3000.0, 1500.0), sample(3, (0, 1), 0.0, 6000.0, 4500.0)];
        let pool = after(&[calm, crashed[0], crashed[1]]);
        assert_eq!(pool.pause_s(), 0.0);
        assert!(!pool.is_stalled());
    }

    #[test]
    fn starting_jobs_are_followed_until_they_are_up() {
        let at = |k, jobs| sample(k, jobs, 3000.0, 0.0, 0.0);
        let mut samples = vec![at(1, (10, 0)), at(2, (10, 3)), at(3, (10, 5)), at(4, (12, 3))];
        let pool = after(&samples);
        let coming: Vec<_> = pool.coming(UnixSeconds(120), 90.0).collect();
        // Asked in the middle of the second sample's and of the third's interval.
        let (first, second) = (Coming { in_s: 15.0, jobs: 1.0 }, Coming { in_s: 45.0, jobs: 2.0 });
        assert_eq!(coming, [first, second]);
        // They took a minute each; the setting says 90 s and is worth ten of them.
        assert!((pool.start_up_s(90.0) - 85.0).abs() < 0.1, "{}", pool.start_up_s(90.0));
        samples.push(at(5, (15, 0)));
        assert_eq!(after(&samples).coming(UnixSeconds(150), 90.0).count(), 0);
    }

    #[test]
    fn jobs_that_never_come_up_are_overdue() {
        let mut pool = PoolObserver::default();
        let mut before = None;
        let mut overdue = Vec::new();
        for k in 1..12 {
            let now = sample(k, (10, 0), 3000.0, 0.0, 0.0);
            // Four more are ordered from the second sample on; what is said of starting does not matter.
            pool.push(&now, before.as_ref(), 0.1, Some(Jobs(if k > 2 { 14 } else { 10 })));
            overdue.push(pool.is_overdue(now.end, 60.0));
            before = Some(now);
        }
        // Ordered at 75 s, expected at 135 s, given up after two start-ups and a sample.
        assert_eq!(overdue.iter().position(|o| *o), Some(7), "{overdue:?}");
        let up = sample(12, (14, 0), 3000.0, 0.0, 0.0);
        pool.push(&up, before.as_ref(), 0.1, Some(Jobs(14)));
        assert!(!pool.is_overdue(up.end, 60.0));
        assert!(pool.start_up_s(60.0) > 100.0);
    }

    #[test]
    fn jobs_of_which_nobody_tells_come_up_as_is_usual() {
        let mut pool = PoolObserver::default();
        let orders = [10, 14, 14, 14, 8, 9];
        let assumed = orders.iter().zip(1..).map(|(ordered, k)| {
            pool.assume(&sample(k, (0, 0), 0.0, 0.0, 0.0), None, 0.1, Jobs(*ordered), 60.0);
            let coming: f32 = pool.coming(UnixSeconds(0), 60.0).map(|coming| coming.jobs).sum();
            (pool.assumed().unwrap().0, coming)
        });
        let assumed: Vec<_> = assumed.collect();
        assert_eq!(assumed, [(10, 0.0), (10, 4.0), (14, 0.0), (14, 0.0), (8, 0.0), (8, 1.0)]);
    }

    #[test]
    fn a_pause_is_learned_of_a_pool_of_which_nobody_tells() {
        // 10 jobs in full work, one more each eighth sample, and 8 s of standstill when it comes up.
        let learned = |pause_s: f64| {
            let mut pool = PoolObserver::default();
            let mut before = None;
            for k in 1..400 {
                let ordered = 10 + u32::from(k % 16 >= 8);
                let changes = k > 8 && matches!(k % 16, 0 | 10);
                let still_s = if changes { pause_s } else { 0.0 };
                let now = sample(k, (0, 0), 3000.0 - 100.0 * still_s, 5000.0, 5000.0);
                pool.assume(&now, before.as_ref(), 0.1, Jobs(ordered), 60.0);
                before = Some(now);
            }
            pool.pause_s()
        };
        // The eleventh job finds no more to do, which is no pause that anybody would avoid.
        let [free, dear] = [learned(0.0), learned(8.0)];
        assert!((5.0..10.0).contains(&dear) && free < 2.0, "{free} {dear}");
    }

    #[test]
    fn orders_that_were_taken_back_did_not_come_up() {
        let mut pool = PoolObserver::default();
        let [a, b, c] = [1, 2, 3].map(|k| sample(k, (10, 0), 3000.0, 0.0, 0.0));
        pool.push(&a, None, 0.1, Some(Jobs(10)));
        pool.push(&b, Some(&a), 0.1, Some(Jobs(20)));
        pool.push(&c, Some(&b), 0.1, Some(Jobs(10)));
        assert_eq!(pool.coming(c.end, 60.0).count(), 0);
        assert_eq!(pool.start_up_s(60.0), 60.0);
    }
}
