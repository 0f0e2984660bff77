//! Further columns of numbers, read where they are asked for.

use super::number::{self, DecimalMark};
use super::number_fault::NumberFault;
use super::sheet::Record;
use crate::error::Place;
use crate::extra::Extra;

/// A further column that is read.
#[derive(Clone, Debug)]
pub(super) struct ExtraField {
    /// Its place among the fields of a record.
    pub(super) field: usize,
    /// The column, without values. One that somebody named has to hold numbers; another one that does not is left
    /// out.
    pub(super) head: Extra,
    /// What stands behind its first number.
    suffix: Option<String>,
    /// Why it is left out.
    left_out: Option<String>,
}

impl ExtraField {
    pub(super) fn new(field: usize, at: Place, asked: Option<String>) -> Self {
        let head = Extra { at, asked, values: Vec::new() };
        Self { field, head, suffix: None, left_out: None }
    }

    /// The number in a cell, in the unit of the rows above it.
    fn value(&mut self, text: &str, mark: DecimalMark) -> Result<Option<f32>, NumberFault> {
        let Some((value, suffix)) = number::read_any(text, mark)? else { return Ok(None) };
        match &self.suffix {
            // A bare 0 is 0 in any unit.
            Some(known) if known != suffix && value != 0.0 => Err(NumberFault::UnitChanges),
            None if value != 0.0 => {
                self.suffix = Some(suffix.into());
                Ok(Some(value))
            }
            _ => Ok(Some(value)),
        }
    }
}

/// What the rows of a file say in their further columns.
#[derive(Clone, Debug, Default)]
pub(super) struct ExtraRows {
    fields: Vec<ExtraField>,
    lines: Vec<u64>,
    /// Row by row.
    values: Vec<Option<f32>>,
}

impl ExtraRows {
    pub(super) fn new(fields: &[ExtraField]) -> Self {
        Self { fields: fields.to_vec(), ..Self::default() }
    }

    /// Reads a record.
    ///
    /// # Errors
    /// The field, and what is wrong with it, in a column that the user named.
    pub(super) fn read(
        &mut self,
        record: &Record,
        mark: DecimalMark,
    ) -> Result<(), (usize, NumberFault)> {
        if self.fields.is_empty() {
            return Ok(());
        }
        self.lines.push(record.line);
        for column in &mut self.fields {
            let value = match column.value(record.cell(column.field), mark) {
                Err(fault) if column.head.asked.is_some() => return Err((column.field, fault)),
                Err(_) => {
                    let text = super::shown::shown(record.cell(column.field));
                    let name = &column.head.at.column;
                    let note = || {
                        format!("column `{name}` is left out: line {} has `{text}`", record.line)
                    };
                    column.left_out.get_or_insert_with(note);
                    None
                }
                Ok(value) => value,
            };
            self.values.push(value);
        }
        Ok(())
    }
}

/// What further columns are at each moment that a file speaks of.
#[derive(Clone, Debug, Default)]
pub(super) struct ExtraTimes {
    /// The columns, and their places in a row of `values`.
    columns: Vec<(Extra, usize)>,
    width: usize,
    /// Moments of the rows in order, each with its row of `values`.
    rows: Vec<(i64, usize)>,
    values: Vec<Option<f32>>,
    /// What a user should know of them.
    pub(super) notes: Vec<String>,
}

impl ExtraTimes {
    /// Of the rows that are kept, each told by its moment and its line.
    pub(super) fn of(extras: ExtraRows, rows: impl Iterator<Item = (i64, u64)>) -> Self {
        let place = |line: u64| extras.lines.binary_search(&line).ok();
        let mut times: Vec<(i64, usize)> =
            rows.filter_map(|(time_ms, line)| Some((time_ms, place(line)?))).collect();
        times.sort_unstable();
        let (width, fields) = (extras.fields.len(), extras.fields);
        let notes = fields.iter().filter_map(|field| field.left_out.clone()).collect();
        let kept = fields.into_iter().enumerate().filter(|(_, field)| field.left_out.is_none());
        let columns = kept.map(|(k, field)| (field.head, k)).collect();
        Self { columns, width, rows: times, values: extras.values, notes }
    }

    /// The columns, without values.
    pub(super) fn heads(&self) -> impl Iterator<Item = &Extra> {
        self.columns.iter().map(|(head, _)| head)
    }

    /// What the columns are at a moment: the mean of its rows.
    pub(super) fn at(&self, time_ms: i64) -> impl Iterator<Item = Option<f32>> + Clone {
        let from = self.rows.partition_point(|(ms, _)| *ms < time_ms);
        let rest = self.rows.get(from..).unwrap_or_default();
        let rows = rest.get(..rest.partition_point(|(ms, _)| *ms == time_ms)).unwrap_or_default();
        self.columns.iter().map(move |(_, column)| {
            let cells =
                rows.iter().filter_map(|(_, row)| *self.values.get(row * self.width + column)?);
            let (sum, count) =
                cells.fold((0.0, 0u32), |(sum, n), cell| (sum + f64::from(cell), n + 1));
            (count > 0).then(|| (sum / f64::from(count)) as f32)
        })
    }
}
