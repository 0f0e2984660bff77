//! Which jobs are on their way, and how long jobs take to start.

use crate::learned::learned;
use crate::units::{Jobs, UnixSeconds};
use heapless::Deque;

/// Groups of starting jobs that are told apart.
const GROUPS: usize = 16;
/// Starts that the configured start-up time is worth.
const CONFIGURED_WORTH: f32 = 10.0;
/// Starts after which an observed one counts half.
const START_MEMORY: f32 = 200.0;
/// Jobs that come up together count as so many starts at most: they are no more than one piece of news.
const MAX_STARTS: u32 = 8;
/// Jobs that have not come up for so many usual start-up times are overdue: start-up times differ by a
/// factor of e^0.3, so this is more than two standard deviations.
const OVERDUE_STARTS: f32 = 2.0;
/// ... and a sample.
const OVERDUE_S: f32 = 30.0;

/// Jobs that were asked for together.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Group {
    asked: UnixSeconds,
    jobs: u32,
}
learned!(Group { asked, jobs });

/// Jobs on their way.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::estimation) struct Coming {
    /// Seconds until they are expected to work.
    pub(in crate::estimation) in_s: f32,
    /// How many.
    pub(in crate::estimation) jobs: f32,
}

/// The jobs on their way, first asked first.
#[derive(Clone, Debug, Default)]
pub(super) struct Starts {
    groups: Deque<Group, GROUPS>,
    sum_s: f32,
    seen: f32,
    /// Jobs that were asked for by then take as long as an outage does, which is no start-up time.
    outage: UnixSeconds,
}
learned!(Starts { groups, sum_s, seen, outage });

impl Starts {
    /// Jobs on their way.
    pub(super) fn jobs(&self) -> u32 {
        self.groups.iter().map(|group| group.jobs).sum()
    }

    /// Forgets the jobs on their way, and keeps how long jobs take.
    pub(super) fn clear(&mut self) {
        self.groups.clear();
    }

    /// Jobs crash at `at`.
    pub(super) fn crash(&mut self, at: UnixSeconds) {
        self.outage = at;
    }

    /// First asked, first up: `starting` and how many `more` are ready tell who came up by `at`. Those that
    /// are gone without having come up were cancelled, the latest first.
    pub(super) fn follow(&mut self, at: UnixSeconds, starting: Jobs, more: Option<u32>) {
        let known = self.jobs();
        let gone = known.saturating_sub(starting.0);
        let up = more.unwrap_or(gone).min(known);
        self.come_up(at, up);
        let left = known - up;
        if starting.0 < left {
            self.cancel(left - starting.0);
        } else if starting.0 > left {
            self.ask(at, starting.0 - left);
        }
    }

    /// Takes out the jobs that were asked for `start_up_s` ago or before, and counts them.
    pub(super) fn due(&mut self, now: UnixSeconds, start_up_s: f32) -> u32 {
        let mut due: u32 = 0;
        while let Some(first) = self.groups.front()
            && now.since(first.asked) as f32 >= start_up_s
        {
            due = due.saturating_add(first.jobs);
            let _ = self.groups.pop_front();
        }
        due
    }

    /// So many jobs were asked for at `asked`.
    pub(super) fn ask(&mut self, asked: UnixSeconds, jobs: u32) {
        if self.groups.push_back(Group { asked, jobs }).is_err()
            && let Some(last) = self.groups.back_mut()
        {
            last.jobs = last.jobs.saturating_add(jobs);
        }
    }

    fn come_up(&mut self, at: UnixSeconds, mut up: u32) {
        while up > 0
            && let Some(first) = self.groups.front_mut()
        {
            let jobs = first.jobs.min(up);
            let took_s = at.since(first.asked) as f32;
            let taught = if first.asked > self.outage { jobs.min(MAX_STARTS) } else { 0 };
            for _ in 0..taught {
                let keep = 1.0 - 1.0 / START_MEMORY;
                self.sum_s = self.sum_s * keep + took_s.max(0.0);
                self.seen = self.seen * keep + 1.0;
            }
            first.jobs -= jobs;
            up -= jobs;
            if first.jobs == 0 {
                let _ = self.groups.pop_front();
            }
        }
    }

    /// So many jobs, the latest first, are not wanted any more.
    pub(super) fn cancel(&mut self, mut cancelled: u32) {
        while cancelled > 0
            && let Some(last) = self.groups.back_mut()
        {
            let jobs = last.jobs.min(cancelled);
            last.jobs -= jobs;
            cancelled -= jobs;
            if last.jobs == 0 {
                let _ = self.groups.pop_back();
            }
        }
    }

    /// Mean seconds until a job works: as configured at first, then more and more as observed.
    pub(super) fn start_up_s(&self, configured_s: f32) -> f32 {
        let sum_s = CONFIGURED_WORTH * configured_s + self.sum_s;
        sum_s / (CONFIGURED_WORTH + self.seen)
    }

    /// Whether half of the jobs on their way were asked for long ago: a bad release, a full cluster.
    pub(super) fn is_overdue(&self, now: UnixSeconds, configured_s: f32) -> bool {
        let time_limit_s = OVERDUE_STARTS * self.start_up_s(configured_s) + OVERDUE_S;
        let jobs = |late: bool| {
            let is_late = |group: &&Group| now.since(group.asked) as f32 > time_limit_s;
            self.groups.iter().filter(|g| is_late(g) == late).map(|g| g.jobs).sum::<u32>()
        };
        jobs(true) > 0 && jobs(true) >= jobs(false)
    }

    /// The jobs on their way, as of `now`.
    pub(super) fn coming(&self, now: UnixSeconds, start_up_s: f32) -> impl Iterator<Item = Coming> {
        self.groups.iter().map(move |group| Coming {
            in_s: start_up_s - now.since(group.asked) as f32,
            jobs: group.jobs as f32,
        })
    }
}
