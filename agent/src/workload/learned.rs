//! What is measured of a pool, in the place of what was configured.

use scaleiq_core::estimation::Estimate;
use scaleiq_core::units::Jobs;
use serde::Serialize;

/// What is measured of a pool from what happens in it. What is configured is the first guess, from which
/// each of these begins.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Learned {
    /// Mean work of one event on one job, in milliseconds,
    pub work_ms: f32,
    /// and so events per second that one job can do.
    pub events_per_job_second: f32,
    /// Median seconds until a job works.
    pub start_up_s: f32,
    /// Seconds for which a change stops the pool, such as a rebalance of a consumer group; 0 where it
    /// does not.
    pub pause_s: f32,
    /// More jobs than these were seen to do no more work; `None` where no such limit was met.
    pub useful_jobs: Option<Jobs>,
}

impl From<&Estimate> for Learned {
    fn from(estimate: &Estimate) -> Self {
        Self {
            work_ms: 1000.0 * estimate.work_s,
            events_per_job_second: 1.0 / estimate.work_s,
            start_up_s: estimate.start_up_s,
            pause_s: estimate.pause_s,
            useful_jobs: estimate.max_jobs,
        }
    }
}
