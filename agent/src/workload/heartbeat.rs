//! Whether the loop still turns.

use crate::platform::clock::Clock;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Says when the loop last came round; cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Heartbeat {
    clock: Clock,
    beat_ms: Arc<AtomicU64>,
}

impl Heartbeat {
    /// The loop begins, by `clock`.
    pub(super) fn new(clock: Clock) -> Self {
        Self { clock, beat_ms: Arc::default() }
    }

    /// The loop comes round.
    pub(super) fn beat(&self) {
        let ms = u64::try_from(self.clock.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.beat_ms.store(ms, Ordering::Relaxed);
    }

    /// Time since it last did.
    pub(super) fn age(&self) -> Duration {
        let beat = Duration::from_millis(self.beat_ms.load(Ordering::Relaxed));
        self.clock.elapsed().saturating_sub(beat)
    }
}
