//! The surroundings of a pool: how jobs start and fail, and what counts as late.

use super::STEP_S;
use serde::{Deserialize, Serialize};

/// What a pool of jobs lives in. Any values are allowed: a negative or NaN time means no delay, no
/// crashes, so that a randomised world can never stop a training run.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct World {
    /// Median seconds from asking for a job until it works.
    pub start_median_s: f32,
    /// Spread of that time: standard deviation of its logarithm.
    pub start_sigma: f32,
    /// Seconds for which all jobs stand still when the set of working jobs changes (a rebalance).
    pub pause_s: u32,
    /// Mean hours between two crashes of one job; 0 means that jobs never crash.
    pub mtbf_h: f32,
    /// Longest wait, in whole seconds, after which an event still begins in time.
    pub sla_s: u32,
    /// Probability that a tick's sample is lost on its way to the policy.
    pub missing_sample_probability: f32,
}

impl World {
    /// Names of the built-in worlds, for [`World::named`].
    pub const NAMES: [&'static str; 4] = ["queue", "kafka", "slow", "node"];

    /// Workers on a plain queue: up within a minute, no pause.
    #[must_use]
    pub const fn queue() -> Self {
        Self {
            start_median_s: 60.0,
            start_sigma: 0.3,
            pause_s: 0,
            mtbf_h: 168.0,
            sla_s: 60,
            missing_sample_probability: 0.0,
        }
    }

    /// A consumer group: as [`World::queue`], but every change of the group stops it for 8 s.
    #[must_use]
    pub const fn kafka() -> Self {
        Self { pause_s: 8, ..Self::queue() }
    }

    /// Heavy workers that take four minutes to start (images, models, nodes).
    #[must_use]
    pub const fn slow() -> Self {
        Self { start_median_s: 240.0, ..Self::queue() }
    }

    /// Workers that need a new machine first, which takes 12 minutes; events may wait for two.
    #[must_use]
    pub const fn node() -> Self {
        Self { start_median_s: 720.0, sla_s: 120, ..Self::queue() }
    }

    /// The built-in world of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "queue" => Some(Self::queue()),
            "kafka" => Some(Self::kafka()),
            "slow" => Some(Self::slow()),
            "node" => Some(Self::node()),
            _ => None,
        }
    }

    /// Probability that one job crashes within one step.
    pub(super) fn crash_probability(&self) -> f64 {
        let p = f64::from(STEP_S) / (f64::from(self.mtbf_h) * 3600.0);
        // Also maps the infinity of a zero `mtbf_h` to "never"; no job could live in it otherwise.
        if p.is_finite() && p > 0.0 { p.min(1.0) } else { 0.0 }
    }

    /// Steps that a pause lasts, counted from the step in which it begins.
    pub(super) fn pause_steps(&self) -> u32 {
        self.pause_s.div_ceil(STEP_S)
    }
}
