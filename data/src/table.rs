//! The cells of a file, parsed and with their line, in the file's order.

use crate::column::{Column, Header, shown};
use crate::error::{DataError, Place};
use crate::value::{self, NumberFault};
use csv::StringRecord;
use scaleiq_core::forecast::Plan;
use std::borrow::Cow;
use std::io::Read;

/// Fewest rows from which an interval can be told.
pub(crate) const FEWEST_ROWS: usize = 3;

/// One row of a file.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    /// Its line, the first is 1.
    pub(crate) line: u64,
    /// Its time as it is written.
    pub(crate) text: String,
    /// Milliseconds since 1970.
    pub(crate) time_ms: i64,
    pub(crate) work_ms: Option<f32>,
    pub(crate) backlog: Option<f32>,
    pub(crate) processed: Option<f32>,
    pub(crate) arrivals: Option<f32>,
    pub(crate) queued: Option<f32>,
    pub(crate) plan: Plan,
}

/// A file whose every cell is good and whose times go forward.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    pub(crate) file: String,
    pub(crate) header: Header,
    pub(crate) rows: Vec<Row>,
}

impl Table {
    /// Reads all of a file.
    pub(crate) fn read(file: &str, mut reader: impl Read) -> Result<Table, DataError> {
        let mut bytes = Vec::new();
        reader
            .read_to_end(&mut bytes)
            .map_err(|source| DataError::Unreadable { file: file.into(), source })?;
        let text = utf8(file, bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&bytes))?;
        let mut csv = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .from_reader(text.as_bytes());
        let mut record = StringRecord::new();
        let mut table: Option<Table> = None;
        loop {
            let more = csv
                .read_record(&mut record)
                .map_err(|e| DataError::Unreadable { file: file.into(), source: e.into() })?;
            if !more {
                break;
            }
            if record.len() == 1 && record.get(0).is_some_and(|field| field.trim().is_empty()) {
                continue;
            }
            let line = line_of(&text, &record);
            match &mut table {
                Some(table) => table.push(line, &record)?,
                None => {
                    let cells: Vec<String> = record.iter().map(String::from).collect();
                    let header = Header::find(file, line, &cells)?;
                    table = Some(Table { file: file.into(), header, rows: Vec::new() });
                }
            }
        }
        let needed = FEWEST_ROWS;
        let table = table.ok_or_else(|| DataError::Empty { file: file.into(), needed })?;
        match table.rows.len() {
            0 => Err(DataError::HeaderOnly { file: file.into(), needed }),
            rows if rows < needed => Err(DataError::TooFewRows { file: file.into(), rows, needed }),
            _ if table.rows.iter().all(|row| row.arrivals.is_none()) => {
                Err(DataError::NoArrivals { at: table.place(table.header.line, Column::Arrivals) })
            }
            _ => Ok(table),
        }
    }

    /// A place in this file.
    pub(crate) fn place(&self, line: u64, column: Column) -> Place {
        Place { file: self.file.clone(), line, column: self.header.name(column).into() }
    }

    fn push(&mut self, line: u64, record: &StringRecord) -> Result<(), DataError> {
        let names = &self.header.names;
        if record.len() != names.len() {
            let column = names.get(record.len().min(names.len() - 1)).cloned().unwrap_or_default();
            return Err(DataError::Ragged {
                at: Place { file: self.file.clone(), line, column },
                found: record.len(),
                expected: names.len(),
            });
        }
        let text = self.header.field(Column::Time).and_then(|k| record.get(k)).unwrap_or_default();
        let time_ms = value::time(text).map_err(|why| DataError::Time {
            at: self.place(line, Column::Time),
            text: shown(text.trim()),
            why,
        })?;
        let row = Row {
            line,
            text: text.trim().into(),
            time_ms,
            work_ms: self.number(line, record, Column::WorkMs)?,
            backlog: self.number(line, record, Column::Backlog)?,
            processed: self.number(line, record, Column::Processed)?,
            arrivals: self.number(line, record, Column::Arrivals)?,
            queued: self.number(line, record, Column::Queued)?,
            plan: [
                self.size(line, record, Column::Holiday)?,
                self.size(line, record, Column::Campaign)?,
            ],
        };
        if let Some(last) = self.rows.last()
            && row.time_ms <= last.time_ms
        {
            let (at, text) = (self.place(line, Column::Time), row.text);
            let (previous, before) = (last.line, last.text.clone());
            return Err(if row.time_ms == last.time_ms {
                DataError::DuplicateTime { at, text, previous, before }
            } else {
                DataError::TimeGoesBack { at, text, previous, before }
            });
        }
        self.rows.push(row);
        Ok(())
    }

    /// The size of what is planned; 0 where the field or the column is not there.
    fn size(&self, line: u64, record: &StringRecord, column: Column) -> Result<f32, DataError> {
        let field = self.header.field(column).and_then(|k| record.get(k)).unwrap_or_default();
        value::size(field).map_err(|_| DataError::Plan {
            at: self.place(line, column),
            text: shown(field.trim()),
        })
    }

    fn number(
        &self,
        line: u64,
        record: &StringRecord,
        column: Column,
    ) -> Result<Option<f32>, DataError> {
        let Some(field) = self.header.field(column).and_then(|k| record.get(k)) else {
            return Ok(None);
        };
        value::number(field).map_err(|fault| {
            let (at, text) = (self.place(line, column), shown(field.trim()));
            match fault {
                NumberFault::NotANumber => DataError::Number { at, text },
                NumberFault::Negative => DataError::Negative { at, text },
                NumberFault::Infinite => DataError::Infinite { at, text },
                NumberFault::TooLarge => DataError::TooLarge { at, text },
            }
        })
    }
}

fn utf8<'a>(file: &str, bytes: &'a [u8]) -> Result<Cow<'a, str>, DataError> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(text.into()),
        Err(error) => {
            let good = bytes.get(..error.valid_up_to()).unwrap_or_default();
            let line = 1 + good.iter().filter(|byte| **byte == b'\n').count() as u64;
            Err(DataError::NotUtf8 { file: file.into(), line })
        }
    }
}

/// The line on which a record starts. The parser says where it began to look, which is before the
/// empty lines that it skips (and before the second byte of a Windows line end).
fn line_of(text: &str, record: &StringRecord) -> u64 {
    let Some(position) = record.position() else { return 1 };
    let rest = usize::try_from(position.byte()).ok().and_then(|k| text.as_bytes().get(k..));
    let blank = rest.unwrap_or_default().iter().take_while(|b| matches!(b, b'\r' | b'\n'));
    position.line() + blank.filter(|byte| **byte == b'\n').count() as u64
}
