//! The score of a pool.

use super::pool::Waits;
use scaleiq_core::units::DAY_S;
use serde::{Deserialize, Serialize};

/// How well a policy did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// Share of the events that began no later than the world's `sla_s`; 1 if there were none.
    pub sla: f64,
    /// Job time paid over the job time that a pool with perfect knowledge would need.
    pub cost_over_ideal: f64,
    /// Job-hours paid, from the moment a job is asked for.
    pub job_hours: f64,
    /// Changes of the wanted number of jobs, per day.
    pub actions_per_day: f64,
    /// Wait that 99 % of the events did not exceed, in seconds.
    pub p99_wait_s: u32,
    /// Largest backlog at the end of any step.
    pub max_backlog_events: f64,
    /// Events that began, and those that still wait, which count with the wait they have so far.
    pub events: f64,
}

/// The sums that a [`Score`] is made of.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    pub(super) waits: Waits,
    pub(super) paid_job_s: f64,
    pub(super) ideal_job_s: f64,
    pub(super) actions: u64,
    pub(super) max_backlog_events: f64,
}

impl Tally {
    /// The score after so many seconds.
    pub(super) fn score(&self, scored_s: f64) -> Score {
        let events = self.waits.total_events();
        // Two sums of the same events differ in their crumbs; a share must not leave 0..=1.
        let late_share = self.waits.late_events().min(events) / events;
        Score {
            sla: if events > 0.0 { 1.0 - late_share } else { 1.0 },
            cost_over_ideal: self.paid_job_s / self.ideal_job_s.max(1e-9),
            job_hours: self.paid_job_s / 3600.0,
            actions_per_day: self.actions as f64 * f64::from(DAY_S) / scored_s,
            p99_wait_s: self.waits.quantile_s(0.99),
            max_backlog_events: self.max_backlog_events,
            events,
        }
    }

    /// Adds the sums of `other`.
    pub(super) fn merge(&mut self, other: &Self) {
        self.waits.merge(&other.waits);
        self.paid_job_s += other.paid_job_s;
        self.ideal_job_s += other.ideal_job_s;
        self.actions += other.actions;
        self.max_backlog_events = self.max_backlog_events.max(other.max_backlog_events);
    }
}
