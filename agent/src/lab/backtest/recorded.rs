//! How it went in fact, where the file tells of its backlog.

use scaleiq_core::sample::{Reading, Sample};
use scaleiq_core::units::UnixSeconds;
use scaleiq_workload::Series;
use scaleiq_workload::sim::live::MeasuredPool;
use serde::Serialize;

/// How it went in fact, estimated from arrivals and backlog. What it cost is not in the file.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct AsRecorded {
    /// Share of events that began in time.
    pub sla: f64,
    /// Events that did not.
    pub late_events: f64,
    /// Largest backlog.
    pub max_backlog_events: f64,
}

impl AsRecorded {
    /// From `series`, beginning at `begin`; `None` if it tells of no backlog.
    #[must_use]
    pub fn of(series: &Series, begin: UnixSeconds, sla_s: u32) -> Option<Self> {
        let rows = || series.rows.iter().filter(|row| row.end > begin);
        rows().find(|row| row.backlog_events.is_some_and(|backlog| backlog > 0.0))?;
        let mut pool = MeasuredPool::new(sla_s as f32);
        let known = |value: Option<f32>| value.map_or(Reading::Missing, Reading::Known);
        let mut max_backlog_events = 0.0_f32;
        for row in rows() {
            let sample = Sample {
                end: row.end,
                interval_s: series.length_s,
                arrivals_events: known(row.arrivals_events),
                processed_events: known(row.processed_events),
                backlog_events: known(row.backlog_events),
                queued_events: known(row.queued_events),
                work_ms: known(row.work_ms),
                jobs_ready: None,
                jobs_starting: None,
            };
            pool.push(&sample, row.work_ms.unwrap_or(0.0) / 1000.0);
            max_backlog_events = max_backlog_events.max(row.backlog_events.unwrap_or(0.0));
        }
        let totals = pool.totals();
        (totals.events > 0.0).then(|| Self {
            sla: 1.0 - (totals.late_events / totals.events).clamp(0.0, 1.0),
            late_events: totals.late_events.round(),
            max_backlog_events: f64::from(max_backlog_events),
        })
    }
}
