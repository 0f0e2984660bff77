//! The backlog at lead time, if nothing is done but what is on its way.

use super::pool::PoolObserver;
use super::rebalance::standstill_s;
use crate::settings::Settings;
use crate::units::{Jobs, UnixSeconds};

/// Steps in which the backlog is projected to lead time.
const PROJECTION_STEPS: usize = 8;
/// A job that is late already comes within this.
const ANY_MOMENT_S: f32 = 10.0;

/// What the backlog is projected from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Start<'a> {
    /// The present.
    pub(super) at: UnixSeconds,
    /// Jobs that work, and what is known of those on their way.
    pub(super) ready: Jobs,
    pub(super) pool: &'a PoolObserver,
    /// Mean seconds until a job works.
    pub(super) start_up_s: f32,
    /// Start-up times after which jobs on their way are expected.
    pub(super) coming_late: f32,
    /// Seconds of one job's work that wait.
    pub(super) backlog_s: f32,
}

impl Start<'_> {
    /// The backlog at lead time, in seconds of one job's work, if `need` jobs are kept busy when a part of
    /// that time has passed.
    pub(super) fn project(&self, need: impl Fn(f32) -> f32) -> f32 {
        let lead_s = Settings::lead_s(self.start_up_s);
        let coming = || self.pool.coming(self.at, self.coming_late * self.start_up_s);
        let step_s = lead_s / PROJECTION_STEPS as f32;
        let mut backlog_s = self.backlog_s;
        for step in 0..PROJECTION_STEPS {
            let at_s = (step as f32 + 0.5) * step_s;
            // A job that is late already comes any moment.
            let up = coming().filter(|c| c.in_s.max(ANY_MOMENT_S) < at_s).map(|c| c.jobs);
            let jobs = self.ready.as_f32() + up.sum::<f32>();
            backlog_s = (backlog_s + (need(at_s / lead_s) - jobs) * step_s).max(0.0);
        }
        let pause_s = self.pool.pause_s();
        let still_s: f32 = coming().map(|c| standstill_s(c.jobs, pause_s, self.start_up_s)).sum();
        backlog_s + still_s.min(lead_s) * self.ready.as_f32()
    }
}
