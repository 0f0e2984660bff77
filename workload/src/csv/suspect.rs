//! What a history looks like that it may not be meant to be: a running total, a rate, zeros that
//! were filled in or left out, a glitch, a wall clock. Nothing is changed; a note names the option.

use super::options::ReadOptions;
use super::row::Row;
use super::tracks::Tracks;
use super::unit::Unit;

/// Fewest rows from which anything is suspected.
const FEWEST_ROWS: usize = 24;
/// A counter rises in at least this share of its steps, and falls in at most that one.
const RISES: f64 = 0.5;
const FALLS: f64 = 0.02;
/// What it falls to, as a part of what it was.
const ANEW: f64 = 0.1;
/// Share of the rows in which copies are equal.
const COPIES: f64 = 0.9;
/// Share of the values with decimals that makes a rate likely.
const FRACTIONS: f64 = 0.8;
/// A glitch is this many times its neighbours, and as many times nearly all others.
const GLITCH: f64 = 20.0;
const GLITCH_OF_MOST: f64 = 5.0;
/// Most glitches that are told one by one.
const MAX_TOLD: usize = 3;
/// A count that is rarely below this reads 0 only where nothing was measured.
const BUSY_EVENTS: f64 = 20.0;
/// How rarely.
const SMALL_SHARE: f64 = 0.02;
/// Share of times without a row from which left out zeros are likely.
const ABSENT: f64 = 0.05;
const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;

/// Everything that is suspected.
pub(super) fn notes(
    tracks: &Tracks,
    unit: Unit,
    naive: bool,
    step_ms: i64,
    options: &ReadOptions,
) -> Vec<String> {
    let mut notes = Vec::new();
    let values: Vec<f64> = tracks.rows().iter().filter_map(|row| row.arrivals).collect();
    if values.len() >= FEWEST_ROWS {
        if !options.counter && tracks.iter().all(is_counter) {
            notes.push(
                "the counts only rise, as a running total does: --counter takes its increases"
                    .into(),
            );
        } else {
            notes.extend(rate(&values, unit, options));
            notes.extend(glitches(tracks, &values));
            notes.extend(zeros(tracks, options));
            notes.extend(left_out(tracks, &values, step_ms, options));
        }
    }
    notes.extend(copies(tracks));
    if naive {
        notes.extend(tracks.iter().find_map(|rows| spring(rows, step_ms)));
    }
    notes
}

fn is_counter(rows: &[Row]) -> bool {
    let values: Vec<f64> = rows.iter().filter_map(|row| row.arrivals).collect();
    let steps = || values.windows(2).map(|pair| (pair[0], pair[1]));
    let count = steps().count() as f64;
    let rises = steps().filter(|(a, b)| b > a).count() as f64;
    let falls = steps().filter(|(a, b)| b < a).count() as f64;
    let anew = steps().filter(|(a, b)| b < a).all(|(a, b)| b <= ANEW * a);
    values.len() >= FEWEST_ROWS && rises >= RISES * count && falls <= FALLS * count && anew
}

/// Two series that are the same, as two observers of one workload write them.
fn copies(tracks: &Tracks) -> Option<String> {
    let all: Vec<&[Row]> = tracks.iter().collect();
    let same = |pair: &&[&[Row]]| {
        let [a, b] = pair else { return false };
        let known = |rows: &&[Row]| rows.iter().filter(|r| r.arrivals > Some(0.0)).count();
        let shared = a
            .iter()
            .zip(b.iter())
            .filter(|(a, b)| a.arrivals > Some(0.0) && a.arrivals == b.arrivals);
        let least = (COPIES * known(a).max(known(b)) as f64) as usize;
        least >= FEWEST_ROWS && shared.count() >= least
    };
    all.windows(2).find(same).map(|_| {
        "two series are nearly the same: if they are copies, as of two replicas of a monitor, say \
         --series with one of them"
            .into()
    })
}

fn rate(values: &[f64], unit: Unit, options: &ReadOptions) -> Option<String> {
    let fractions = values.iter().filter(|v| v.fract() != 0.0).count() as f64;
    let likely = fractions >= FRACTIONS * values.len() as f64;
    (likely && unit == Unit::PerInterval && options.unit.is_none()).then(|| {
        "nearly all counts have decimals, as rates do: if they are events a second, say --unit \
         per-second"
            .into()
    })
}

