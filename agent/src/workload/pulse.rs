//! Whether the loop still turns.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Says when the loop last came round; cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Pulse {
    since: Instant,
    beat_ms: Arc<AtomicU64>,
}

impl Default for Pulse {
    fn default() -> Self {
        Self { since: Instant::now(), beat_ms: Arc::default() }
    }
}

impl Pulse {
    /// The loop comes round.
    pub(super) fn beat(&self) {
        let ms = u64::try_from(self.since.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.beat_ms.store(ms, Ordering::Relaxed);
    }

    /// Time since it last did.
    pub(super) fn age(&self) -> Duration {
        let beat = Duration::from_millis(self.beat_ms.load(Ordering::Relaxed));
        self.since.elapsed().saturating_sub(beat)
    }
}
