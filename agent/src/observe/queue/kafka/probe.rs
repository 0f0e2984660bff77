//! Looks at a consumer group.

use super::cluster::Cluster;
use super::lag::Lag;
use crate::observe::probe::{Answer, ProbeError};
use crate::observe::queue::{QueueProbe, QueueReading};
use std::time::Duration;
use tokio::time::sleep;

/// How often a look is tried while a cluster moves its partitions and groups about.
const TRIES: u32 = 3;
/// Time until the next try: a new leader is known within a few of these.
const PAUSE: Duration = Duration::from_millis(200);

/// A consumer group.
pub(super) struct GroupProbe {
    pub(super) cluster: Cluster,
    pub(super) lag: Lag,
}

impl GroupProbe {
    async fn look(&mut self) -> Result<QueueReading, ProbeError> {
        let mut tried = 1;
        loop {
            match self.cluster.offsets().await {
                Ok(offsets) => return self.lag.reading(offsets),
                Err(failure) if failure.is_passing && tried < TRIES => {
                    tracing::debug!("asked once more: {}", failure.error);
                    sleep(PAUSE * tried).await;
                    tried += 1;
                }
                Err(failure) => return Err(failure.error),
            }
        }
    }
}

impl QueueProbe for GroupProbe {
    fn read(&mut self) -> Answer<'_, QueueReading> {
        Box::pin(self.look())
    }
}
