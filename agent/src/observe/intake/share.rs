//! One sender's share in the sum.

use scaleiq_core::sample::{Reading, Sample};
use scaleiq_core::units::{Jobs, UnixSeconds};
use std::collections::VecDeque;

/// A sender is waited for one and a half intervals and this many seconds.
const TIME_LIMIT_S: i64 = 5;
/// It has left after this many seconds of silence, or four intervals.
const LEAVE_S: i64 = 180;

/// What one sender has said.
#[derive(Debug)]
pub(super) struct Share {
    pub(super) name: Option<String>,
    pub(super) last: Sample,
    /// What was not given out yet, oldest first.
    pub(super) pieces: VecDeque<Piece>,
    /// Which fields it has ever reported.
    pub(super) reports: [bool; FIELDS],
}

/// A sample behind the one before it of the same sender.
#[derive(Clone, Copy, Debug)]
pub(super) struct Piece {
    pub(super) start: UnixSeconds,
    pub(super) sample: Sample,
}

/// Seconds for which whoever sent `sample` is waited for.
pub(super) fn time_limit_s(sample: &Sample) -> i64 {
    let interval_s = i64::from(sample.interval_s);
    interval_s + interval_s / 2 + TIME_LIMIT_S
}

/// Numbers of a sample, and where each stands among its [`values`].
pub(super) const FIELDS: usize = 7;
pub(super) const ARRIVALS: usize = 0;
pub(super) const PROCESSED: usize = 1;
pub(super) const BACKLOG: usize = 2;
pub(super) const QUEUED: usize = 3;
pub(super) const WORK: usize = 4;
pub(super) const READY: usize = 5;
pub(super) const STARTING: usize = 6;

/// The numbers of a sample that are known.
pub(super) fn values(sample: &Sample) -> [Option<f64>; FIELDS] {
    let jobs = |jobs: Option<Jobs>| jobs.map(|jobs| f64::from(jobs.0));
    let known = |reading: Reading| reading.known().map(f64::from);
    [
        known(sample.arrivals_events),
        known(sample.processed_events),
        known(sample.backlog_events),
        known(sample.queued_events),
        known(sample.work_ms),
        jobs(sample.jobs_ready),
        jobs(sample.jobs_starting),
    ]
}

/// The mean work of those who tell it, weighted by what they processed.
pub(super) fn mean_work(shares: &[[Option<f64>; FIELDS]]) -> Reading {
    let told = || shares.iter().filter_map(|s| Some((s[WORK]?, s[PROCESSED].unwrap_or(1.0))));
    let events: f64 = told().map(|(_, events)| events).sum();
    let sum: f64 = told().map(|(work, events)| work * events).sum();
    if events > 0.0 { Reading::Known((sum / events) as f32) } else { Reading::Missing }
}

impl Share {
    pub(super) fn is_silent(&self, newest: UnixSeconds) -> bool {
        newest.since(self.last.end) > time_limit_s(&self.last)
    }

    pub(super) fn has_left(&self, newest: UnixSeconds) -> bool {
        newest.since(self.last.end) > LEAVE_S.max(4 * i64::from(self.last.interval_s))
    }

    /// Its numbers for a span: counts by how much of each sample lies in it, scaled up if it spoke
    /// for at least half of it; the mean backlog likewise; what is of a moment from the sample there.
    pub(super) fn part(&self, from: UnixSeconds, to: UnixSeconds) -> [Option<f64>; FIELDS] {
        let span_s = to.since(from) as f64;
        let (mut sums, mut seconds) = ([0.0; FIELDS], [0.0; FIELDS]);
        let mut work = (0.0, 0.0);
        let mut at_end = [None; FIELDS];
        for Piece { start, sample } in &self.pieces {
            let shared_s = sample.end.min(to).since((*start).max(from)) as f64;
            if shared_s <= 0.0 {
                continue;
            }
            let values = values(sample);
            for field in [ARRIVALS, PROCESSED, QUEUED] {
                let Some(value) = values[field] else { continue };
                let per_s = if field == QUEUED { 1.0 } else { 1.0 / f64::from(sample.interval_s) };
                sums[field] += value * per_s * shared_s;
                seconds[field] += shared_s;
            }
            let events = values[PROCESSED].unwrap_or(1.0);
            if let Some(ms) = values[WORK] {
                work = (work.0 + ms * events * shared_s, work.1 + events * shared_s);
            }
            at_end = values;
        }
        let mut part = at_end;
        for field in [ARRIVALS, PROCESSED, QUEUED] {
            let whole_s = if field == QUEUED { 1.0 } else { span_s };
            part[field] =
                (2.0 * seconds[field] >= span_s).then(|| sums[field] / seconds[field] * whole_s);
        }
        part[WORK] = (work.1 > 0.0).then(|| work.0 / work.1);
        part
    }
}
