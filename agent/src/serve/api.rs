//! What the endpoints need.

use super::body::Room;
use crate::decide::Mode;
use crate::decide::rows::RowForecaster;
use crate::telemetry::Metrics;
use crate::workload::Handle;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// What the endpoints need.
#[derive(Clone, Debug)]
pub struct Api {
    /// The loop.
    pub control: Handle,
    /// The metrics.
    pub metrics: Metrics,
    /// Whether decisions are carried out.
    pub mode: Mode,
    /// Whether samples are posted; else they come from elsewhere.
    pub takes_samples: bool,
    /// Forecasts from rows that are posted.
    pub rows: Arc<RowForecaster>,
    /// Room for bodies.
    pub(super) room: Room,
    /// Who may forecast from rows: one at a time.
    pub(super) turns: Arc<Semaphore>,
}

impl Api {
    /// What the endpoints need.
    #[must_use]
    pub fn new(
        control: Handle,
        metrics: Metrics,
        mode: Mode,
        takes_samples: bool,
        rows: RowForecaster,
    ) -> Self {
        Self {
            control,
            metrics,
            mode,
            takes_samples,
            rows: Arc::new(rows),
            room: Room::default(),
            turns: Arc::new(Semaphore::new(1)),
        }
    }
}
