//! How rows follow each other: on a grid, nearly so, or as events do.

use super::row::Row;
use super::slots::Slots;
use scaleiq_core::interval::IntervalLength;
use scaleiq_core::units::DAY_S;

/// The median distance of the rows may be this part off a length that divides a day.
const LENGTH_TOLERANCE: f64 = 0.02;
/// Finest grid that is told by what all distances have in common: below it anything lies on one.
const FINEST_GRID_MS: i64 = 10_000;
/// On a finer one at least this share of the distances are one step.
const DENSE: f64 = 0.9;
/// As many equal distances in a row are no chance, and a change by this factor is one.
const RUN: usize = 12;
const CHANGE: f64 = 1.5;
/// Least share of the distances that are one step of such a grid.
const MIN_NEIGHBOURS: f64 = 0.05;
/// Of distances that are a poller's, at least this share lies near the usual one, and at most this
/// share well below it. Of events that come by chance 35 % and 29 % do.
const MIN_NEAR: f64 = 0.6;
const MAX_SHORT: f64 = 0.1;
/// Or, since polls fail, at least this share lies near a multiple of it, up to this part of it. Of
/// events that come by chance 21 % do.
const MIN_MULTIPLES: f64 = 0.7;
const NEAR: f64 = 0.15;
/// A distance is the commonest if at least this share is equal to it.
const COMMON: f64 = 0.3;

/// How rows follow each other.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Cadence {
    /// On a grid of a length that divides a day.
    Grid(IntervalLength),
    /// Nearly evenly, at a distance that divides no day, or with jitter, or at one and then another.
    Spans { step_ms: i64 },
    /// At any time, as events do.
    Irregular,
}

impl Cadence {
    /// Tells it from tracks, each sorted by time; `None` if there are no two times.
    pub(super) fn of<'a>(tracks: impl Iterator<Item = &'a [Row]> + Clone) -> Option<Self> {
        let steps = steps_ms(tracks.clone());
        let step_ms = median(&steps)?;
        if let Some(step_ms) = changed_step_ms(tracks.clone()) {
            return Some(Self::Spans { step_ms });
        }
        let share = |range: std::ops::Range<f64>| {
            let within = |step: &&i64| range.contains(&(**step as f64 / step_ms as f64));
            steps.iter().filter(within).count() as f64 / steps.len() as f64
        };
        // Events written down to the second lie on a grid of seconds, too, and leave much of it out.
        let dense = step_ms >= FINEST_GRID_MS || share(0.9..1.1) >= DENSE;
        let fits = |length: &IntervalLength| {
            dense && tracks.clone().all(|rows| Slots::of(rows, *length).is_some())
        };
        if let Some(length) = near_length(step_ms).filter(fits) {
            return Some(Self::Grid(length));
        }
        if let Some(length) = common_length(&steps).filter(fits) {
            return Some(Self::Grid(length));
        }
        let bases = [Some(step_ms), commonest(&steps)];
        let base = bases.into_iter().flatten().find(|base| is_polled(&steps, *base));
        Some(base.map_or(Self::Irregular, |step_ms| Self::Spans { step_ms }))
    }

    /// The usual distance of two rows, if there is one.
    pub(super) fn step_ms(self) -> Option<i64> {
        match self {
            Self::Grid(length) => Some(i64::from(length.seconds()) * 1000),
            Self::Spans { step_ms } => Some(step_ms),
            Self::Irregular => None,
        }
    }
}

/// Distances of rows that follow each other, in order of size; none is 0.
fn steps_ms<'a>(tracks: impl Iterator<Item = &'a [Row]>) -> Vec<i64> {
    let mut steps: Vec<i64> = Vec::new();
    for rows in tracks {
        let times = rows.iter().map(|row| row.time_ms);
        steps.extend(times.clone().skip(1).zip(times).map(|(b, a)| b - a).filter(|step| *step > 0));
    }
    steps.sort_unstable();
    steps
}

/// The median distance of rows that follow each other; `None` if there are no two times.
pub(super) fn median_step_ms<'a>(tracks: impl Iterator<Item = &'a [Row]>) -> Option<i64> {
    median(&steps_ms(tracks))
}

fn median(sorted: &[i64]) -> Option<i64> {
    sorted.get(sorted.len().saturating_sub(1) / 2).copied()
}

/// Whether distances are those of a poller that asks every `base_ms`, late at times or in vain.
fn is_polled(sorted: &[i64], base_ms: i64) -> bool {
    let share = |fits: &dyn Fn(f64) -> bool| {
        let ratios = sorted.iter().map(|step| *step as f64 / base_ms as f64);
        ratios.filter(|ratio| fits(*ratio)).count() as f64 / sorted.len() as f64
    };
    let near = share(&|ratio| (0.5..1.5).contains(&ratio));
    let multiples = share(&|ratio| (ratio - ratio.round()).abs() <= NEAR && ratio > NEAR);
    let short = share(&|ratio| ratio < 0.5);
    short <= MAX_SHORT && (near >= MIN_NEAR || multiples >= MIN_MULTIPLES)
}

