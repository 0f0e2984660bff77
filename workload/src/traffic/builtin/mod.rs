//! The built-in sample: made-up traffic with the published statistics of the reference's data.
//!
//! The reference's own file is private. What is known of it is in [`TARGETS`]; everything else here
//! (campaigns, drifts, incidents, gaps) is what such a system might show. The columns agree with
//! each other: arrivals enter a queue, a pool of workers takes them out, and what is left is the
//! backlog, event for event. Nothing is overwritten to make a number come true: the amplitudes of
//! the arrivals (four of them) and two properties of the pool are solved for.
//!
//! Means are over all intervals that were measured, weekends included.

mod arrivals;
mod queue;
mod rows;
mod statistics;

pub use rows::{ROWS, START};
pub use statistics::{Statistics, TARGETS, Targets};

use crate::series::Series;
use crate::traffic::random::{Memory, chance, log_between, stream};
use rows::{LENGTH, mean};
use scaleiq_core::interval::Interval;

/// Mean number of spells per day in which nothing was measured.
const GAPS_PER_DAY: f64 = 0.1;
/// Their shortest and longest, in intervals.
const GAP_ROWS: (f64, f64) = (1.0, 60.0);
/// Spread and memory of the work per event: the logarithm's standard deviation, in days and hours.
const WORK_NOISE: [(f64, f64); 3] = [(0.07, 6.0 * 24.0), (0.05, 5.0), (0.02, 0.1)];

/// Which sample is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SampleSpec {
    /// Chooses campaigns, noise and incidents.
    pub seed: u64,
    /// How many rows. Fewer or more than [`ROWS`] give the beginning or a continuation of the same
    /// series; the statistics hold for the whole of it.
    pub rows: usize,
}

impl Default for SampleSpec {
    fn default() -> Self {
        Self { seed: 2025, rows: ROWS }
    }
}

/// Makes the sample: a few hundred milliseconds for the whole of it.
#[must_use]
pub fn generate(spec: &SampleSpec) -> Series {
    let rows = spec.rows.max(ROWS);
    let measured = measured(spec.seed, rows);
    let arrivals = arrivals::fitted(spec.seed, &measured);
    let work = work(spec.seed, &measured);
    let flow = queue::fitted(spec.seed, &arrivals, &work, &measured);

    let mut end = START;
    let mut before = 0.0;
    let columns = measured.iter().zip(&arrivals).zip(&work).zip(&flow).take(spec.rows);
    let rows: Vec<Interval> = columns
        .map(|(((measured, arrivals), work), flow)| {
            end = end.plus(i64::from(LENGTH.seconds()));
            let queued = 0.5 * (before + flow.backlog);
            before = flow.backlog;
            if !measured {
                return Interval::missing(end);
            }
            Interval {
                end,
                arrivals_events: Some(*arrivals as f32),
                processed_events: Some(flow.processed as f32),
                backlog_events: Some(flow.backlog as f32),
                queued_events: Some(queued as f32),
                work_ms: (flow.processed > 0.0).then_some(*work as f32),
                jobs_ready: None,
            }
        })
        .collect();
    let gaps = rows.iter().filter(|row| row.arrivals_events.is_none()).count();
    let notes = vec![format!(
        "built-in sample (seed {}): made-up traffic with the statistics of the reference's data, \
         {gaps} of {} intervals are gaps",
        spec.seed,
        rows.len()
    )];
    Series { start: START, length_s: LENGTH.seconds(), rows, notes, ..Series::default() }
}

/// Which rows were measured: now and then monitoring is away for minutes to two hours.
fn measured(seed: u64, rows: usize) -> Vec<bool> {
    let rng = &mut stream(seed, 1);
    let probability = GAPS_PER_DAY / LENGTH.steps_per_day() as f64;
    let mut left = 0.0;
    (0..rows)
        .map(|_| {
            if left > 0.0 {
                left -= 1.0;
            } else if chance(rng, probability) {
                left = log_between(rng, GAP_ROWS.0, GAP_ROWS.1).round();
            }
            left <= 0.0
        })
        .collect()
}

