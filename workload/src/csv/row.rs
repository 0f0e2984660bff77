//! A row of a file as values.

use scaleiq_core::forecast::Plan;
use std::ops::Add;

/// One row.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Row {
    /// Its line, the first is 1.
    pub(super) line: u64,
    /// Milliseconds since 1970.
    pub(super) time_ms: i64,
    /// Index into the labels of [`Rows`](super::rows::Rows).
    pub(super) series: u32,
    pub(super) arrivals: Option<f64>,
    pub(super) processed: Option<f32>,
    pub(super) backlog: Option<f32>,
    pub(super) queued: Option<f32>,
    pub(super) work_ms: Option<f32>,
    pub(super) plan: Plan,
}

impl Row {
    /// Two rows of one time and series as one: counts are summed, what is known of one alone stands.
    pub(super) fn and(self, other: Row) -> Row {
        Row {
            arrivals: sum(self.arrivals, other.arrivals),
            processed: sum(self.processed, other.processed),
            backlog: sum(self.backlog, other.backlog),
            queued: sum(self.queued, other.queued),
            work_ms: self.work_ms.or(other.work_ms),
            plan: std::array::from_fn(|kind| self.plan[kind].max(other.plan[kind])),
            ..self
        }
    }
}

fn sum<N: Add<Output = N>>(a: Option<N>, b: Option<N>) -> Option<N> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a + b),
        (a, b) => a.or(b),
    }
}