/// The commonest distance, if it is common and not as fine as times are written.
fn commonest(sorted: &[i64]) -> Option<i64> {
    let run = sorted.chunk_by(|a, b| a == b).max_by_key(|run| run.len())?;
    let common = run.len() as f64 >= COMMON * sorted.len() as f64;
    run.first().copied().filter(|step| common && *step >= FINEST_GRID_MS)
}

/// The longer of two distances that rows keep for a while each: counts are over as long then.
fn changed_step_ms<'a>(tracks: impl Iterator<Item = &'a [Row]>) -> Option<i64> {
    let (mut shortest, mut longest) = (i64::MAX, 0);
    for rows in tracks {
        let times = rows.iter().map(|row| row.time_ms);
        let steps: Vec<i64> = times.clone().skip(1).zip(times).map(|(b, a)| b - a).collect();
        let kept = steps.chunk_by(|a, b| a == b).filter(|run| run.len() >= RUN);
        for step in kept.filter_map(|run| run.first().copied()) {
            (shortest, longest) = (shortest.min(step), longest.max(step));
        }
    }
    (longest as f64 >= CHANGE * shortest as f64).then_some(longest)
}

/// The length that divides a day and is nearly equal to a distance.
fn near_length(step_ms: i64) -> Option<IntervalLength> {
    let step_s = step_ms as f64 / 1000.0;
    let off = |length: &IntervalLength| (f64::from(length.seconds()) - step_s).abs();
    let lengths = (1..=DAY_S).filter_map(|seconds| IntervalLength::new(seconds).ok());
    let nearest = lengths.min_by(|a, b| off(a).total_cmp(&off(b)))?;
    (off(&nearest) <= LENGTH_TOLERANCE * f64::from(nearest.seconds())).then_some(nearest)
}

/// The length of which all distances are multiples: rows without events may be left out.
fn common_length(sorted: &[i64]) -> Option<IntervalLength> {
    let common = sorted.iter().fold(0, |a, b| gcd(a, *b));
    let neighbours = sorted.partition_point(|step| *step <= common) as f64;
    let told = common >= FINEST_GRID_MS && neighbours >= MIN_NEIGHBOURS * sorted.len() as f64;
    let seconds = u32::try_from(common / 1000).ok().filter(|_| told && common % 1000 == 0)?;
    IntervalLength::new(seconds).ok()
}

fn gcd(a: i64, b: i64) -> i64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// The length to which rows at a distance that divides no day are gathered: the model's two
/// minutes, or the next whole number of minutes that divides a day.
pub(super) fn gathered_length(step_ms: i64) -> IntervalLength {
    let enough = |length: &IntervalLength| {
        let seconds = length.seconds();
        seconds >= 120 && seconds.is_multiple_of(60) && i64::from(seconds) * 1000 >= step_ms
    };
    let mut lengths = (120..=DAY_S).filter_map(|seconds| IntervalLength::new(seconds).ok());
    let day = IntervalLength::new(DAY_S).unwrap_or(IntervalLength::TWO_MINUTES);
    lengths.find(enough).unwrap_or(day)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(times_s: &[f64]) -> Cadence {
        let row = |s: &f64| Row { time_ms: (s * 1000.0) as i64, ..Row::default() };
        let rows: Vec<Row> = times_s.iter().map(row).collect();
        Cadence::of(std::iter::once(&rows[..])).unwrap()
    }

    fn every(step_s: f64, rows: usize) -> Vec<f64> {
        (0..rows).map(|k| k as f64 * step_s).collect()
    }

    #[test]
    fn grids_are_those_that_divide_a_day() {
        let grid = |seconds| Cadence::Grid(IntervalLength::new(seconds).unwrap());
        assert_eq!(of(&every(300.0, 50)), grid(300));
        assert_eq!(of(&[0.0, 60.0, 240.0, 420.0, 660.0, 720.0, 900.0]), grid(60));
        assert_eq!(of(&every(345.0, 50)), Cadence::Spans { step_ms: 345_000 });
        assert_eq!(of(&every(604_800.0, 5)), Cadence::Spans { step_ms: 604_800_000 });
    }

    #[test]
    fn a_poller_that_jitters_is_no_event_log() {
        let jittered: Vec<f64> =
            (0..200).map(|k| 60.0 * f64::from(k) + f64::from(k * 37 % 25)).collect();
        assert!(matches!(of(&jittered), Cadence::Spans { .. }));
        let drifting: Vec<f64> = (0..2000).map(|k| 60.7 * f64::from(k)).collect();
        assert!(matches!(of(&drifting), Cadence::Spans { step_ms: 60_700 }));
        let mut time = 0.0;
        let events: Vec<f64> = (1..500)
            .map(|k| {
                time -= 7.0 * (f64::from(k * 379 % 499) / 500.0).ln().min(-0.001);
                time
            })
            .collect();
        assert_eq!(of(&events), Cadence::Irregular);
    }

    #[test]
    fn lengths_to_gather_to() {
        let length = |step_s: i64| gathered_length(step_s * 1000).seconds();
        assert_eq!([14, 61, 345, 420, 604_800].map(length), [120, 120, 360, 480, 86_400]);
    }
}
