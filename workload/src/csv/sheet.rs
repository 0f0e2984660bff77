//! The records of a file, each with its line.

use super::{decode, dialect};
use crate::error::{DataError, Place};
use csv::StringRecord;
use std::borrow::Cow;
use std::io::Read;

/// A file as text that is parted into fields; it can be gone through more than once.
#[derive(Debug)]
pub(super) struct Sheet {
    pub(super) file: String,
    pub(super) delimiter: u8,
    /// How it was decoded, where that is not plain.
    pub(super) notes: Vec<String>,
    text: String,
}

impl Sheet {
    /// Reads all of a file.
    pub(super) fn read(file: &str, reader: impl Read) -> Result<Self, DataError> {
        let decoded = decode::decode(file, reader)?;
        let (delimiter, changed) = match dialect::sniff(&decoded.text) {
            (delimiter, Cow::Borrowed(_)) => (delimiter, None),
            (delimiter, Cow::Owned(text)) => (delimiter, Some(text)),
        };
        let text = changed.unwrap_or(decoded.text);
        Ok(Self { file: file.into(), delimiter, notes: decoded.notes, text })
    }

    /// All records that hold anything.
    pub(super) fn records(&self) -> Records<'_> {
        Records { text: &self.text, csv: dialect::reader(&self.text, self.delimiter) }
    }

    /// A place in this file.
    pub(super) fn place(&self, line: u64, column: &str) -> Place {
        Place { file: self.file.clone(), line, column: column.into() }
    }

    /// The record on `line`, for messages.
    pub(super) fn record_on(&self, line: u64) -> Option<Record> {
        let mut records = self.records();
        let mut record = Record::default();
        while records.read(&mut record) {
            if record.line == line {
                return Some(record);
            }
        }
        None
    }
}

/// Goes through a sheet.
pub(super) struct Records<'a> {
    text: &'a str,
    csv: csv::Reader<&'a [u8]>,
}

impl Records<'_> {
    /// Reads the next record that holds anything into `record`; false at the end.
    pub(super) fn read(&mut self, record: &mut Record) -> bool {
        // Nothing can fail: the source is memory, the text UTF-8, and records may be of any length.
        while self.csv.read_record(&mut record.fields).unwrap_or(false) {
            record.line = line_of(self.text, &record.fields);
            if record.cells().any(|cell| !cell.is_empty()) && !record.is_rule() {
                return true;
            }
        }
        false
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

/// The line on which a record starts. The parser says where it began to look, which is before the
/// empty lines that it skips (and before the second byte of a Windows line end).
fn line_of(text: &str, record: &StringRecord) -> u64 {
    let Some(position) = record.position() else { return 1 };
    let rest = usize::try_from(position.byte()).ok().and_then(|k| text.as_bytes().get(k..));
    let blank = rest.unwrap_or_default().iter().take_while(|b| matches!(b, b'\r' | b'\n'));
    position.line() + blank.filter(|byte| **byte == b'\n').count() as u64
}
