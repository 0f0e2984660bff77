//! Pools that are followed while samples come in: the real one, and one that is only thought of.
//!
//! ```text
//! real samples -+-> MeasuredPool: what the real pool did, estimated from what it reports
//!               +-> VirtualPool:  what another one makes of the same arrivals and work
//! ```
//!
//! Both keep the simulator's books: the same jobs, the same queue and the same score, so that what is
//! told of them can be held against each other, and against a simulation of the same arrivals.

mod account;
mod days;
mod measured;
mod queue;
mod virtual_pool;

pub use account::{Standing, Totals};
pub use days::Days;
pub use measured::MeasuredPool;
pub use virtual_pool::VirtualPool;

use super::STEP_S;
use scaleiq_core::sample::Sample;
use scaleiq_core::units::UnixSeconds;

/// The part of a sample that no sample before it has told of, in steps of equal length.
#[derive(Clone, Copy, Debug)]
struct Span {
    begin: UnixSeconds,
    seconds: f64,
    steps: u32,
    /// Share of the sample's counts that belongs to it.
    part: f64,
}

impl Span {
    /// Of a sample that follows the one that ended at `last`.
    fn new(sample: &Sample, last: UnixSeconds) -> Self {
        let new_s = sample.end.since(last).clamp(0, i64::from(sample.interval_s));
        let seconds = new_s as f64;
        Self {
            begin: sample.end.plus(-new_s),
            seconds,
            steps: (new_s as u32).div_ceil(STEP_S).max(1),
            part: seconds / f64::from(sample.interval_s),
        }
    }

    /// Length of a step in seconds, no more than the simulator's.
    fn step_s(&self) -> f64 {
        self.seconds / f64::from(self.steps)
    }
}
