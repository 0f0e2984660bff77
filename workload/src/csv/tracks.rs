//! The rows of a file parted into series, each in order of time and with one row a time.

use super::cadence::{self, Cadence};
use super::counter;
use super::irregular::irregular;
use super::options::{Duplicates, Fill, ReadOptions};
use super::row::Row;
use super::rows::{Jump, Rows};
use super::shown::shown;
use crate::error::DataError;
use scaleiq_core::sample::MAX_VALUE;

const HOUR_MS: i64 = 3_600_000;
/// Clocks go back at night, between midnight and this hour.
const NIGHT_MS: i64 = 4 * HOUR_MS;
/// Times have as many rows each in a file of several series: this share of them, at least.
const EVEN: f64 = 0.9;
/// Of a log's times more than this share have several rows.
const LOG: f64 = 0.1;
/// Most names in a note.
const MAX_NAMED: usize = 5;

/// Names a place and a time for a line of the file.
pub(super) type Names<'a> = &'a dyn Fn(u64) -> (crate::error::Place, String);

/// The series of a file.
#[derive(Clone, Debug, Default)]
pub(super) struct Tracks {
    rows: Vec<Row>,
    pub(super) notes: Vec<String>,
}

impl Tracks {
    /// Parts, sorts and unites rows.
    ///
    /// # Errors
    /// If two rows contradict each other, or a wall clock was set back.
    pub(super) fn of(
        rows: Rows,
        counts_rows: bool,
        options: &ReadOptions,
        names: Names<'_>,
    ) -> Result<Self, DataError> {
        let Rows { mut rows, labels, newest_first, jumps, naive, .. } = rows;
        let mut tracks = Self::default();
        let unsorted = !rows.is_sorted_by_key(|row| row.time_ms);
        if counts_rows || !tells_apart(&rows, &labels) {
            rows.iter_mut().for_each(|row| row.series = 0);
        }
        if newest_first {
            rows.reverse();
            tracks.notes.push("the newest row came first: rows were sorted by time".into());
        } else if unsorted && rows.iter().all(|row| row.series == 0) {
            tracks.notes.push("rows were sorted by time".into());
        }
        rows.sort_by_key(|row| (row.series, row.time_ms));
        tracks.rows = rows;
        if counts_rows {
            return Ok(tracks);
        }
        tracks.refuse_changed_clock(&jumps, names)?;
        tracks.unite(naive, options, names)?;
        tracks.name(&labels);
        if options.fill == Some(Fill::Missing) {
            for row in tracks.rows.iter_mut().filter(|row| row.arrivals == Some(0.0)) {
                row.arrivals = None;
            }
        }
        if options.counter {
            tracks.count(names)?;
        }
        Ok(tracks)
    }

    /// All rows, by series and time.
    pub(super) fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// The rows of each series.
    pub(super) fn iter(&self) -> impl Iterator<Item = &[Row]> + Clone {
        self.rows.chunk_by(|a, b| a.series == b.series)
    }

    /// A clock without a zone that repeats an hour: nothing tells the first from the second.
    fn refuse_changed_clock(&self, jumps: &[Jump], names: Names<'_>) -> Result<(), DataError> {
        let series = self.iter().count();
        let Some(step_ms) = cadence::median_step_ms(self.iter()) else { return Ok(()) };
        let an_hour = |jump: &&Jump| {
            jump.back_ms > 0 && (jump.back_ms + step_ms - HOUR_MS).abs() <= step_ms / 10
        };
        let at_night = |jump: &&Jump| {
            let on = |row: &&Row| row.line == jump.line || row.line == jump.previous;
            self.rows.iter().filter(on).all(|row| row.time_ms.rem_euclid(24 * HOUR_MS) < NIGHT_MS)
        };
        // A shuffled file has many steps back, and some of them of any size.
        let few = jumps.len() <= 8 * series;
        match jumps.iter().filter(|_| few).filter(an_hour).find(at_night) {
            Some(jump) => Err(clock_change(jump.line, jump.previous, names)),
            None => Ok(()),
        }
    }