/// Rows that are far above the rows beside them and above nearly all others.
fn glitches(tracks: &Tracks, values: &[f64]) -> Vec<String> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let most = sorted.get(sorted.len() * 99 / 100).copied().unwrap_or(0.0);
    let mut notes = Vec::new();
    let mut count = 0;
    for rows in tracks.iter() {
        for window in rows.windows(3) {
            let [before, here, after] = window else { continue };
            let (Some(a), Some(value), Some(b)) = (before.arrivals, here.arrivals, after.arrivals)
            else {
                continue;
            };
            let beside = a.max(b).max(1.0);
            if value >= GLITCH * beside && value >= GLITCH_OF_MOST * most {
                count += 1;
                if count <= MAX_TOLD {
                    let times = (value / beside).round();
                    notes.push(format!(
                        "line {}: {value} is {times} times what is beside it: if it is a glitch, \
                         leave the field empty",
                        here.line
                    ));
                }
            }
        }
    }
    if count > MAX_TOLD {
        notes.push(format!("{} more rows look like glitches", count - MAX_TOLD));
    }
    notes
}

/// Zeros where other counts are never small.
fn zeros(tracks: &Tracks, options: &ReadOptions) -> Option<String> {
    let mut known: Vec<f64> = tracks.rows().iter().filter_map(|row| row.arrivals).collect();
    known.sort_unstable_by(f64::total_cmp);
    let zeros = known.partition_point(|value| *value == 0.0);
    let others = known.get(zeros..).unwrap_or_default();
    let small = others.get((others.len() as f64 * SMALL_SHARE) as usize).copied().unwrap_or(0.0);
    (zeros > 0 && small >= BUSY_EVENTS && zeros < others.len() && options.fill.is_none()).then(|| {
        format!(
            "{zeros} rows read 0 and hardly any other is below {small}: if they were filled in where \
             nothing was measured, say --fill missing"
        )
    })
}

/// Absent rows of an export that leaves out zeros: none reads 0, and many are not there.
fn left_out(
    tracks: &Tracks,
    values: &[f64],
    step_ms: i64,
    options: &ReadOptions,
) -> Option<String> {
    let span = |rows: &[Row]| {
        let ends = rows.first().zip(rows.last());
        ends.map_or(0, |(first, last)| (last.time_ms - first.time_ms) / step_ms.max(1) + 1)
    };
    let slots: i64 = tracks.iter().map(span).sum();
    let absent = slots - tracks.rows().len() as i64;
    let holes: usize = tracks
        .iter()
        .map(|rows| {
            rows.windows(2).filter(|w| w[1].time_ms - w[0].time_ms > step_ms * 3 / 2).count()
        })
        .sum();
    let sparse = values.iter().filter(|v| **v < BUSY_EVENTS).count() * 2 > values.len();
    let likely = absent as f64 > ABSENT * slots as f64
        && holes as f64 > ABSENT * values.len() as f64
        && sparse
        && !values.contains(&0.0);
    (likely && options.fill.is_none()).then(|| {
        format!(
            "no row reads 0 and {absent} are not there: if the export leaves out zeros, say --fill zero"
        )
    })
}

/// The hour that a wall clock skips in spring: one hour without rows, in a night to Sunday.
fn spring(rows: &[Row], step_ms: i64) -> Option<String> {
    let skipped = |pair: &&[Row]| {
        let [before, after] = pair else { return false };
        let hour = after.time_ms.rem_euclid(DAY_MS) / HOUR_MS;
        // 1 January 1970 was a Thursday.
        let sunday = (after.time_ms.div_euclid(DAY_MS) + 4).rem_euclid(7) == 0;
        after.time_ms - before.time_ms == HOUR_MS + step_ms && sunday && (1..4).contains(&hour)
    };
    let hole = rows.windows(2).find(skipped)?;
    Some(format!(
        "line {}: an hour has no rows, as when clocks go forward: if times are local, say --tz with \
         their zone, such as Europe/Berlin",
        hole.last()?.line
    ))
}
