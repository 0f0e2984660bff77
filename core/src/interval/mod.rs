//! Gathers samples of any cadence into the model's intervals (2 minutes by default).
//!
//! Intervals lie on the grid of the epoch: their ends are whole multiples of the length. What
//! crosses a border is split in proportion to time; an interval of which less than half was
//! observed is *missing*, never zero.

mod gatherer;
mod length;
mod open;

pub use gatherer::{Gatherer, TimeError};
pub use length::{IntervalLength, IntervalLengthError};
pub use open::OpenInterval;

use crate::units::UnixSeconds;
use serde::{Deserialize, Serialize};

/// What happened in one model interval. `None` means not observed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// End of the interval, a whole multiple of its length.
    pub end: UnixSeconds,
    /// Events that arrived.
    pub arrivals_events: Option<f32>,
    /// Events that were finished.
    pub processed_events: Option<f32>,
    /// Backlog at the end (last one observed).
    pub backlog_events: Option<f32>,
    /// Mean backlog.
    pub queued_events: Option<f32>,
    /// Mean work of one event on one job in milliseconds, weighted by events processed.
    pub work_ms: Option<f32>,
    /// Mean number of jobs that worked.
    pub jobs_ready: Option<f32>,
}

impl Interval {
    /// An interval in which nothing was observed.
    #[must_use]
    pub fn missing(end: UnixSeconds) -> Self {
        Self { end, ..Self::default() }
    }
}
