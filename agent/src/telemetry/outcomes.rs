//! What became of decisions, at the actuator and in the journal, for Prometheus.

use super::kinds::Labels;
use super::known::Known;
use crate::journal::Carried;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};
use scaleiq_core::units::{Jobs, UnixSeconds};
use std::sync::{Arc, Mutex, PoisonError};

/// What becomes of a record.
const RECORDED: [&str; 2] = ["done", "failed"];

/// What became of a decision at the actuator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActuationResult {
    /// Carried out.
    Done,
    /// It failed.
    Failed,
    /// Shadow mode or a dry run: it would have been carried out.
    Withheld,
    /// Stdout is blocked, and a newer one took its place.
    Superseded,
    /// Fewer jobs, and the journal could not be written: not carried out (promise J-1).
    Unrecorded,
}

impl ActuationResult {
    const ALL: [Self; 5] =
        [Self::Done, Self::Failed, Self::Withheld, Self::Superseded, Self::Unrecorded];

    fn word(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Withheld => "withheld",
            Self::Superseded => "superseded",
            Self::Unrecorded => "unrecorded",
        }
    }
}

/// What became of decisions.
#[derive(Clone, Debug)]
pub(super) struct OutcomeMetrics {
    actuations: Family<Labels<1>, Counter>,
    failures_in_a_row: Gauge,
    actuation_s: Histogram,
    error: Arc<Mutex<Option<(UnixSeconds, String)>>>,
    jobs_applied: Known<i64>,
    applied_id: Known<i64>,
    recorded: Family<Labels<1>, Counter>,
    journal_failing: Gauge,
    journal_bytes: Known<i64>,
}

impl Default for OutcomeMetrics {
    fn default() -> Self {
        Self {
            actuations: Family::default(),
            failures_in_a_row: Gauge::default(),
            // From 5 ms to more than a minute.
            actuation_s: Histogram::new(exponential_buckets(0.005, 2.0, 15)),
            error: Arc::default(),
            jobs_applied: Known::default(),
            applied_id: Known::default(),
            recorded: Family::default(),
            journal_failing: Gauge::default(),
            journal_bytes: Known::default(),
        }
    }
}

impl OutcomeMetrics {
    /// Registers them.
    pub(super) fn register(&self, r: &mut Registry) {
        let m = self.clone();
        r.register("actuations", "Changes handed to the actuator, by result", m.actuations);
        let help = "Failures of the actuator since it last succeeded";
        r.register("actuator_failures_in_a_row", help, m.failures_in_a_row);
        let help = "Time that the actuator took for an order, whether it was carried out or failed";
        r.register_with_unit("actuation_duration", help, Unit::Seconds, m.actuation_s);
        r.register("jobs_applied", "Jobs that were last carried out", m.jobs_applied);
        let help = "Identifier of the decision last carried out";
        r.register("applied_decision_id", help, m.applied_id);
        let help = "Writes to the journal: durable before anything was done, or failed";
        r.register("journal_writes", help, m.recorded);
        let help = "1 while the journal cannot be written, and jobs are not taken away";
        r.register("journal_failing", help, m.journal_failing);
        r.register("journal_bytes", "Size of the journal", m.journal_bytes);
        for acted in ActuationResult::ALL {
            self.actuations.get_or_create_owned(&[("result", acted.word().into())]);
        }
        for result in RECORDED {
            self.recorded.get_or_create_owned(&[("result", result.into())]);
        }
    }

    /// The actuator was at work.
    pub(super) fn acted(&self, acted: ActuationResult) {
        self.actuations.get_or_create(&[("result", acted.word().into())]).inc();
        match acted {
            ActuationResult::Failed => {
                self.failures_in_a_row.inc();
            }
            ActuationResult::Done => {
                self.failures_in_a_row.set(0);
            }
            ActuationResult::Withheld
            | ActuationResult::Superseded
            | ActuationResult::Unrecorded => {}
        }
    }

    /// The decision `id` was carried out, for `jobs`.
    pub(super) fn applied(&self, id: u64, jobs: Jobs) {
        self.applied_id.set(i64::try_from(id).unwrap_or(i64::MAX));
        self.jobs_applied.set(jobs.0.into());
    }

    /// An order was carried out, or failed.
    pub(super) fn carried(&self, carried: &Carried) {
        self.actuation_s.observe(f64::from(carried.took_ms) / 1000.0);
        let mut down = self.error.lock().unwrap_or_else(PoisonError::into_inner);
        let since = down.take().map_or(carried.at, |(since, _)| since);
        *down = carried.error.clone().map(|error| (since, error));
    }

    /// Since when the actuator fails, and why it did the last time.
    pub(super) fn error(&self) -> Option<(UnixSeconds, String)> {
        self.error.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The journal was written, or could not be.
    pub(super) fn recorded(&self, durable: bool) {
        let [done, failed] = RECORDED;
        let result = if durable { done } else { failed };
        self.recorded.get_or_create_owned(&[("result", result.into())]).inc();
        self.journal_failing.set((!durable).into());
    }

    /// The journal has so many bytes.
    pub(super) fn journal_size(&self, bytes: u64) {
        self.journal_bytes.set(i64::try_from(bytes).unwrap_or(i64::MAX));
    }

    /// Failures of the actuator since it last succeeded.
    pub(super) fn failures(&self) -> i64 {
        self.failures_in_a_row.get()
    }

    /// Whether there is a journal.
    pub(super) fn has_journal(&self) -> bool {
        self.journal_bytes.get().is_some()
    }

    /// Whether it could not be written the last time.
    pub(super) fn journal_fails(&self) -> bool {
        self.journal_failing.get() != 0
    }
}
