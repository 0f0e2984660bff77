//! A series and the part of it that judges.

use crate::data::{Track, file, with_pool};
use anyhow::{Result, ensure};
use rand_chacha::ChaCha8Rng;
use rand_core::SeedableRng;
use scaleiq_core::forecast::{Plan, STEPS};
use scaleiq_core::interval::{Interval, IntervalLength};
use scaleiq_core::model::sha256_hex;
use scaleiq_core::units::UnixSeconds;
use scaleiq_workload::{Extra, ReadOptions, Series};
use std::path::Path;

/// Shortest intervals judged, in seconds: finer rows are gathered to them.
const MIN_S: u32 = 120;
/// Fewest rows before the test part: an eighth of them, which chooses the parameters of the baselines,
/// is twice as long as a forecast then.
const FEWEST_BEFORE: usize = 16 * STEPS;

/// Seed of the pool that is played where a file holds arrivals alone.
const POOL_SEED: u64 = 1;

/// Which rows judge.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum TestPart {
    /// Those from this moment on.
    From(UnixSeconds),
    /// The last ones, this share of all.
    Last(f64),
}

/// A series to be judged on.
#[derive(Clone, Debug)]
pub struct TestSeries {
    /// The file, as the user gave it.
    pub name: String,
    /// Its intervals, without a hole.
    pub rows: Vec<Interval>,
    /// What is planned, row by row; it may go on after the last interval. Baselines do not know it.
    pub plans: Vec<Plan>,
    /// Further columns, where they were asked for, row by row; they may go on as well. No forecaster knows them.
    pub extras: Vec<Extra>,
    /// Length of an interval.
    pub length: IntervalLength,
    /// Fingerprint of what was read, as on the cards of models that were trained on it.
    pub source: String,
    /// The first row of the test part.
    pub from: usize,
    /// Rows from one origin to the next.
    pub stride: usize,
}

impl TestSeries {
    /// Reads a file.
    ///
    /// # Errors
    /// If it cannot be read, or has too few rows before the test part or in it.
    pub fn read(path: &Path, options: &ReadOptions, part: TestPart, stride: usize) -> Result<Self> {
        let series = file::read(path, options)?;
        Self::new(&path.display().to_string(), &series, part, stride)
    }

    /// The same for a series that was read or made.
    ///
    /// # Errors
    /// If it has too few rows before the test part or in it.
    pub fn new(name: &str, series: &Series, part: TestPart, stride: usize) -> Result<Self> {
        let source = series.fingerprint();
        let length = IntervalLength::new(series.length_s.max(MIN_S))?;
        let series = series.resample(length);
        // Rows behind the last measurement say what is planned; they are not to be judged.
        let rows = series.rows[..series.measured()].to_vec();
        let length_s = i64::from(length.seconds());
        let start = |row: usize| rows.get(row).map_or(0, |row| row.end.0 - length_s);
        let from = match part {
            TestPart::Last(share) => rows.len() - (rows.len() as f64 * share) as usize,
            TestPart::From(time) => {
                let last = rows.len().saturating_sub(1);
                ensure!(
                    (start(0)..=start(last)).contains(&time.0),
                    "{name}: --from {} lies outside the file, whose rows begin at {} to {}",
                    shown(time.0),
                    shown(start(0)),
                    shown(start(last))
                );
                rows.partition_point(|row| row.end.0 - length_s < time.0)
            }
        };
        ensure!(
            from >= FEWEST_BEFORE,
            "{name}: {from} rows before the test part, which begins at {}, are too few to learn \
             from: it takes {FEWEST_BEFORE}; let it begin later (--from, --test-fraction) or give \
             a longer file",
            shown(start(from))
        );
        let left = rows.len() - from;
        ensure!(
            left > STEPS,
            "{name}: {left} rows in the test part, which begins at {}, are too few: a forecast is \
             judged by the {STEPS} rows after its origin; let it begin earlier",
            shown(start(from))
        );
        let known = rows[..from].iter().any(|row| row.arrivals_events.is_some());
        ensure!(known, "{name}: no count is known before {}", shown(start(from)));
        let Series { plans, extras, .. } = series;
        let (name, stride) = (name.into(), stride.max(1));
        Ok(Self { name, rows, plans, extras, length, source, from, stride })
    }