/// Work per event in milliseconds: it drifts over days (releases, data), over hours and a little at
/// once, around the published mean.
fn work(seed: u64, measured: &[bool]) -> Vec<f64> {
    let rng = &mut stream(seed, 2);
    let steps_per_hour = LENGTH.steps_per_day() as f64 / 24.0;
    let mut noise = WORK_NOISE.map(|(sd, hours)| Memory::new(sd, hours * steps_per_hour, rng));
    let raw: Vec<f64> = measured
        .iter()
        .map(|_| noise.iter_mut().map(|noise| noise.next(rng)).sum::<f64>().exp())
        .collect();
    let scale = TARGETS.work_ms / mean(known(&raw, measured));
    // A tenth of a microsecond is as fine as such a figure is ever written.
    raw.iter().map(|work| (work * scale * 1e4).round() / 1e4).collect()
}

/// The values of the first [`ROWS`] rows that were measured.
fn known<'a>(values: &'a [f64], measured: &'a [bool]) -> impl Iterator<Item = f64> + 'a {
    values.iter().zip(measured).take(ROWS).filter(|(_, measured)| **measured).map(|(v, _)| *v)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_statistics_hold() {
        let series = generate(&SampleSpec::default());
        assert_eq!(series.rows.len(), ROWS);
        let got = Statistics::of(&series);
        println!("{got}");
        let near = |got: f64, wanted: f64, tolerance: f64| {
            assert!(
                (got / wanted - 1.0).abs() <= tolerance,
                "{got} is not {wanted}\n{}",
                Statistics::of(&series)
            );
        };
        assert_eq!(got.peak_hour(), 2, "{got}");
        assert_eq!(got.trough_hour(), 16, "{got}");
        near(got.hourly_mean[2], TARGETS.peak_mean, 0.01);
        near(got.hourly_mean[16], TARGETS.trough_mean, 0.01);
        near(1.0 - got.weekend_ratio, 1.0 - TARGETS.weekend_ratio, 0.01);
        near(got.p95, TARGETS.p95, 0.01);
        near(got.share_above, 0.05, 0.03);
        near(got.work_ms, TARGETS.work_ms, 0.001);
        near(got.backlog_mean, TARGETS.backlog_mean, 0.03);
        near(got.backlog_max, TARGETS.backlog_max, 0.01);
    }

    #[test]
    fn other_seeds_have_them_too() {
        for seed in [1, 2, 3, 4, 7] {
            let got = Statistics::of(&generate(&SampleSpec { seed, ..SampleSpec::default() }));
            println!("{got}");
            let off = |got: f64, wanted: f64| (got / wanted - 1.0).abs();
            assert!(off(got.hourly_mean[2], TARGETS.peak_mean) < 0.03, "seed {seed}: {got}");
            assert!(off(got.hourly_mean[16], TARGETS.trough_mean) < 0.03, "seed {seed}: {got}");
            assert!(off(got.p95, TARGETS.p95) < 0.03, "seed {seed}: {got}");
            assert!(off(got.backlog_mean, TARGETS.backlog_mean) < 0.1, "seed {seed}: {got}");
            assert!(off(got.backlog_max, TARGETS.backlog_max) < 0.1, "seed {seed}: {got}");
        }
    }

    #[test]
    fn the_columns_agree_with_each_other() {
        let series = generate(&SampleSpec::default());
        let mut checked = 0;
        for pair in series.rows.windows(2) {
            let (Some(before), Some(now)) = (pair[0].backlog_events, pair[1].backlog_events) else {
                continue;
            };
            let arrivals = pair[1].arrivals_events.unwrap();
            let processed = pair[1].processed_events.unwrap();
            assert_eq!(before + arrivals - processed, now);
            assert_eq!(pair[1].queued_events, Some(0.5 * (before + now)));
            assert_eq!(pair[1].work_ms.is_some(), processed > 0.0);
            checked += 1;
        }
        assert!(checked > ROWS * 9 / 10, "{checked}");
        let gaps = series.rows.iter().filter(|row| row.arrivals_events.is_none()).count();
        assert!((50..2000).contains(&gaps), "{gaps}");
    }

    #[test]
    fn the_same_seed_gives_the_same_series_and_its_beginning() {
        let spec = SampleSpec::default();
        let whole = generate(&spec);
        let start = generate(&SampleSpec { rows: 5000, ..spec });
        assert_eq!(start.rows, whole.rows[..5000]);
        let longer = generate(&SampleSpec { rows: ROWS + 720, ..spec });
        assert_eq!(longer.rows[..ROWS], whole.rows);
        assert_ne!(generate(&SampleSpec { seed: 1, rows: 5000 }).rows, start.rows);
    }
}
