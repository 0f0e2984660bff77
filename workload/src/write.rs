//! Writes a series in the reference's format.

use crate::column::Column;
use crate::error::DataError;
use crate::series::Series;
use jiff::Timestamp;
use scaleiq_core::interval::Interval;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

impl Series {
    /// Writes a CSV file in the reference's format: its six columns, times in UTC at the start of
    /// each interval, gaps as empty fields; and what is planned, if the series says so. Numbers
    /// have all their digits, so reading the file gives the same values. The number of jobs has no
    /// column there and is not written.
    ///
    /// # Errors
    /// If the file cannot be made or written to its end.
    pub fn write_csv(&self, path: &Path) -> Result<(), DataError> {
        let name = path.display().to_string();
        let unwritable = |source| DataError::Unwritable { file: name.clone(), source };
        let file = File::create(path).map_err(unwritable)?;
        let mut out = BufWriter::new(file);
        self.write_rows(&mut out).and_then(|()| out.flush()).map_err(unwritable)
    }

    /// Writes the same text anywhere. `name` stands for the file in messages.
    ///
    /// # Errors
    /// If writing fails.
    pub fn to_writer(&self, name: &str, out: impl Write) -> Result<(), DataError> {
        let mut out = BufWriter::new(out);
        self.write_rows(&mut out)
            .and_then(|()| out.flush())
            .map_err(|source| DataError::Unwritable { file: name.into(), source })
    }

    fn write_rows(&self, out: &mut impl Write) -> io::Result<()> {
        write!(out, "{}", Column::MEASURED.map(Column::name).join(","))?;
        if !self.plans.is_empty() {
            write!(out, ",{}", Column::PLANNED.map(Column::name).join(","))?;
        }
        writeln!(out)?;
        for (k, row) in self.rows.iter().enumerate() {
            let start = row.end.plus(-i64::from(self.length_s));
            write!(out, "{}", Timestamp::from_second(start.0).map_err(io::Error::other)?)?;
            for value in Column::MEASURED.into_iter().filter_map(|column| cell(row, column)) {
                match value {
                    Some(value) => write!(out, ",{value}")?,
                    None => write!(out, ",")?,
                }
            }
            for size in self.plans.get(k).into_iter().flatten() {
                write!(out, ",{size}")?;
            }
            writeln!(out)?;
        }
        Ok(())
    }
}

fn cell(row: &Interval, column: Column) -> Option<Option<f32>> {
    match column {
        Column::Time | Column::Holiday | Column::Campaign => None,
        Column::WorkMs => Some(row.work_ms),
        Column::Backlog => Some(row.backlog_events),
        Column::Processed => Some(row.processed_events),
        Column::Arrivals => Some(row.arrivals_events),
        Column::Queued => Some(row.queued_events),
    }
}
