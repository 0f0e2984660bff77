//! The agent's clock: the machine's, except that it never goes back.
//!
//! What is decided rests on times that ascend. When the machine's clock is set back, this one goes on
//! from where it was, so that an hour is neither lost nor lived twice.

use scaleiq_core::units::{DAY_S, UnixSeconds};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// A smaller step of the machine's clock is rounding or slewing, in milliseconds.
const STEP_MS: i64 = 1500;

/// One moment by both clocks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moment {
    /// By the machine's clock, which senders on it share.
    pub wall: UnixSeconds,
    /// By the agent's clock: what samples and decisions carry.
    pub ours: UnixSeconds,
}

/// The agent's clock; cheap to clone.
#[derive(Clone, Debug)]
pub struct Clock {
    time: Time,
    anchor: Arc<Mutex<Anchor>>,
}

/// What the clock goes by.
#[derive(Clone, Debug)]
enum Time {
    /// The machine's clocks; the moment at which this one began.
    Machine(Instant),
    /// A number of milliseconds that only [`Clock::advance`] moves, and the first of them.
    Virtual(Arc<AtomicU64>, u64),
}

/// The last look at the clocks.
#[derive(Clone, Copy, Debug)]
struct Anchor {
    wall_ms: i64,
    /// Since the clock began.
    at: Duration,
    /// By how much the agent's clock is ahead of the machine's.
    ahead_s: i64,
}

impl Clock {
    /// A clock that begins behind `last`, up to which everything has been decided. If that lies more
    /// than a day ahead, a wrong clock made it; then the time of day at least is kept.
    #[must_use]
    pub fn after(last: Option<UnixSeconds>) -> Self {
        let time = Time::Machine(Instant::now());
        let wall_ms = time.wall_ms();
        let ahead_s = last.map_or(0, |last| last.since(UnixSeconds(wall_ms / 1000)).max(0));
        let day_s = i64::from(DAY_S);
        let ahead_s = if ahead_s <= day_s { ahead_s } else { (ahead_s / day_s + 1) * day_s };
        if ahead_s > 0 {
            tracing::warn!(
                "what was recorded ends {ahead_s} s ahead of this machine's clock: the agent's clock \
                 goes on from there"
            );
        }
        let anchor = Anchor { wall_ms, at: time.elapsed(), ahead_s };
        Self { time, anchor: Arc::new(Mutex::new(anchor)) }
    }

    /// A clock that stands at `at` and goes on as it is told, for what should not wait for real time.
    #[must_use]
    pub fn virtual_at(at: UnixSeconds) -> Self {
        let ms = u64::try_from(at.0).unwrap_or(0).saturating_mul(1000);
        let time = Time::Virtual(Arc::new(AtomicU64::new(ms)), ms);
        let anchor = Anchor { wall_ms: time.wall_ms(), at: Duration::ZERO, ahead_s: 0 };
        Self { time, anchor: Arc::new(Mutex::new(anchor)) }
    }

    /// Moves a virtual clock on; the machine's goes on by itself.
    pub fn advance(&self, by: Duration) {
        if let Time::Virtual(ms, _) = &self.time {
            ms.fetch_add(u64::try_from(by.as_millis()).unwrap_or(u64::MAX), Ordering::Relaxed);
        }
    }

    /// Time since the clock began. It never goes back either.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.time.elapsed()
    }

    /// The present moment.
    #[must_use]
    pub fn now(&self) -> Moment {
        let mut anchor = self.anchor.lock().unwrap_or_else(PoisonError::into_inner);
        let elapsed = self.time.elapsed().saturating_sub(anchor.at);
        anchor.advance(self.time.wall_ms(), elapsed);
        anchor.moment()
    }
}

impl Anchor {
    /// Looks again, `elapsed` after the last time.
    fn advance(&mut self, wall_ms: i64, elapsed: Duration) {
        let elapsed_ms = i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX);
        let step_ms = wall_ms.saturating_sub(self.wall_ms.saturating_add(elapsed_ms));
        // A step forward is believed, since a machine that slept makes one.
        if step_ms < -STEP_MS || (step_ms > STEP_MS && self.ahead_s > 0) {
            let step_s = (step_ms as f64 / 1000.0).round() as i64;
            self.ahead_s = self.ahead_s.saturating_sub(step_s).max(0);
            tracing::warn!(
                "this machine's clock was set by {step_s} s: the agent's clock is {} s ahead of it",
                self.ahead_s
            );
        }
        self.wall_ms = wall_ms;
        self.at += elapsed;
    }

    fn moment(&self) -> Moment {
        let wall = UnixSeconds(self.wall_ms / 1000);
        Moment { wall, ours: wall.plus(self.ahead_s) }
    }
}

impl Time {
    /// Milliseconds since 1970.
    fn wall_ms(&self) -> i64 {
        let ms = match self {
            Self::Machine(_) => {
                SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis())
            }
            Self::Virtual(ms, _) => ms.load(Ordering::Relaxed).into(),
        };
        i64::try_from(ms).unwrap_or(i64::MAX)
    }

    /// Since the clock began.
    fn elapsed(&self) -> Duration {
        match self {
            Self::Machine(begin) => begin.elapsed(),
            Self::Virtual(ms, begin) => {
                Duration::from_millis(ms.load(Ordering::Relaxed).saturating_sub(*begin))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_never_goes_back() {
        let mut anchor = Anchor { wall_ms: 10_000_000, at: Duration::ZERO, ahead_s: 0 };
        let mut look = |wall_ms, elapsed_s| {
            anchor.advance(wall_ms, Duration::from_secs(elapsed_s));
            anchor.moment().ours.0
        };
        assert_eq!(look(10_030_000, 30), 10_030);
        // Set back by an hour, and right again later.
        assert_eq!(look(10_060_000 - 3_600_000, 30), 10_060);
        assert_eq!(look(10_090_400 - 3_600_000, 30), 10_090);
        assert_eq!(look(10_120_000, 30), 10_120);
        // Asleep for a day.
        assert_eq!(look(10_150_000 + 86_400_000, 30), 96_550);
    }

    #[test]
    fn it_begins_behind_what_was_recorded() {
        let wall = Clock::after(None).now().wall;
        let ahead = |s| Clock::after(Some(wall.plus(s))).now().ours.since(wall);
        assert!((0..5).contains(&ahead(-500)));
        assert!((3600..3605).contains(&ahead(3600)));
        assert!((0..5).contains(&(ahead(3650 * 86_400 + 7) % 86_400)));
    }

    #[test]
    fn a_virtual_clock_goes_as_it_is_told() {
        let clock = Clock::virtual_at(UnixSeconds(1_000_000));
        let same = clock.clone();
        assert_eq!(clock.now().ours, UnixSeconds(1_000_000));
        same.advance(Duration::from_secs(90));
        let now = clock.now();
        assert_eq!([now.ours, now.wall], [UnixSeconds(1_000_090); 2]);
        assert_eq!(clock.elapsed(), Duration::from_secs(90));
    }
}
