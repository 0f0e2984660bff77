//! What a Prometheus server knows, as a CSV file that grows: each page is in the file before the next one is asked
//! for, and the same command goes on behind the last row.

use super::prometheus::Prometheus;
use crate::runtime::files::FileError;
use anyhow::{Context as _, Result, bail, ensure};
use scaleiq_core::interval::{Interval, IntervalLength};
use scaleiq_core::units::UnixSeconds;
use scaleiq_workload::{Series, promql};
use std::fs::{File, OpenOptions};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};

/// What is asked for, in PromQL, each for one series.
#[derive(Clone, Debug)]
pub struct Queries {
    /// Events a second that arrived.
    pub arrived: String,
    /// Mean work of an event in milliseconds.
    pub work_ms: Option<String>,
    /// Events that waited.
    pub waiting: Option<String>,
}

/// A file of fetched intervals, which no other process fetches into meanwhile.
#[derive(Debug)]
pub struct Fetched {
    path: PathBuf,
    file: File,
    length: IntervalLength,
    /// When the next interval of the file ends; `None` while it has none.
    next: Option<UnixSeconds>,
}

/// What was fetched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Intervals that were written.
    pub intervals: usize,
    /// Intervals among them of which no arrivals are known.
    pub unknown: usize,
}

impl Fetched {
    /// Begins the file, or goes on with it. A last line that was cut off goes.
    ///
    /// # Errors
    /// If it cannot be written, is another's, or has intervals of another length.
    pub fn open(path: &Path, length: IntervalLength) -> Result<Self> {
        let mut options = OpenOptions::new();
        let file = options.read(true).append(true).create(true).open(path);
        let file = file.map_err(FileError::of("open", path))?;
        let is_alone = file.try_lock().is_ok();
        ensure!(is_alone, "another process fetches into {}", path.display());
        let mut fetched = Self { path: path.into(), file, length, next: None };
        fetched.find_end()?;
        Ok(fetched)
    }

    /// When its next interval ends; `None` while it has none.
    #[must_use]
    pub fn next(&self) -> Option<UnixSeconds> {
        self.next
    }

    /// Asks for the intervals that end at the moments of `span`. Those before the first that is known, and after the
    /// last, are not written: they may be known another time.
    ///
    /// # Errors
    /// If the server does not answer, or the file cannot be written; what came before is in it.
    pub fn fetch(
        &mut self,
        server: &Prometheus,
        queries: &Queries,
        span: [UnixSeconds; 2],
    ) -> Result<Tally> {
        let mut tally = Tally::default();
        for page in promql::pages(span, self.step_s()) {
            let arrived = server.range(&queries.arrived, page, self.step_s())?;
            let (Some((first, _)), Some((last, _))) = (arrived.first(), arrived.last()) else {
                continue;
            };
            let mut rows = self.missing(self.next.unwrap_or(*first), *last);
            // What a rate is at a moment is what came in the time before it.
            let length_s = f64::from(self.length.seconds());
            self.put(&mut rows, &arrived, |row, rate| {
                row.arrivals_events = Some(rate * length_s as f32)
            });
            if let Some(query) = &queries.work_ms {
                let work = server.range(query, page, self.step_s())?;
                self.put(&mut rows, &work, |row, ms| row.work_ms = Some(ms));
            }
            if let Some(query) = &queries.waiting {
                let waiting = server.range(query, page, self.step_s())?;
                self.put(&mut rows, &waiting, |row, events| row.backlog_events = Some(events));
            }
            tally.unknown += rows.iter().filter(|row| row.arrivals_events.is_none()).count();
            tally.intervals += rows.len();
            self.append(rows)?;
            self.next = Some(last.plus(self.step_s()));
        }
        Ok(tally)
    }

    fn step_s(&self) -> i64 {
        i64::from(self.length.seconds())
    }

    fn missing(&self, first: UnixSeconds, last: UnixSeconds) -> Vec<Interval> {
        let count = last.since(first) / self.step_s() + 1;
        (0..count).map(|k| Interval::missing(first.plus(k * self.step_s()))).collect()
    }

    fn put(
        &self,
        rows: &mut [Interval],
        points: &[(UnixSeconds, f64)],
        into: impl Fn(&mut Interval, f32),
    ) {
        let Some(first) = rows.first().map(|row| row.end) else { return };
        for (at, value) in points {
            let place = usize::try_from(at.since(first) / self.step_s()).ok();
            let row = place.filter(|_| *at >= first).and_then(|place| rows.get_mut(place));
            row.into_iter().for_each(|row| into(row, *value as f32));
        }
    }

