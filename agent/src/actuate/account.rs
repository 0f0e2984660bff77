//! Tells what became of orders: to metrics, to the loop, which records it, and to the log.

use super::order::Order;
use crate::journal::Carried;
use crate::telemetry::{ActuationResult, Metrics};
use crate::workload::Handle;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// Most bytes of a failure's reason that are recorded.
const MAX_REASON: usize = 300;

/// Tells what became of orders; cheap to clone.
#[derive(Clone, Debug)]
pub struct Account {
    metrics: Metrics,
    control: Handle,
    /// Failures since the last success.
    failures: Arc<AtomicU32>,
}

impl Account {
    /// Tells it to `metrics`, and to the loop by `control`.
    #[must_use]
    pub fn new(metrics: Metrics, control: Handle) -> Self {
        Self { metrics, control, failures: Arc::default() }
    }

    /// The metrics.
    pub(super) fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// `order` was carried out, or failed, in `took`; gives the failures in a row.
    pub(super) fn told(&self, order: &Order, done: &io::Result<()>, took: Duration) -> u32 {
        let failures = match done {
            Ok(()) => {
                self.metrics.acted(ActuationResult::Done);
                self.metrics.applied(order.id, order.decision.jobs);
                self.failures.swap(0, Ordering::Relaxed)
            }
            Err(_) => {
                self.metrics.acted(ActuationResult::Failed);
                self.failures.fetch_add(1, Ordering::Relaxed) + 1
            }
        };
        let reason = |error: &io::Error| error.to_string().chars().take(MAX_REASON).collect();
        self.control.carried(Carried {
            at: self.control.now(),
            decided_at: order.decision.at,
            id: order.id,
            from: order.decision.current_jobs,
            jobs: order.decision.jobs,
            took_ms: u32::try_from(took.as_millis()).unwrap_or(u32::MAX),
            failures,
            error: done.as_ref().err().map(reason),
        });
        failures
    }
}
