//! The records of a file, each with its line.

use super::decode::Encoded;
use super::dialect::{self, Dialect};
use super::source::Source;
use super::tidy::Tidied;
use crate::error::{DataError, Place};
use csv::StringRecord;
use std::io::{self, Read};

/// Bytes of text at the start that show the dialect.
const HEAD: u64 = 1 << 20;

/// A file that is parted into fields; it can be gone through more than once.
pub(super) struct Sheet<'a> {
    pub(super) file: String,
    source: Source<'a>,
    encoded: Encoded,
    dialect: Dialect,
}

impl<'a> Sheet<'a> {
    /// Finds out how a file is written.
    pub(super) fn of(file: &str, source: Source<'a>) -> Result<Self, DataError> {
        let encoded = Encoded::of(file, &source)?;
        let mut head = Vec::new();
        let read = source.bytes().and_then(|b| encoded.text(b).take(HEAD).read_to_end(&mut head));
        read.map_err(|source| DataError::Unreadable { file: file.into(), source })?;
        let dialect = dialect::sniff(&String::from_utf8_lossy(&head));
        Ok(Self { file: file.into(), source, encoded, dialect })
    }

    /// What parts the fields.
    pub(super) fn delimiter(&self) -> u8 {
        self.dialect.delimiter
    }

    /// How it was decoded, where that is not plain.
    pub(super) fn notes(&self) -> &[String] {
        &self.encoded.notes
    }

    /// All records that hold anything.
    pub(super) fn records(&self) -> Result<Records<'_>, DataError> {
        let bytes = self.source.bytes().map_err(|source| self.unreadable(source))?;
        let Dialect { delimiter, is_stated } = self.dialect;
        let text = self.encoded.text(bytes);
        let text = Tidied::new(text, delimiter, self.encoded.lone_returns, is_stated);
        Ok(Records { sheet: self, csv: dialect::reader(Box::new(text), delimiter) })
    }

    /// A place in this file.
    pub(super) fn place(&self, line: u64, column: &str) -> Place {
        Place { file: self.file.clone(), line, column: column.into() }
    }

    /// The record on `line`, for messages.
    pub(super) fn record_on(&self, line: u64) -> Option<Record> {
        let mut records = self.records().ok()?;
        let mut record = Record::default();
        while records.read(&mut record).ok()? {
            if record.line == line {
                return Some(record);
            }
        }
        None
    }

    fn unreadable(&self, source: io::Error) -> DataError {
        DataError::Unreadable { file: self.file.clone(), source }
    }
}

/// Goes through a sheet.
pub(super) struct Records<'a> {
    sheet: &'a Sheet<'a>,
    csv: csv::Reader<Box<dyn Read + 'a>>,
}

impl Records<'_> {
    /// Reads the next record that holds anything into `record`; false at the end.
    pub(super) fn read(&mut self, record: &mut Record) -> Result<bool, DataError> {
        let unreadable = |error: csv::Error| self.sheet.unreadable(error.into());
        while self.csv.read_record(&mut record.fields).map_err(unreadable)? {
            record.line = record.fields.position().map_or(1, csv::Position::line);
            if record.cells().any(|cell| !cell.is_empty()) && !record.is_rule() {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// One record.
#[derive(Clone, Debug, Default)]
pub(super) struct Record {
    /// Its line, the first is 1.
    pub(super) line: u64,
    fields: StringRecord,
}

impl Record {
    /// Its number of fields.
    pub(super) fn len(&self) -> usize {
        self.fields.len()
    }

    /// Its fields without blanks and quotes around them.
    pub(super) fn cells(&self) -> impl Iterator<Item = &str> {
        self.fields.iter().map(bare)
    }

    /// One of its fields, empty where there is none.
    pub(super) fn cell(&self, index: usize) -> &str {
        bare(self.fields.get(index).unwrap_or_default())
    }

    /// Whether it is a comment, as annotated exports have them.
    pub(super) fn is_comment(&self) -> bool {
        self.cell(0).starts_with('#')
    }

    /// The line that tables drawn with characters have below their header.
    fn is_rule(&self) -> bool {
        self.cells().all(|cell| cell.chars().all(|c| matches!(c, '-' | '+' | '=' | ':' | '|')))
            && self.cells().any(|cell| cell.contains("---"))
    }
}

fn bare(field: &str) -> &str {
    let blank = |c: char| c.is_whitespace() || c == '\u{feff}';
    let field = field.trim_matches(blank);
    field.strip_prefix('"').and_then(|f| f.strip_suffix('"')).unwrap_or(field).trim()
}
