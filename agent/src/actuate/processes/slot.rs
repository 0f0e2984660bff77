//! What the keeper knows of one worker's place.

use crate::platform::backoff::Backoff;
use std::fs::File;
use std::io;
use std::process::ExitStatus;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::Instant;

/// Pauses before a worker that ended by itself is started again.
const PAUSES: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(30));
/// One that ran for so long had begun well: what ends it then is another trouble.
const BEGUN: Duration = Duration::from_secs(60);
/// One that ended by itself counts as ready only after it has run for so long again.
const PROVEN: Duration = Duration::from_secs(5);
/// So many ends in a row are no accident.
const LOOP: u32 = 3;

/// A worker's place.
pub(super) struct Slot {
    pub(super) state: State,
    backoff: Backoff,
    /// Ends by itself since it last ran for long.
    ends: u32,
}

/// What is in it.
pub(super) enum State {
    /// A worker since then, in this process group; told or dropped, `drain` ends it.
    Working { since: Instant, group: Option<u32>, drain: oneshot::Sender<()> },
    /// A worker that is to end, in this process group.
    Draining { group: Option<u32> },
    /// None until then: the last one ended by itself, or there was none. The place may be taken already.
    Resting { until: Instant, place: Option<File> },
}

impl Slot {
    /// A place to be filled at once.
    pub(super) fn new(place: Option<File>) -> Self {
        let state = State::Resting { until: Instant::now(), place };
        Self { state, backoff: Backoff::new(PAUSES.0, PAUSES.1), ends: 0 }
    }

    pub(super) fn is_draining(&self) -> bool {
        matches!(self.state, State::Draining { .. })
    }

    /// Whether its workers end by themselves again and again.
    pub(super) fn is_failing(&self) -> bool {
        self.ends >= LOOP
    }

    /// Returns when its worker counts as ready.
    pub(super) fn ready_at(&self, ready_after: Duration) -> Option<Instant> {
        let State::Working { since, .. } = &self.state else { return None };
        let proven = if self.ends > 0 { PROVEN } else { Duration::ZERO };
        Some(*since + ready_after.max(proven))
    }

    pub(super) fn group(&self) -> Option<u32> {
        match &self.state {
            State::Working { group, .. } | State::Draining { group } => *group,
            State::Resting { .. } => None,
        }
    }

    /// Its worker is there.
    pub(super) fn started(&mut self, group: Option<u32>, drain: oneshot::Sender<()>) {
        self.state = State::Working { since: Instant::now(), group, drain };
    }

    /// Asks its worker to end; `None` if it has none, so that the place is free at once.
    pub(super) fn released(self) -> Option<Self> {
        let Self { state, backoff, ends } = self;
        let State::Working { group, drain, .. } = state else { return None };
        // One that has ended meanwhile is the same to us.
        let _ = drain.send(());
        Some(Self { state: State::Draining { group }, backoff, ends })
    }

    /// Its worker has ended by itself, or could not be started: the pause until it is started again.
    pub(super) fn ended(&mut self) -> Duration {
        if matches!(&self.state, State::Working { since, .. } if since.elapsed() >= BEGUN) {
            self.backoff.reset();
            self.ends = 0;
        }
        self.ends += 1;
        let pause = self.backoff.pause();
        self.state = State::Resting { until: Instant::now() + pause, place: None };
        pause
    }
}

/// Says how a worker ended.
pub(super) fn told(end: &io::Result<ExitStatus>) -> String {
    match end {
        Ok(status) => status.to_string(),
        Err(error) => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_worker_that_ends_by_itself_proves_itself_longer_and_rests_longer() {
        let mut slot = Slot::new(None);
        let start = |slot: &mut Slot| slot.started(None, oneshot::channel().0);
        start(&mut slot);
        assert_eq!(slot.ready_at(Duration::ZERO), Some(Instant::now()));
        for longest in [500, 1000, 2000].map(Duration::from_millis) {
            let pause = slot.ended();
            assert!((longest / 2..=longest).contains(&pause), "{pause:?}");
            start(&mut slot);
        }
        assert!(slot.is_failing());
        assert_eq!(slot.ready_at(Duration::ZERO), Some(Instant::now() + PROVEN));
        tokio::time::advance(BEGUN).await;
        assert!(slot.ended() <= PAUSES.0 && !slot.is_failing());
    }
}
