//! From a file to a series.

use super::cadence::Cadence;
use super::extras::ExtraTimes;
use super::grid::{self, Rules};
use super::header::Sample;
use super::irregular::irregular;
use super::layout::Layout;
use super::options::ReadOptions;
use super::pivot::Pivot;
use super::rows::{self, Rows, events};
use super::sheet::Sheet;
use super::shown::shown;
use super::source::Source;
use super::suspect;
use super::tracks::Tracks;
use crate::column::Column;
use crate::error::DataError;
use crate::series::Series;
use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::Path;

/// Fewest rows from which an interval can be told.
const FEWEST_ROWS: usize = 3;

impl Series {
    /// Reads a file of event counts as [`Series::read_csv_with`] does, without options.
    ///
    /// # Errors
    /// As for [`Series::read_csv_with`].
    pub fn read_csv(path: &Path) -> Result<Series, DataError> {
        Series::read_csv_with(path, &ReadOptions::default())
    }

    /// Reads a file of event counts in any layout that [`crate::csv`] knows. Times are the starts of
    /// the intervals; without a zone they are taken as UTC. Rows at the end that hold no measurement
    /// may say what is planned.
    ///
    /// # Errors
    /// If the file cannot be read, or something in it is wrong or may be read in two ways: see
    /// [`DataError`].
    pub fn read_csv_with(path: &Path, options: &ReadOptions) -> Result<Series, DataError> {
        let name = path.display().to_string();
        let unreadable = |source: io::Error| match source.kind() {
            ErrorKind::NotFound => DataError::NotFound { file: name.clone() },
            _ => DataError::Unreadable { file: name.clone(), source },
        };
        let about = path.metadata().map_err(unreadable)?;
        let open = || File::open(path);
        if !about.is_file() {
            // A pipe gives what it has once.
            return Series::from_reader_with(&name, open().map_err(unreadable)?, options);
        }
        // What is written to it meanwhile is not read: each look sees the same.
        let open = || Ok(Box::new(open()?.take(about.len())) as Box<dyn Read>);
        Series::from_source_with(&name, &open, options)
    }

    /// Reads text that can be gone through more than once, however much it is: `open` gives it from its start.
    /// `name` stands for the file in messages. Rows are held, unless each of them is one event: those are counted
    /// as they are read.
    ///
    /// # Errors
    /// As for [`Series::read_csv_with`].
    pub fn from_source_with(
        name: &str,
        open: &dyn Fn() -> io::Result<Box<dyn Read>>,
        options: &ReadOptions,
    ) -> Result<Series, DataError> {
        read(name, Source::open(name, open)?, options)
    }

    /// Reads text from anywhere, without options. `name` stands for the file in messages.
    ///
    /// # Errors
    /// As for [`Series::read_csv_with`].
    pub fn from_reader(name: &str, reader: impl Read) -> Result<Series, DataError> {
        Series::from_reader_with(name, reader, &ReadOptions::default())
    }

    /// Reads text from anywhere, and holds it. `name` stands for the file in messages.
    ///
    /// # Errors
    /// As for [`Series::read_csv_with`].
    pub fn from_reader_with(
        name: &str,
        reader: impl Read,
        options: &ReadOptions,
    ) -> Result<Series, DataError> {
        read(name, Source::hold(name, reader)?, options)
    }
}