    fn append(&mut self, rows: Vec<Interval>) -> Result<()> {
        let text = self.text(rows)?;
        let rows = text.split_once('\n').map_or("", |(_, rows)| rows);
        let written = self.file.write_all(rows.as_bytes()).and_then(|()| self.file.sync_data());
        Ok(written.map_err(FileError::of("write", &self.path))?)
    }

    /// Rows as the file has them, below the names of the columns.
    fn text(&self, rows: Vec<Interval>) -> Result<String> {
        let mut text = Vec::new();
        let series = Series { length_s: self.length.seconds(), rows, ..Series::default() };
        series.to_writer(&self.path.display().to_string(), &mut text)?;
        Ok(String::from_utf8(text)?)
    }

    /// Finds where the file goes on, and writes the names of the columns into an empty one.
    fn find_end(&mut self) -> Result<()> {
        let header = self.text(Vec::new())?;
        let (mut whole, mut number, mut starts) = (0, 0, [None, None]);
        let mut lines = BufReader::new(&self.file);
        let mut line = String::new();
        while lines.read_line(&mut line).map_err(FileError::of("read", &self.path))? > 0 {
            if !line.ends_with('\n') {
                break;
            }
            (whole, number) = (whole + line.len() as u64, number + 1);
            let place = || format!("{}, line {number}", self.path.display());
            if number == 1 {
                ensure!(line == header, "{}: it was not fetched: name another --out", place());
            } else {
                starts = [starts[1], Some(start_of(&line).with_context(place)?)];
            }
            line.clear();
        }
        drop(lines);
        let written = self.file.set_len(whole).and_then(|()| match whole {
            0 => self.file.write_all(header.as_bytes()),
            _ => Ok(()),
        });
        written.map_err(FileError::of("write", &self.path))?;
        if let [Some(before), Some(last)] = starts
            && last.since(before) != self.step_s()
        {
            let step_s = last.since(before);
            bail!("{} has intervals of {step_s} s: say --step {step_s}", self.path.display());
        }
        // An interval's row is told by its start.
        self.next = starts[1].map(|start| start.plus(2 * self.step_s()));
        Ok(())
    }
}

/// The time that a row begins with.
fn start_of(row: &str) -> Result<UnixSeconds> {
    let time = row.split(',').next().unwrap_or_default();
    let time: jiff::Timestamp = time.parse().with_context(|| format!("`{time}` is no time"))?;
    Ok(UnixSeconds(time.as_second()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(path: &Path, seconds: u32) -> Result<Fetched> {
        Fetched::open(path, IntervalLength::new(seconds).unwrap())
    }

    #[test]
    fn a_file_goes_on_behind_its_last_whole_row() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        let mut fetched = open(&path, 60).unwrap();
        assert_eq!(fetched.next(), None);
        let rows = fetched.missing(UnixSeconds(120), UnixSeconds(240));
        fetched.append(rows).unwrap();
        assert_eq!(
            open(&path, 60).unwrap_err().to_string(),
            format!("another process fetches into {}", path.display())
        );
        drop(fetched);
        let whole = std::fs::read_to_string(&path).unwrap();
        assert!(whole.ends_with("1970-01-01T00:03:00Z,,,,,\n"), "{whole}");
        std::fs::write(&path, format!("{whole}1970-01-01T00:04")).unwrap();
        assert_eq!(open(&path, 60).unwrap().next(), Some(UnixSeconds(300)));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), whole);
    }

    #[test]
    fn what_is_no_such_file_stays_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        let error = |text: &str, seconds| {
            std::fs::write(&path, text).unwrap();
            let error = format!("{:#}", open(&path, seconds).unwrap_err());
            assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
            error.replace(&path.display().to_string(), "a.csv")
        };
        let header = open(&folder.path().join("b.csv"), 60).unwrap().text(Vec::new()).unwrap();
        assert_eq!(
            error("time,value\n1,2\n", 60),
            "a.csv, line 1: it was not fetched: name another --out"
        );
        let rows = format!("{header}1970-01-01T00:00:00Z,\n1970-01-01T00:05:00Z,\n");
        assert_eq!(error(&rows, 60), "a.csv has intervals of 300 s: say --step 300");
        assert!(
            error(&format!("{header}today,\n"), 60)
                .starts_with("a.csv, line 2: `today` is no time")
        );
    }
}
