//! Parquet as the CSV that it would be, so that there is one reader of columns, times and errors.
//!
//! Rows are turned into text as they are asked for. A moment keeps what it says of its zone: one in UTC gets a `Z`, a
//! wall clock's none.

use jiff::civil::{Date, Time};
use jiff::{Span, Timestamp, tz::TimeZone};
use parquet::basic::{LogicalType, Repetition, TimeUnit, Type as Physical};
use parquet::errors::ParquetError;
use parquet::file::reader::FileReader as _;
use parquet::file::serialized_reader::SerializedFileReader;
use parquet::record::reader::RowIter;
use parquet::record::{Field, Row};
use parquet::schema::types::{Type, TypePtr};
use std::borrow::Cow;
use std::fs::File;
use std::io::{self, Cursor, Read};
use std::sync::Arc;

/// Rows that are turned into text at once.
const ROWS: usize = 1024;
const EPOCH: Date = Date::constant(1970, 1, 1);

/// A file's rows as text.
pub(super) struct Table {
    rows: RowIter<'static>,
    columns: Vec<Column>,
    /// Columns that are no values: lists, structures, keys.
    left_out: Vec<String>,
    text: Cursor<Vec<u8>>,
}

/// What is known of a column.
#[derive(Clone, Copy)]
struct Column {
    /// Whether its moments are of a clock on some wall.
    is_local: bool,
    /// What its whole numbers are.
    numbers: Numbers,
}

/// What whole numbers are. Times that are not in nanoseconds have fields of their own.
#[derive(Clone, Copy)]
enum Numbers {
    Counts,
    Moments,
    Clocks,
}

impl Table {
    /// Opens a file.
    ///
    /// # Errors
    /// If it is damaged.
    pub(super) fn open(file: File) -> io::Result<Self> {
        let reader = SerializedFileReader::new(file).map_err(damaged)?;
        let schema = reader.metadata().file_metadata().schema();
        let (kept, rest): (Vec<TypePtr>, Vec<TypePtr>) =
            schema.get_fields().iter().cloned().partition(holds_values);
        let name = |field: &TypePtr| on_a_line(field.name()).into_owned();
        let text = line(|out| out.write_record(kept.iter().map(name)))?;
        let columns = kept.iter().map(Column::of).collect();
        let left_out = rest.iter().map(name).collect();
        let projected = Type::group_type_builder(schema.name()).with_fields(kept).build();
        let rows = RowIter::from_file_into(Box::new(reader));
        let rows = rows.project(Some(projected.map_err(damaged)?)).map_err(damaged)?;
        Ok(Self { rows, columns, left_out, text: Cursor::new(text) })
    }

    /// What a user should know of what is not read.
    pub(super) fn notes(&self) -> Vec<String> {
        let note = |name: &String| format!("column `{name}` holds no single values and is ignored");
        self.left_out.iter().map(note).collect()
    }

    /// The next rows as text; nothing at the end.
    fn next(&mut self) -> io::Result<Vec<u8>> {
        let Self { rows, columns, .. } = self;
        line(|out| {
            for row in rows.take(ROWS) {
                let row: Row = row.map_err(|error| csv::Error::from(damaged(error)))?;
                let cells = row.get_column_iter().zip(&*columns);
                out.write_record(cells.map(|((_, field), column)| column.cell(field)))?;
            }
            Ok(())
        })
    }
}

impl Read for Table {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.text.position() == self.text.get_ref().len() as u64 {
            self.text = Cursor::new(self.next()?);
        }
        self.text.read(into)
    }
}

/// What `write` writes.
fn line(write: impl FnOnce(&mut csv::Writer<Vec<u8>>) -> csv::Result<()>) -> io::Result<Vec<u8>> {
    let mut out = csv::Writer::from_writer(Vec::new());
    write(&mut out)?;
    out.into_inner().map_err(csv::IntoInnerError::into_error)
}

fn damaged(error: ParquetError) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error.to_string())
}

/// Whether each row of a column has one value or none, and it is no key in bytes.
fn holds_values(field: &TypePtr) -> bool {
    let info = field.get_basic_info();
    let repeated = info.has_repetition() && info.repetition() == Repetition::REPEATED;
    let is_key = || {
        field.get_physical_type() == Physical::FIXED_LEN_BYTE_ARRAY
            && !matches!(
                info.logical_type_ref(),
                Some(LogicalType::Decimal(_) | LogicalType::Float16)
            )
    };
    field.is_primitive() && !repeated && !is_key()
}

impl Column {
    fn of(field: &Arc<Type>) -> Self {
        match field.get_basic_info().logical_type_ref() {
            Some(LogicalType::Timestamp(time)) => {
                let numbers =
                    if time.unit == TimeUnit::NANOS { Numbers::Moments } else { Numbers::Counts };
                Self { is_local: !time.is_adjusted_to_u_t_c, numbers }
            }
            Some(LogicalType::Time(time)) if time.unit == TimeUnit::NANOS => {
                Self { is_local: true, numbers: Numbers::Clocks }
            }
            // Files of before had no local times.
            _ => Self { is_local: false, numbers: Numbers::Counts },
        }
    }

    /// A value as it would stand in a CSV file.
    fn cell(&self, field: &Field) -> String {
        match field {
            Field::Null => String::new(),
            Field::Str(text) => on_a_line(text).into_owned(),
            Field::Bytes(bytes) => on_a_line(&String::from_utf8_lossy(bytes.data())).into_owned(),
            Field::Long(number) => match self.numbers {
                Numbers::Counts => number.to_string(),
                Numbers::Moments => self.moment(i128::from(*number)),
                Numbers::Clocks => clock(number / 1000),
            },
            Field::TimestampMicros(micros) => self.moment(i128::from(*micros) * 1000),
            Field::TimestampMillis(millis) => self.moment(i128::from(*millis) * 1_000_000),
            Field::Date(days) => {
                let date = Span::new().try_days(*days).and_then(|days| EPOCH.checked_add(days));
                date.map_or_else(|_| format!("day {days}"), |date| date.to_string())
            }
            Field::TimeMillis(millis) => clock(i64::from(*millis) * 1000),
            Field::TimeMicros(micros) => clock(*micros),
            // Its own text goes to and fro between plain digits and powers of ten.
            Field::Float(number) => number.to_string(),
            Field::Double(number) => number.to_string(),
            Field::Decimal(_) => field.to_string().trim_end_matches('.').into(),
            other => other.to_string(),
        }
    }

    /// Nanoseconds since 1970.
    fn moment(&self, nanos: i128) -> String {
        let Ok(moment) = Timestamp::from_nanosecond(nanos) else {
            return format!("{nanos} ns since 1970");
        };
        let wall = || moment.to_zoned_datetime(TimeZone::UTC).datetime().to_string();
        if self.is_local { wall() } else { moment.to_string() }
    }
}

/// Microseconds since midnight.
fn clock(micros: i64) -> String {
    let span = Span::new().try_microseconds(micros);
    let time = span.and_then(|span| Time::midnight().checked_add(span));
    time.map_or_else(|_| format!("{micros} µs"), |time| time.to_string())
}

/// Lines are counted: a text that has several is told on one.
fn on_a_line(text: &str) -> Cow<'_, str> {
    match text.contains(['\n', '\r']) {
        true => text.replace(['\n', '\r'], " ").into(),
        false => text.into(),
    }
}