/// Reads a series.
fn read(file: &str, source: Source<'_>, options: &ReadOptions) -> Result<Series, DataError> {
    let sheet = Sheet::of(file, source)?;
    let sample = Sample::of(&sheet)?;
    let Content { mut rows, time_field, time_name, counts_rows, planned, arrivals, notes } =
        Content::read(&sheet, &sample, options)?;
    let name = |line: u64| {
        let text = sheet.record_on(line).map(|record| shown(record.cell(time_field)));
        (sheet.place(line, &time_name), text.unwrap_or_default())
    };
    let read = if counts_rows { events(&rows.rows) } else { rows.rows.len() };
    if read < FEWEST_ROWS {
        return Err(DataError::TooFewRows { file: file.into(), rows: read, needed: FEWEST_ROWS });
    }
    if rows.rows.iter().all(|row| row.arrivals.is_none()) {
        let (line, name) = arrivals;
        return Err(DataError::NoArrivals { at: sheet.place(line, &name) });
    }
    let (unit, naive) = (rows.unit, rows.naive);
    let moments = rows.rows.iter().map(|row| (row.time_ms, row.line));
    let extras = ExtraTimes::of(std::mem::take(&mut rows.extras), moments);
    let mut all_notes = sheet.notes().to_vec();
    all_notes.extend(notes);
    all_notes.extend(rows.notes.iter().chain(&extras.notes).cloned());
    let tracks = Tracks::of(rows, counts_rows, options, &name)?;
    all_notes.extend(tracks.notes.iter().cloned());
    let rules = Rules { unit, counts_rows, planned, extras: &extras, options };
    let mut series = grid::regular(&tracks, rules, &name)?;
    all_notes.append(&mut series.notes);
    if !counts_rows && let Some(step_ms) = Cadence::of(tracks.iter()).and_then(Cadence::step_ms) {
        all_notes.extend(suspect::notes(&tracks, unit, naive, step_ms, options));
    }
    series.notes = all_notes;
    Ok(series)
}

/// What a file holds, whatever its layout.
struct Content {
    rows: Rows,
    /// Where times are, for messages.
    time_field: usize,
    time_name: String,
    /// Whether each row is one event.
    counts_rows: bool,
    planned: bool,
    /// Line and name of the column of arrivals.
    arrivals: (u64, String),
    notes: Vec<String>,
}

impl Content {
    fn read(sheet: &Sheet<'_>, sample: &Sample, options: &ReadOptions) -> Result<Self, DataError> {
        if let Some(pivot) = Pivot::find(sample) {
            if let Some(wanted) = options.extras.named.first().cloned() {
                let (file, found) = (sheet.file.clone(), "a column for each interval".into());
                return Err(DataError::NoSuchColumn { file, line: 1, wanted, found });
            }
            let rows = pivot.read(sheet, options)?;
            return Ok(Self {
                rows,
                time_field: 0,
                time_name: String::new(),
                counts_rows: false,
                planned: false,
                arrivals: (1, String::new()),
                notes: Vec::new(),
            });
        }
        let layout = Layout::find(sheet, sample, options).map_err(|error| match error {
            DataError::SeveralColumns { .. } => as_events(sheet, sample, options).unwrap_or(error),
            _ => error,
        })?;
        let rows = rows::read(sheet, &layout, options)?;
        let is_plan = |column: &Column| Column::PLANNED.contains(column);
        let time_field = layout.time.first();
        let arrivals = layout.arrivals.first().map_or("", |k| layout.header.name(*k));
        Ok(Self {
            rows,
            time_field,
            time_name: layout.header.name(time_field).into(),
            counts_rows: layout.arrivals.is_empty(),
            planned: layout.others.iter().any(|(column, _)| is_plan(column)),
            arrivals: (layout.header.line.unwrap_or(1), arrivals.into()),
            notes: layout.notes,
        })
    }
}

/// Where no column is surely the arrivals and rows come at any time, each row may be an event: then
/// that is what there is to say.
fn as_events(sheet: &Sheet<'_>, sample: &Sample, options: &ReadOptions) -> Option<DataError> {
    let counting = ReadOptions { count_rows: true, column: Vec::new(), ..options.clone() };
    let layout = Layout::find(sheet, sample, &counting).ok()?;
    let mut rows = rows::read_each(sheet, &layout, &counting).ok()?.rows;
    rows.sort_by_key(|row| row.time_ms);
    let cadence = Cadence::of(std::iter::once(rows.as_slice()))?;
    let field = layout.time.first();
    let at = sheet.place(rows.first()?.line, layout.header.name(field));
    (cadence == Cadence::Irregular).then(|| irregular(rows.as_slice(), at))
}
