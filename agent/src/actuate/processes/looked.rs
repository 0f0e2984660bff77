//! The pool tells by itself how many workers there are.

use super::plan::Seen;
use crate::observe::pool::{PoolProbe, PoolReading, PoolSettings};
use crate::observe::probe::{Answer, ProbeError};
use scaleiq_core::units::Jobs;
use std::io;
use std::time::Duration;
use tokio::time::timeout;

/// Time between two looks at what is in memory.
const EVERY: Duration = Duration::from_secs(1);
/// A keeper that is being started reports within this.
const BEGINNING: Duration = Duration::from_secs(3);
const UNKNOWN: &str = "none runs: the pool is being started, or the agent is in shadow mode, where workers that \
                       others start are told by `pool` or in samples";

/// Reads what the keeper reported last.
#[derive(Clone, Debug)]
pub(super) struct Looked(pub(super) Seen);

impl PoolSettings for Looked {
    fn describe(&self) -> String {
        "the worker processes".into()
    }

    fn probe(&self) -> io::Result<Box<dyn PoolProbe>> {
        Ok(Box::new(self.clone()))
    }
}

impl PoolProbe for Looked {
    fn every(&self) -> Duration {
        EVERY
    }

    /// At the start it waits a moment for the first report.
    fn read(&mut self) -> Answer<'_, PoolReading> {
        Box::pin(async {
            let mut seen = self.0.subscribe();
            let known = timeout(BEGINNING, seen.wait_for(Option::is_some)).await;
            let report = known.ok().and_then(Result::ok).and_then(|report| report.clone());
            let reading = report.map(|report| PoolReading {
                ready: Jobs(report.ready),
                starting: Jobs(report.wanted.saturating_sub(report.ready)),
            });
            reading.ok_or_else(|| ProbeError::Absent(UNKNOWN.into()))
        })
    }
}
