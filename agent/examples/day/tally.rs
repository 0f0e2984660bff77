//! What came of the events of a pool, as its workers tell.

use super::traffic::SPEED;
use super::worker::ALIVE_EVERY;
use std::time::Duration;

/// Events should begin within so many seconds of the day.
pub(crate) const SLA_S: f64 = 60.0;

/// What a pool did so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    /// Events sent.
    pub(crate) sent: u64,
    /// How long each waited that a worker has begun, in seconds of the day.
    waits_s: Vec<f64>,
    late: u64,
    /// Signs of life, each of which stands for [`ALIVE_EVERY`] of a worker's life.
    signs: u64,
    /// Signs since the last second began.
    recent: u64,
    /// Workers alive in the last second.
    pub(crate) alive: u64,
}

impl Tally {
    /// A worker began an event that had waited so long.
    pub(crate) fn begun(&mut self, waited: Duration) {
        let waited_s = waited.as_secs_f64() * SPEED;
        self.late += u64::from(waited_s > SLA_S);
        self.waits_s.push(waited_s);
    }

    /// A worker is alive, which is paid for if it counts.
    pub(crate) fn sign_of_life(&mut self, counts: bool) {
        self.signs += u64::from(counts);
        self.recent += 1;
    }

    /// A second has passed.
    pub(crate) fn second(&mut self) {
        let signs_each = Duration::from_secs(1).as_secs_f64() / ALIVE_EVERY.as_secs_f64();
        self.alive = (std::mem::take(&mut self.recent) as f64 / signs_each).round() as u64;
    }

    /// Events sent that no worker has begun.
    pub(crate) fn waiting(&self) -> u64 {
        self.sent.saturating_sub(self.waits_s.len() as u64)
    }

    /// Percent of the events begun in time. What was never begun is late.
    pub(crate) fn sla_percent(&self, is_over: bool) -> f64 {
        let begun = self.waits_s.len() as u64;
        let of = if is_over { self.sent } else { begun };
        100.0 * (begun - self.late) as f64 / of.max(1) as f64
    }

    /// Hours of the day that workers were paid for.
    pub(crate) fn job_hours(&self) -> f64 {
        self.signs as f64 * ALIVE_EVERY.as_secs_f64() * SPEED / 3600.0
    }

    /// The wait that this share of the events had at most, in seconds of the day.
    pub(crate) fn wait_s(&self, share: f64) -> f64 {
        let mut waits = self.waits_s.clone();
        waits.sort_by(f64::total_cmp);
        let at = (share * waits.len().saturating_sub(1) as f64) as usize;
        waits.get(at).copied().unwrap_or_default()
    }
}
