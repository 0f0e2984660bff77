//! The line that names the columns, wherever it stands.

use super::sheet::{Record, Sheet};
use super::{names, number, time};
use crate::error::DataError;
use std::collections::BTreeMap;

/// Records from the start that show a file's layout.
const SAMPLE: usize = 1000;
/// How far above the data the names may stand, with a line of units between.
const REACH: usize = 3;

/// The first records of a file.
#[derive(Clone, Debug, Default)]
pub(super) struct Sample {
    pub(super) records: Vec<Record>,
    /// The last comment before the first of them.
    pub(super) comment: Option<Record>,
}

impl Sample {
    pub(super) fn of(sheet: &Sheet<'_>) -> Result<Self, DataError> {
        let mut sample = Sample::default();
        let mut records = sheet.records()?;
        let mut record = Record::default();
        while sample.records.len() < SAMPLE && records.read(&mut record)? {
            if !record.is_comment() {
                sample.records.push(record.clone());
            } else if sample.records.is_empty() {
                sample.comment = Some(record.clone());
            }
        }
        Ok(sample)
    }

    /// The commonest number of fields.
    fn width(&self) -> usize {
        let mut lengths: BTreeMap<usize, usize> = BTreeMap::new();
        for record in &self.records {
            *lengths.entry(record.len()).or_default() += 1;
        }
        lengths.into_iter().max_by_key(|(length, count)| (*count, *length)).map_or(0, |(l, _)| l)
    }
}

/// The names of the columns, and where the rows begin.
#[derive(Clone, Debug)]
pub(super) struct Header {
    /// Names as the file spells them; `column 1` and so on where it has none.
    pub(super) names: Vec<String>,
    /// The line of the names, if there is one.
    pub(super) line: Option<u64>,
    /// The first row's place in the sample, and the row.
    pub(super) data_from: usize,
    pub(super) first: Option<Record>,
}

impl Header {
    /// Finds the names: above the first row that holds a time where others do, or, where nothing is
    /// a time, the first line that names one.
    pub(super) fn find(sheet: &Sheet<'_>, sample: &Sample) -> Result<Self, DataError> {
        if sample.records.is_empty() {
            return Err(DataError::Empty { file: sheet.file.clone() });
        }
        let width = sample.width();
        let found = match first_row(&sample.records, width) {
            Some(first) => Self::above(sample, first, width),
            None => Self::by_name(&sample.records),
        };
        let header = found.ok_or_else(|| {
            let cells = sample.records.first().map(Record::cells).into_iter().flatten();
            let found = super::shown::shown_names(cells);
            let line = sample.records.first().map_or(1, |record| record.line);
            DataError::NoTimes { file: sheet.file.clone(), line, found }
        })?;
        if header.first.is_none() {
            return Err(DataError::HeaderOnly { file: sheet.file.clone() });
        }
        Ok(header)
    }

    fn above(sample: &Sample, first: usize, width: usize) -> Option<Self> {
        let above = || sample.records.get(..first).unwrap_or_default().iter().rev();
        let fits = |record: &&Record| record.len() <= width + 1 && has_names(record);
        let named = above().take(REACH).filter(fits).find(|record| names_time(record));
        let header = named.or_else(|| above().next().filter(fits).filter(|r| r.len() >= width));
        // Of the lines above data without a header, that of labels names the columns.
        let labelled = || above().find(|r| r.len() == width && names::names_columns(r.cell(0)));
        let commented = || sample.comment.as_ref().filter(|comment| comment.len() == width);
        let row = sample.records.get(first)?;
        let header = header.or_else(labelled).or_else(commented);
        let names = match header {
            Some(record) => names_of(record, width),
            None => (1..=row.len()).map(|number| format!("column {number}")).collect(),
        };
        let line = header.map(|record| record.line);
        Some(Self { names, line, data_from: first, first: Some(row.clone()) })
    }

    fn by_name(records: &[Record]) -> Option<Self> {
        let at = records.iter().position(|record| has_names(record) && names_time(record));
        let at =
            at.or_else(|| records.first().filter(|r| has_names(r) && r.len() > 1).map(|_| 0))?;
        let record = records.get(at)?;
        let first = records.get(at + 1).cloned();
        Some(Self { names: names_of(record, 0), line: Some(record.line), data_from: at + 1, first })
    }

    /// The name of a field.
    pub(super) fn name(&self, field: usize) -> &str {
        self.names.get(field).map_or("", String::as_str)
    }
}

/// The first record of the usual length with a time in a column that mostly holds times.
fn first_row(records: &[Record], width: usize) -> Option<usize> {
    let usual = || records.iter().enumerate().filter(|(_, record)| record.len() == width);
    let rows = usual().count();
    let is_time = |field: usize, record: &Record| time::may_be(record.cell(field));
    let mostly = |field: &usize| 2 * usual().filter(|(_, r)| is_time(*field, r)).count() >= rows;
    let columns: Vec<usize> = (0..width).filter(mostly).collect();
    // A row between others may lack its time, but the first one shows where they begin.
    usual().find(|(_, r)| columns.iter().any(|k| is_time(*k, r))).map(|(index, _)| index)
}

/// Whether a record may name columns: no number, no time, and something.
fn has_names(record: &Record) -> bool {
    record.cells().all(|cell| !number::is_bare(cell) && !time::is_written(cell))
        && record.cells().any(|cell| !number::is_null(cell))
}

fn names_time(record: &Record) -> bool {
    record.cells().any(|cell| names::time_rank(cell.trim_start_matches('#').trim()) > 0)
}

fn names_of(record: &Record, width: usize) -> Vec<String> {
    let bare = |cell: &str| cell.trim_start_matches('#').trim().to_string();
    let mut names: Vec<String> = record.cells().map(bare).collect();
    names.resize(names.len().max(width), String::new());
    names
}