    /// Makes rows of one series and time one.
    fn unite(
        &mut self,
        naive: bool,
        options: &ReadOptions,
        names: Names<'_>,
    ) -> Result<(), DataError> {
        let same = |a: &Row, b: &Row| (a.series, a.time_ms) == (b.series, b.time_ms);
        let equal = |a: &Row, b: &Row| *a == Row { line: a.line, ..*b };
        let conflict = self
            .rows
            .windows(2)
            .find(|pair| same(&pair[0], &pair[1]) && !equal(&pair[0], &pair[1]));
        let conflict = conflict.map(|pair| (pair[0].line, pair[1].line));
        let unnamed = self.iter().count() == 1;
        if options.duplicates.is_none()
            && (self.is_log() || conflict.is_some() && self.is_irregular())
        {
            let line = self.rows.iter().map(|row| row.line).min().unwrap_or(1);
            return Err(irregular(&self.rows, names(line).0));
        }
        let before = self.rows.len();
        let how = match (conflict, options.duplicates) {
            (None, _) => None,
            (Some(_), Some(how)) => Some(how),
            (Some(_), None) if unnamed && self.is_even() => {
                let each = self.rows.chunk_by(same).next().map_or(0, <[Row]>::len);
                self.notes.push(format!("each time has {each} rows: they were summed"));
                Some(Duplicates::Sum)
            }
            (Some((a, b)), None) => {
                let (line, previous) = (a.max(b), a.min(b));
                let night = |row: &Row| row.time_ms.rem_euclid(24 * HOUR_MS) < NIGHT_MS;
                let at_night = self.rows.iter().find(|row| row.line == line).is_some_and(night);
                let hourly = cadence::median_step_ms(self.iter()).is_some_and(|ms| ms <= HOUR_MS);
                let repeated = self.rows.chunk_by(same).filter(|rows| rows.len() > 1).count();
                if naive && at_night && hourly && repeated <= 60 {
                    return Err(clock_change(line, previous, names));
                }
                let ((at, text), (_, before)) = (names(line), names(previous));
                return Err(DataError::DuplicateTime { at, text, previous, before });
            }
        };
        let united = self.rows.chunk_by(same).filter_map(|rows| {
            let last = rows.last().copied();
            match how {
                Some(Duplicates::Sum) => rows.iter().copied().reduce(Row::and),
                Some(Duplicates::Last) => rows.iter().copied().max_by_key(|row| row.line),
                None => last,
            }
        });
        self.rows = united.collect();
        let repeated = before - self.rows.len();
        if repeated > 0 && how.is_none() {
            self.notes
                .push(format!("{repeated} rows were there twice, all the same, and count once"));
        }
        Ok(())
    }

    /// Whether the times come as those of events do, each of them once.
    fn is_irregular(&self) -> bool {
        let mut once = self.rows.clone();
        once.dedup_by_key(|row| (row.series, row.time_ms));
        let tracks = once.chunk_by(|a, b| a.series == b.series);
        Cadence::of(tracks) == Some(Cadence::Irregular)
    }

    /// Whether rows are events, written down to the second or minute: many times have several, and
    /// not all the same number.
    fn is_log(&self) -> bool {
        let groups = || {
            let same = |a: &Row, b: &Row| (a.series, a.time_ms) == (b.series, b.time_ms);
            self.rows.chunk_by(same).map(<[Row]>::len)
        };
        let several = groups().filter(|len| *len > 1).count() as f64;
        !self.is_even() && groups().any(|len| len > 2) && several > LOG * groups().count() as f64
    }

    /// Whether nearly all times have the same number of rows, above one.
    fn is_even(&self) -> bool {
        let groups = || self.rows.chunk_by(|a, b| a.time_ms == b.time_ms).map(<[Row]>::len);
        let Some(first) = groups().max() else { return false };
        let even = groups().filter(|len| *len == first).count() as f64;
        first > 1 && even >= EVEN * groups().count() as f64
    }

    /// Tells which series are summed.
    fn name(&mut self, labels: &[String]) {
        let series: Vec<u32> =
            self.iter().filter_map(|rows| rows.first()).map(|row| row.series).collect();
        if series.len() > 1 {
            let named =
                series.iter().take(MAX_NAMED).filter_map(|series| labels.get(*series as usize));
            let mut named: Vec<String> = named.map(|label| format!("`{}`", shown(label))).collect();
            if series.len() > MAX_NAMED {
                named.push("...".into());
            }
            self.notes.push(format!(
                "{} series were summed ({}): --series NAME reads one alone",
                series.len(),
                named.join(", ")
            ));
        }
    }

    /// Makes running totals counts.
    fn count(&mut self, names: Names<'_>) -> Result<(), DataError> {
        let step_ms = cadence::median_step_ms(self.iter()).unwrap_or(1);
        let mut out = Vec::with_capacity(self.rows.len());
        let falls: usize =
            self.iter().map(|rows| counter::increases(rows, step_ms, &mut out)).sum();
        if let Some(row) = out.iter().find(|row| row.arrivals.is_some_and(|a| a > MAX_VALUE)) {
            let (at, _) = names(row.line);
            let text = row.arrivals.unwrap_or_default().to_string();
            return Err(DataError::TooLarge { at, text });
        }
        self.notes
            .push(format!("a running total was read as its increases; it fell {falls} times"));
        self.rows = out;
        Ok(())
    }
}

fn clock_change(line: u64, previous: u64, names: Names<'_>) -> DataError {
    let ((at, text), (_, before)) = (names(line), names(previous));
    DataError::ClockWentBack { at, text, previous, before }
}

/// Whether labels tell series apart: some time has rows of more than one, or else the rows of all
/// together are no regular series.
fn tells_apart(rows: &[Row], labels: &[String]) -> bool {
    if labels.len() < 2 {
        return false;
    }
    let mut all = rows.to_vec();
    all.iter_mut().for_each(|row| row.series = 0);
    all.sort_by_key(|row| row.time_ms);
    let once = all.windows(2).all(|pair| pair[0].time_ms < pair[1].time_ms);
    let regular = !matches!(Cadence::of(std::iter::once(all.as_slice())), Some(Cadence::Irregular));
    !(once && regular)
}
