//! A regular series of intervals, whatever it came from.

use crate::extra::Extra;
use scaleiq_core::forecast::Plan;
use scaleiq_core::interval::Interval;
use scaleiq_core::units::UnixSeconds;

/// Event metrics on a regular grid: row `k` speaks of the interval that starts at
/// `start + k * length_s`. Intervals in which nothing was measured are there, and missing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Series {
    /// Start of the first interval.
    pub start: UnixSeconds,
    /// Length of every interval, a whole fraction of a day.
    pub length_s: u32,
    /// The intervals, oldest first, without a hole.
    pub rows: Vec<Interval>,
    /// What is planned, row by row; empty where a file has no column for it.
    pub plans: Vec<Plan>,
    /// Further columns, where they were asked for ([`ReadOptions::extras`](crate::ReadOptions::extras)), row by
    /// row.
    pub extras: Vec<Extra>,
    /// What a user should know of how this was read: columns ignored, rows moved, gaps.
    pub notes: Vec<String>,
}

impl Series {
    /// A fingerprint of the values and times (not of further columns and notes): 16 hexadecimal digits,
    /// the same on every machine. FNV-1a with 64 bits: it tells files apart, it does not stop a forger.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let mut hash = Fnv::default();
        hash.add(&self.start.0.to_le_bytes());
        hash.add(&self.length_s.to_le_bytes());
        for row in &self.rows {
            hash.add(&row.end.0.to_le_bytes());
            for value in [
                row.arrivals_events,
                row.processed_events,
                row.backlog_events,
                row.queued_events,
                row.work_ms,
                row.jobs_ready,
            ] {
                // No value that is read has the bits of a missing one: those are a NaN's.
                hash.add(&value.map_or(u32::MAX, f32::to_bits).to_le_bytes());
            }
        }
        // Nothing is added where nothing is planned: older fingerprints stay as they are.
        for size in self.plans.as_flattened() {
            hash.add(&size.to_bits().to_le_bytes());
        }
        format!("{:016x}", hash.0)
    }

    /// Rows up to the last in which anything was measured: what follows only says what is planned.
    #[must_use]
    pub fn measured(&self) -> usize {
        let measured = |row: &Interval| *row != Interval::missing(row.end);
        self.rows.iter().rposition(measured).map_or(0, |last| last + 1)
    }

    /// Arrivals with every gap bridged by a straight line (the nearest value at the ends; 0 if there
    /// is none at all). For the simulator, which needs events in every interval; never for features,
    /// since a bridge looks ahead.
    #[must_use]
    pub fn arrivals_filled(&self) -> Vec<f32> {
        let mut filled: Vec<f32> = Vec::with_capacity(self.rows.len());
        let mut before: Option<f32> = None;
        for (k, row) in self.rows.iter().enumerate() {
            let Some(value) = row.arrivals_events else { continue };
            let from = before.unwrap_or(value);
            let gap = k - filled.len();
            for step in 1..=gap {
                let part = step as f32 / (gap + 1) as f32;
                filled.push(from + (value - from) * part);
            }
            filled.push(value);
            before = Some(value);
        }
        filled.resize(self.rows.len(), before.unwrap_or(0.0));
        filled
    }
}

struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Fnv(0xcbf2_9ce4_8422_2325)
    }
}

impl Fnv {
    fn add(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}
