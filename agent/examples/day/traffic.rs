//! The day that is played: when each event comes, and how much work it is.

use scaleiq_workload::traffic::builtin::{SampleSpec, generate};
use std::time::Duration;

/// How much faster than life it is played.
pub(crate) const SPEED: f64 = 30.0;
/// Mean work of an event on one job, in seconds of this clock.
pub(crate) const WORK_S: f64 = 0.2;
/// Rows of the sample in a day.
const ROWS: usize = 720;
/// Seconds of the day in a row.
const ROW_S: f64 = 120.0;
/// The sample begins on a Saturday: this is the first Tuesday, of which nothing is missing.
const DAY: usize = 3;

/// An event.
pub(crate) struct Event {
    /// When it comes, since the beginning.
    pub(crate) at: Duration,
    /// Its work, by this clock.
    pub(crate) work: Duration,
}

/// Events as they come.
#[derive(Clone)]
pub(crate) struct Day {
    /// Events in each row.
    rows: Vec<f64>,
    /// First row that is played.
    first: usize,
    random: u64,
    /// Seconds of the day since its beginning.
    now_s: f64,
}

impl Day {
    /// A day whose peak keeps `peak_jobs` busy, from an hour on.
    pub(crate) fn new(seed: u64, peak_jobs: f64, from_hour: f64) -> Self {
        let sample = generate(&SampleSpec { seed, rows: (DAY + 1) * ROWS });
        let rows = sample.arrivals_filled();
        let rows: Vec<f64> = rows.iter().skip(DAY * ROWS).map(|&events| events.into()).collect();
        let peak = rows.iter().copied().fold(1.0, f64::max);
        // Events are work of a fixed size on the clock that runs here.
        let most = peak_jobs / WORK_S * ROW_S / SPEED;
        let rows = rows.iter().map(|events| events * most / peak).collect();
        let first = (from_hour * 3600.0 / ROW_S) as usize % ROWS;
        Self { rows, first, random: seed, now_s: 0.0 }
    }

    /// Jobs that the events of each second keep busy, at most over this long from the beginning.
    pub(crate) fn peak_jobs(&self, length: Duration) -> f64 {
        let rows = (length.as_secs_f64() * SPEED / ROW_S).ceil() as usize;
        let played = (0..rows).map(|row| self.events(row));
        played.fold(0.0, f64::max) * SPEED / ROW_S * WORK_S
    }

    /// The clock of the day, as hours and minutes.
    pub(crate) fn clock(&self, since: Duration) -> String {
        let minutes = (self.first as f64 * ROW_S + since.as_secs_f64() * SPEED) / 60.0;
        let minutes = minutes as u64 % (24 * 60);
        format!("{:02}:{:02}", minutes / 60, minutes % 60)
    }

    fn events(&self, row: usize) -> f64 {
        self.rows[(self.first + row) % self.rows.len()]
    }

    /// A number above 0 and up to 1 (Steele and others, `SplitMix64`, 2014).
    fn random(&mut self) -> f64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.random;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^= bits >> 31;
        ((bits >> 11) + 1) as f64 / (1_u64 << 53) as f64
    }
}

/// It never ends: the day begins anew.
impl Iterator for Day {
    type Item = Event;

    fn next(&mut self) -> Option<Event> {
        let row = (self.now_s / ROW_S) as usize;
        // As independent customers come: the gaps are exponential.
        let per_s = (self.events(row) / ROW_S).max(1e-3);
        self.now_s += -self.random().ln() / per_s;
        let work_s = WORK_S * (0.5 + self.random());
        let at = Duration::from_secs_f64(self.now_s / SPEED);
        Some(Event { at, work: Duration::from_secs_f64(work_s) })
    }
}
