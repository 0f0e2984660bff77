//! A row of a file as values.

use scaleiq_core::forecast::Plan;

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
