//! Processed events and backlog of the sample: a queue, and a pool of jobs that follows it.
//!
//! The pool is a plain reactive one, as many run today: it follows the smoothed arrivals with a
//! delay and works off a backlog within a catch-up time. Now and then part of it stalls; once, for
//! hours on a busy night, much of it does. Two of its properties are solved for: the catch-up time
//! (it moves the mean backlog) and the depth of the great stall (it moves the largest).

use super::rows::{LENGTH, ROWS, mean};
use super::statistics::TARGETS;
use crate::traffic::random::{between, chance, log_between, stream};
use std::ops::Range;

/// Events that the pool is sized for, over the smoothed arrivals.
const HEADROOM: f64 = 1.0;
/// Intervals over which arrivals are smoothed before the pool follows them.
const SMOOTHING: f64 = 8.0;
/// Fewest and most jobs.
const JOBS: (f64, f64) = (1.0, 60.0);
/// Stalls: how many per day, shortest and longest in intervals, what is left of the pool.
const STALLS_PER_DAY: f64 = 0.12;
const STALL_ROWS: (f64, f64) = (8.0, 45.0);
const STALL_LEFT: (f64, f64) = (0.2, 0.8);
/// The great stall: its first row (Tuesday, 20 May 2025, 22:00 UTC) and its length in intervals.
const GREAT_STALL: (usize, usize) = (80 * 720 + 660, 170);
/// Rows before it from which its fitting starts.
const GREAT_STALL_LEAD: usize = 2000;
/// Bounds of the catch-up time in intervals, and halvings of the range in each search.
const CATCH_UP: (f64, f64) = (1.0, 200.0);
const HALVINGS: usize = 20;

/// What the queue did in one interval.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Flow {
    /// Events taken out.
    pub(super) processed: f64,
    /// Events left at its end.
    pub(super) backlog: f64,
}

/// A queue whose mean and largest backlog are the published ones.
pub(super) fn fitted(seed: u64, arrivals: &[f64], work: &[f64], measured: &[bool]) -> Vec<Flow> {
    let stalls = stalls(seed, arrivals.len());
    let run = |catch_up: f64, great: f64, rows: Range<usize>| {
        flow(arrivals, work, &stalls, catch_up, great, rows)
    };
    // The more is left of the pool in the great stall, the smaller the largest backlog. What
    // happened long before it and comes long after it plays no part.
    let around = GREAT_STALL.0 - GREAT_STALL_LEAD..GREAT_STALL.0 + 2 * GREAT_STALL.1;
    let measured_around = measured.get(around.clone()).unwrap_or_default();
    let great = |catch_up: f64| {
        bisect(0.0, 1.0, |great| {
            let flow = run(catch_up, great, around.clone());
            backlog(&flow, measured_around).fold(0.0, f64::max) < TARGETS.backlog_max
        })
    };
    let catch_up = bisect(CATCH_UP.0, CATCH_UP.1, |catch_up| {
        let flow = run(catch_up, great(catch_up), 0..ROWS);
        mean(backlog(&flow, measured)) > TARGETS.backlog_mean
    });
    run(catch_up, great(catch_up), 0..arrivals.len())
}

/// The backlog at the end of the rows that were measured.
fn backlog<'a>(flow: &'a [Flow], measured: &'a [bool]) -> impl Iterator<Item = f64> + 'a {
    flow.iter().zip(measured).filter(|(_, measured)| **measured).map(|(flow, _)| flow.backlog)
}

/// The smallest number for which a rising condition holds.
fn bisect(mut low: f64, mut high: f64, holds: impl Fn(f64) -> bool) -> f64 {
    for _ in 0..HALVINGS {
        let middle = 0.5 * (low + high);
        if holds(middle) {
            high = middle;
        } else {
            low = middle;
        }
    }
    0.5 * (low + high)
}

/// What part of the pool works in each row, great stall apart.
fn stalls(seed: u64, rows: usize) -> Vec<f64> {
    let rng = &mut stream(seed, 6);
    let (mut left, mut part) = (0.0, 1.0);
    (0..rows)
        .map(|_| {
            if left > 0.0 {
                left -= 1.0;
            } else if chance(rng, STALLS_PER_DAY / LENGTH.steps_per_day() as f64) {
                left = log_between(rng, STALL_ROWS.0, STALL_ROWS.1).round();
                part = between(rng, STALL_LEFT.0, STALL_LEFT.1);
            }
            if left > 0.0 { part } else { 1.0 }
        })
        .collect()
}

fn flow(
    arrivals: &[f64],
    work: &[f64],
    stalls: &[f64],
    catch_up: f64,
    great: f64,
    rows: Range<usize>,
) -> Vec<Flow> {
    let job_ms = f64::from(LENGTH.seconds()) * 1000.0;
    let mut smooth = arrivals.get(rows.start).copied().unwrap_or(0.0);
    let mut backlog: f64 = 0.0;
    let great_stall = GREAT_STALL.0..GREAT_STALL.0 + GREAT_STALL.1;
    arrivals
        .iter()
        .zip(work)
        .zip(stalls)
        .enumerate()
        .take(rows.end)
        .skip(rows.start)
        .map(|(k, ((arrivals, work), stall))| {
            // The pool knows the past only: it is sized before this interval's arrivals come.
            let wanted = HEADROOM * smooth + backlog / catch_up;
            let jobs = (wanted * work / job_ms).clamp(JOBS.0, JOBS.1);
            let working = if great_stall.contains(&k) { stall.min(great) } else { *stall };
            let capacity = (jobs * working * job_ms / work).floor();
            smooth += (arrivals - smooth) / SMOOTHING;
            let waiting = backlog + arrivals;
            let processed = waiting.min(capacity);
            backlog = waiting - processed;
            Flow { processed, backlog }
        })
        .collect()
}
