//! How many jobs are required, so that nobody waits longer than the SLA allows: the number that the
//! Q-network's multipliers are applied to, and a policy of its own.
//!
//! A queue may wait a little, so a pool need not follow each peak: it must only keep the wait below
//! the SLA until the next decision takes effect. With a backlog `b` at lead time (in seconds of one
//! job's work), needs `m` from then on and `N` jobs, the wait after `t` seconds is about
//! `(b + m t) / N - t`. Two limits are put on it (a model predictive controller with one step, as in
//! inventory control: Porteus, Foundations of Stochastic Inventory Theory):
//!
//! - on the median path it should be a small part of the SLA when a catch-up time has passed, so the
//!   pool runs at nearly 100 % and drains what has gathered;
//! - on the high path, which the SLA budget sets, it must stay below the SLA for a while.
//!
//! A pool is let shrink only as far as it bears what comes before lead time as well: until then no other
//! jobs can be had. And those that are asked for come one after the other, so what comes until the last
//! are up counts as lead time does.
//!
//! Where each change stops the pool for a while (a consumer group's rebalance), the pool keeps room
//! to spare, looks farther ahead, grows by few jobs at a time while it can, and only once these are
//! up.

mod cheap;
mod costly;
mod required;
mod sizes;

pub use sizes::Plan;

use crate::estimation::Estimate;
use crate::parameters::PlannerParams;
use crate::settings::Settings;
use crate::units::Jobs;
use sizes::whole;

impl Plan {
    /// The plan for a estimate.
    #[must_use]
    pub fn new(s: &Estimate, settings: &Settings) -> Self {
        if s.idle {
            return Self { least: 0.0, goal: 0.0, kept: 0.0, most: 0.0 };
        }
        if s.changes_are_costly() { costly::plan(s, settings) } else { cheap::plan(s, settings) }
    }

    /// The jobs that the plan, multiplied, asks for.
    #[must_use]
    pub fn jobs(&self, multiplier: f32, s: &Estimate, settings: &Settings) -> Jobs {
        let [least, goal, kept, most] =
            [self.least, self.goal, self.kept, self.most].map(|x| x * multiplier);
        let have = s.current_jobs();
        let jobs = if have < whole(least) {
            if s.changes_are_costly() {
                costly::grow(goal, multiplier, s, settings)
            } else {
                whole(goal)
            }
        } else if have > whole(most) && !(s.changes_are_costly() && s.starting.0 > 0) {
            whole(kept)
        } else {
            have
        };
        // Only an idle pool goes without a job.
        jobs.max(Jobs(u32::from(!s.idle)))
    }
}

/// Seconds for which the high path is looked at: the SLA's, or until the next decision, which comes with
/// the next sample.
pub(super) fn look_s(s: &Estimate, settings: &Settings) -> f32 {
    let PlannerParams { cheap, costly } = &settings.parameters.planner;
    let longest_s =
        if s.changes_are_costly() { costly.longest_tick_s } else { cheap.longest_tick_s };
    settings.sla_s.max(s.sample_s.min(longest_s))
}

#[cfg(test)]
mod tests;
