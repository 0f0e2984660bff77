//! Lines below the rows that are none: totals, `(864 rows affected)`.

use super::sheet::Record;
use crate::error::DataError;

/// Most lines of a footer.
const MAX_LINES: usize = 5;

/// Records without a time that stand at the end as far as is known.
#[derive(Debug, Default)]
pub(super) struct Footer {
    lines: Vec<u64>,
    first: Option<DataError>,
}

impl Footer {
    /// Keeps a record that has no time, and what is wrong with it if rows follow.
    ///
    /// # Errors
    /// `error`, if it looks like a row whose time is wrong.
    pub(super) fn put(
        &mut self,
        record: &Record,
        time: &str,
        error: DataError,
    ) -> Result<(), DataError> {
        let wordy = !time.starts_with(|c: char| c.is_ascii_digit()) || time.contains("row");
        if !wordy || self.lines.len() >= MAX_LINES {
            return Err(self.first.take().unwrap_or(error));
        }
        self.lines.push(record.line);
        self.first.get_or_insert(error);
        Ok(())
    }

    /// A row follows: what was kept is no footer.
    pub(super) fn none_so_far(&mut self) -> Result<(), DataError> {
        self.first.take().map_or(Ok(()), Err)
    }

    /// The file ends: what was kept is a footer, if there was a row above it.
    pub(super) fn end(&mut self, rows: bool, notes: &mut Vec<String>) -> Result<(), DataError> {
        if !rows {
            self.none_so_far()?;
        }
        if let [line, ..] = self.lines.as_slice() {
            notes.push(format!("from line {line} on there are no rows, but words: left out"));
        }
        Ok(())
    }
}
