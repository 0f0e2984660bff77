//! What burdens a pool beside its world.

use super::FaultKind::{
    BadRelease, Ceiling, Contention, CrashLoop, PendingPods, Poison, SlowStarts,
};
use super::episode::Episode;
use super::readings::poisoned_jobs;
use crate::sim::STEP_S;

/// Mean seconds until a job crashes in [`CrashLoop`].
const CRASH_LOOP_S: f64 = 180.0;
/// Median start-up time in [`SlowStarts`].
const SLOW_START_S: f32 = 900.0;

/// What burdens a pool during a tick. The default is nothing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::sim) struct Conditions {
    /// Probability that a ready job crashes in a step, beside what the world does.
    pub(in crate::sim) crash_probability: f64,
    /// No job comes up while so many are ready.
    pub(in crate::sim) room_jobs: u32,
    /// Jobs asked for take at least so long to start (median).
    pub(in crate::sim) start_median_s: f32,
    /// So many jobs at most work at once.
    pub(in crate::sim) max_working: f64,
    /// Share by which each ready job lengthens the work of every event.
    pub(in crate::sim) contention: f64,
    /// Ready jobs that get nothing done.
    pub(in crate::sim) stuck_jobs: u32,
}

impl Default for Conditions {
    fn default() -> Self {
        Self {
            crash_probability: 0.0,
            room_jobs: u32::MAX,
            start_median_s: 0.0,
            max_working: f64::INFINITY,
            contention: 0.0,
            stuck_jobs: 0,
        }
    }
}

impl Conditions {
    /// What these faults do to a pool in the tick that begins with `step`.
    pub(super) fn under(episodes: &[Episode], step: u32) -> Self {
        let mut now = Self::default();
        for episode in episodes {
            let need = episode.need_jobs.max(1.0);
            match episode.kind {
                CrashLoop => now.crash_probability = f64::from(STEP_S) / CRASH_LOOP_S,
                BadRelease => {
                    now.room_jobs = 0;
                    if episode.begin == step {
                        now.crash_probability = 1.0;
                    }
                }
                PendingPods => {
                    let room = libm::ceil(need * episode.between(1.1, 1.6)) as u32;
                    now.room_jobs = now.room_jobs.min(room);
                }
                SlowStarts => now.start_median_s = SLOW_START_S,
                Ceiling => now.max_working = libm::ceil(need * episode.between(0.7, 1.1)),
                Contention => now.contention = episode.between(0.1, 0.5) / need,
                Poison => now.stuck_jobs = poisoned_jobs(episode),
                _ => {}
            }
        }
        now
    }

    /// How many jobs' worth of work `ready` jobs get done.
    pub(in crate::sim) fn working(&self, ready: u32) -> f64 {
        f64::from(ready.saturating_sub(self.stuck_jobs)).min(self.max_working)
    }

    /// By how much work on an event is longer with `ready` jobs.
    pub(in crate::sim) fn slowdown(&self, ready: u32) -> f64 {
        1.0 + self.contention * f64::from(ready)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::faults::FaultKind;

    fn under(kind: FaultKind, step: u32) -> Conditions {
        let episode = Episode { kind, begin: 6, end: 600, severity: 1.0, need_jobs: 10.0 };
        Conditions::under(&[episode], step)
    }

    #[test]
    fn a_bad_release_crashes_everything_once_and_nothing_comes_up() {
        let [first, later] = [6, 12].map(|step| under(BadRelease, step));
        assert_eq!((first.crash_probability, later.crash_probability), (1.0, 0.0));
        assert_eq!((first.room_jobs, later.room_jobs), (0, 0));
    }

    #[test]
    fn more_jobs_do_not_always_help() {
        let ceiling = under(Ceiling, 12);
        assert_eq!([5, 11, 100].map(|ready| ceiling.working(ready)), [5.0, 11.0, 11.0]);
        assert_eq!(under(Contention, 12).slowdown(10), 1.5);
        assert_eq!([1, 12].map(|ready| under(Poison, 12).working(ready)), [0.0, 10.0]);
        assert_eq!(Conditions::under(&[], 12), Conditions::default());
    }
}