    /// The test part of a run's own series.
    #[must_use]
    pub fn of(track: &Track, stride: usize) -> Self {
        Self {
            name: track.name.clone(),
            rows: track.rows.clone(),
            plans: track.plans.clone(),
            extras: Vec::new(),
            length: track.length,
            source: String::new(),
            from: track.test_from,
            stride: stride.max(1),
        }
    }

    /// Its rows as a live worker tells them: with the columns that were recorded, or else with those of
    /// a pool that works on the arrivals.
    #[must_use]
    pub fn live(&self) -> Vec<Interval> {
        with_pool(&self.rows, self.length, &mut ChaCha8Rng::seed_from_u64(POOL_SEED))
    }

    /// Its rows with arrivals alone.
    #[must_use]
    pub fn arrivals_alone(&self) -> Vec<Interval> {
        let alone = |row: &Interval| Interval {
            arrivals_events: row.arrivals_events,
            ..Interval::missing(row.end)
        };
        self.rows.iter().map(alone).collect()
    }

    /// What tells its rows from others'.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let rows = self.rows.iter().map(|row| format!("{row:?}"));
        let text = rows.chain(self.plans.iter().map(|plan| format!("{plan:?}")));
        sha256_hex(text.collect::<String>().as_bytes())
    }

    /// Rows that are forecast from: each is followed by as many as are forecast, so that all
    /// horizons are judged from the same origins.
    pub fn origins(&self) -> impl Iterator<Item = usize> {
        (self.from..self.rows.len().saturating_sub(STEPS)).step_by(self.stride)
    }

    /// When the test part begins, as text.
    #[must_use]
    pub fn begins(&self) -> String {
        let length_s = i64::from(self.length.seconds());
        self.rows.get(self.from).map_or_else(String::new, |row| shown(row.end.0 - length_s))
    }

    /// Minutes of an interval.
    #[must_use]
    pub fn minutes(&self) -> f64 {
        f64::from(self.length.seconds()) / 60.0
    }
}

fn shown(seconds: i64) -> String {
    jiff::Timestamp::from_second(seconds)
        .map_or_else(|_| format!("{seconds} s"), |time| time.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Five-minute rows from 1970-01-01 on.
    fn series(rows: i64) -> Series {
        let row = |k: i64| Interval {
            arrivals_events: Some(5.0),
            ..Interval::missing(UnixSeconds(300 * (k + 1)))
        };
        let rows = (0..rows).map(row).collect();
        Series { start: UnixSeconds(0), length_s: 300, rows, ..Series::default() }
    }

    fn error(rows: i64, part: TestPart) -> String {
        TestSeries::new("a.csv", &series(rows), part, 7).unwrap_err().to_string()
    }

    #[test]
    fn the_last_fifth_judges() {
        let test = TestSeries::new("a.csv", &series(1000), TestPart::Last(0.2), 7).unwrap();
        let origins: Vec<usize> = test.origins().collect();
        assert_eq!((test.from, origins[0], origins[1]), (800, 800, 807));
        // 975 is the last row with 24 after it.
        assert_eq!(origins.last(), Some(&975));
        let from = TestPart::From(UnixSeconds(300 * 800 - 299));
        let test = TestSeries::new("a.csv", &series(1000), from, 7).unwrap();
        assert_eq!((test.from, test.begins()), (800, "1970-01-03T18:40:00Z".into()));
    }

    #[test]
    fn what_cannot_judge_says_why() {
        insta::assert_snapshot!(error(400, TestPart::Last(0.2)), @"a.csv: 320 rows before the test part, which begins at 1970-01-02T02:40:00Z, are too few to learn from: it takes 384; let it begin later (--from, --test-fraction) or give a longer file");
        insta::assert_snapshot!(error(1000, TestPart::Last(0.01)), @"a.csv: 10 rows in the test part, which begins at 1970-01-04T10:30:00Z, are too few: a forecast is judged by the 24 rows after its origin; let it begin earlier");
        insta::assert_snapshot!(error(1000, TestPart::From(UnixSeconds(1_751_328_000))), @"a.csv: --from 2025-07-01T00:00:00Z lies outside the file, whose rows begin at 1970-01-01T00:00:00Z to 1970-01-04T11:15:00Z");
        insta::assert_snapshot!(error(1000, TestPart::From(UnixSeconds(-300))), @"a.csv: --from 1969-12-31T23:55:00Z lies outside the file, whose rows begin at 1970-01-01T00:00:00Z to 1970-01-04T11:15:00Z");
    }
}
