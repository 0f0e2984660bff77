//! The rows of a file as values: times as moments, numbers as numbers, labels as series.

use super::events::Events;
use super::extras::ExtraRows;
use super::footer::Footer;
use super::layout::{Layout, TimeFields};
use super::names;
use super::number::{self, DecimalMark, Marks};
use super::number_fault::NumberFault;
use super::options::ReadOptions;
use super::row::Row;
use super::sheet::{Record, Sheet};
use super::shown::shown;
use super::time::{Clock, Moment, Sniff};
use super::unit::{self, Unit};
use crate::column::Column;
use crate::error::{DataError, Place};
use scaleiq_core::sample::MAX_VALUE;
use std::borrow::Cow;
use std::collections::HashMap;

/// Most rows that are read: they are held in memory.
const MAX_ROWS: usize = 20_000_000;
/// More labels than this tell no series apart: each row has its own.
const MAX_SERIES: usize = 10_000;
/// Most steps against the direction of the file that are kept for messages.
const MAX_JUMPS: usize = 64;

/// A row whose time lies at or before that of the row above it, by a wall clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Jump {
    pub(super) line: u64,
    pub(super) previous: u64,
    pub(super) back_ms: i64,
}

/// All rows of a file, in its order.
#[derive(Clone, Debug, Default)]
pub(super) struct Rows {
    pub(super) rows: Vec<Row>,
    /// Names of the series; one without a name where nothing tells series apart.
    pub(super) labels: Vec<String>,
    /// Whether times are a wall clock's, whose zone nobody told.
    pub(super) naive: bool,
    pub(super) newest_first: bool,
    pub(super) jumps: Vec<Jump>,
    /// What arrivals count over.
    pub(super) unit: Unit,
    pub(super) extras: ExtraRows,
    pub(super) notes: Vec<String>,
}

/// Reads the rows of a sheet: once to see what times and numbers look like, then for their values. Rows that are
/// one event each become one row for each interval in which there are any.
pub(super) fn read(
    sheet: &Sheet<'_>,
    layout: &Layout,
    options: &ReadOptions,
) -> Result<Rows, DataError> {
    // Further columns are told apart by the times of their rows.
    let counts = layout.arrivals.is_empty() && layout.extras.is_empty();
    read_into(sheet, layout, options, counts.then(|| Events::over(options.counted_over())))
}

/// Reads rows and keeps each of them.
pub(super) fn read_each(
    sheet: &Sheet<'_>,
    layout: &Layout,
    options: &ReadOptions,
) -> Result<Rows, DataError> {
    read_into(sheet, layout, options, None)
}

/// Events of rows that were counted.
pub(super) fn events(rows: &[Row]) -> usize {
    rows.iter().filter_map(|row| row.arrivals).sum::<f64>() as usize
}

fn read_into(
    sheet: &Sheet<'_>,
    layout: &Layout,
    options: &ReadOptions,
    events: Option<Events>,
) -> Result<Rows, DataError> {
    let (clock, mark) = sniff(sheet, layout, options)?;
    let first_line = layout.header.first.as_ref().map_or(1, |record| record.line);
    let mut reader = RowReader {
        sheet,
        layout,
        options,
        mark,
        series: HashMap::new(),
        last: HashMap::new(),
        unit: None,
        footer: Footer::default(),
        totals: 0,
        events,
        out: Rows {
            newest_first: clock.newest_first,
            extras: ExtraRows::new(&layout.extras),
            ..Rows::default()
        },
        clock,
    };
    let mut records = sheet.records()?;
    let mut record = Record::default();
    while records.read(&mut record)? {
        if record.line >= first_line && !record.is_comment() {
            reader.record(&record)?;
        }
    }
    reader.finish()
}

/// What the times and numbers of a file look like, over all of it.
fn sniff(
    sheet: &Sheet<'_>,
    layout: &Layout,
    options: &ReadOptions,
) -> Result<(Clock, DecimalMark), DataError> {
    let (mut times, mut marks) = (Sniff::default(), Marks::default());
    let counts = || layout.arrivals.iter().copied().chain(layout.others.iter().map(|o| o.1));
    let numbers = || counts().chain(layout.extras.iter().map(|extra| extra.field));
    let first = layout.header.first.as_ref();
    let first_line = first.map_or(1, |record| record.line);
    let mut records = sheet.records()?;
    let mut record = Record::default();
    while records.read(&mut record)? {
        if record.line < first_line || record.is_comment() {
            continue;
        }
        times.see(&time_text(&record, layout.time));
        numbers().for_each(|field| marks.see(record.cell(field), record.line));
    }
    let at = |line, field| sheet.place(line, layout.header.name(field));
    let clock = times.clock(options.tz.as_ref(), options.date_order).map_err(|text| {
        DataError::DateOrder { at: at(first_line, layout.time.first()), text: shown(&text) }
    })?;
    let dotted = first.is_some_and(|r| r.cell(layout.time.first()).matches('.').count() >= 2);
    let mark = match options.decimal_mark {
        Some(mark) => mark,
        None => marks.decide(sheet.delimiter() == b';', dotted).map_err(|line| {
            let field = layout.arrivals.first().copied().unwrap_or_default();
            let text = sheet.record_on(line).map(|r| shown(r.cell(field))).unwrap_or_default();
            DataError::DecimalMark { at: at(line, field), text }
        })?,
    };
    Ok((clock, mark))
}

/// A row's time as it is written, of two fields if it is in two.
fn time_text(record: &Record, time: TimeFields) -> Cow<'_, str> {
    match time {
        TimeFields::One(field) => record.cell(field).into(),
        TimeFields::Two(date, clock) => match (record.cell(date), record.cell(clock)) {
            ("", _) => "".into(),
            // An hour alone.
            (date, hour) if !hour.contains(':') => format!("{date} {hour}:00").into(),
            (date, clock) => format!("{date} {clock}").into(),
        },
    }
}

struct RowReader<'a> {
    sheet: &'a Sheet<'a>,
    layout: &'a Layout,
    options: &'a ReadOptions,
    clock: Clock,
    mark: DecimalMark,
    series: HashMap<String, u32>,
    /// The last row of each series: its time and line.
    last: HashMap<u32, (i64, u64)>,
    /// The unit behind values.
    unit: Option<Unit>,
    footer: Footer,
    /// Rows that sum up others.
    totals: usize,
    /// Where rows are counted and not kept.
    events: Option<Events>,
    out: Rows,
}

impl RowReader<'_> {
    fn record(&mut self, record: &Record) -> Result<(), DataError> {
        let width = self.layout.header.names.len();
        let spare = |k: usize| record.cell(k).is_empty() && self.layout.header.name(k).is_empty();
        let ragged = (record.len().min(width)..record.len().max(width)).any(|k| !spare(k));
        let text = time_text(record, self.layout.time);
        let series = self.series(record);
        let last = self.last.get(&series).copied();
        let moment = match self.clock.read(&text, last.map(|(ms, _)| ms)) {
            Ok(moment) if !ragged => moment,
            Ok(_) => return Err(self.ragged(record)),
            Err(_) if names::begins_as_total(&text) || record.cells().any(names::is_total) => {
                self.totals += 1;
                return Ok(());
            }
            Err(_) if self.says_nothing(record) => return Ok(()),
            Err(why) => {
                let error = DataError::Time {
                    at: self.place(record.line, self.layout.time.first()),
                    text: shown(&text),
                    why,
                };
                return self.footer.put(record, &text, error);
            }
        };
        self.footer.none_so_far()?;
        let row = self.row(record, moment, series)?;
        self.watch(&row, moment, last);
        let kept = self.events.as_ref().map_or(self.out.rows.len(), Events::len);
        if kept >= MAX_ROWS {
            return Err(DataError::ManyRows { file: self.sheet.file.clone(), max: MAX_ROWS });
        }
        let extras = self.out.extras.read(record, self.mark);
        extras.map_err(|(field, fault)| self.fault(record, field, fault))?;
        match &mut self.events {
            Some(events) => events.add(row),
            None => self.out.rows.push(row),
        }
        Ok(())
    }

    /// Whether a record without a time is the header again, or empty.
    fn says_nothing(&self, record: &Record) -> bool {
        let names = &self.layout.header.names;
        let header = record.cells().zip(names).all(|(cell, name)| cell == name);
        header || record.cells().all(number::is_null)
    }

    fn ragged(&self, record: &Record) -> DataError {
        let names = &self.layout.header.names;
        let field = record.len().min(names.len().saturating_sub(1));
        DataError::Ragged {
            at: self.place(record.line, field),
            found: record.len(),
            expected: names.len(),
        }
    }

    /// The series that a record belongs to.
    fn series(&mut self, record: &Record) -> u32 {
        let counts_rows = self.layout.arrivals.is_empty() && self.options.series.is_empty();
        let cells = self.layout.labels.iter().map(|field| record.cell(*field));
        let label: Vec<&str> = cells.filter(|cell| !cell.is_empty()).collect();
        let label = if counts_rows { String::new() } else { label.join("/") };
        if let Some(series) = self.series.get(&label) {
            return *series;
        }
        if self.series.len() >= MAX_SERIES {
            return 0;
        }
        let series = u32::try_from(self.out.labels.len()).unwrap_or_default();
        self.out.labels.push(label.clone());
        self.series.insert(label, series);
        series
    }

    fn row(&mut self, record: &Record, moment: Moment, series: u32) -> Result<Row, DataError> {
        let mut row = Row { line: record.line, time_ms: moment.ms, series, ..Row::default() };
        if self.layout.arrivals.is_empty() {
            row.arrivals = Some(1.0);
        }
        for field in &self.layout.arrivals {
            if let Some(value) = self.arrivals(record, *field)? {
                row.arrivals = Some(row.arrivals.unwrap_or(0.0) + value);
            }
        }
        for (column, field) in self.layout.others.iter().rev() {
            let value = |reader: &Self| reader.number(record, *field).map(|v| v.map(|v| v as f32));
            match column {
                Column::WorkMs => row.work_ms = value(self)?,
                Column::Backlog => row.backlog = value(self)?,
                Column::Processed => row.processed = value(self)?,
                Column::Queued => row.queued = value(self)?,
                Column::Holiday => row.plan[0] = self.size(record, *field)?,
                Column::Campaign => row.plan[1] = self.size(record, *field)?,
                Column::Time | Column::Arrivals => {}
            }
        }
        Ok(row)
    }

    fn arrivals(&mut self, record: &Record, field: usize) -> Result<Option<f64>, DataError> {
        let text = record.cell(field);
        let read = number::read(text, self.mark);
        let Some((value, unit)) = read.map_err(|fault| self.fault(record, field, fault))? else {
            return Ok(None);
        };
        if value > MAX_VALUE && !self.options.counter {
            return Err(self.fault(record, field, NumberFault::TooLarge));
        }
        // A bare 0 is 0 in any unit.
        if value != 0.0 && *self.unit.get_or_insert(unit) != unit {
            return Err(self.fault(record, field, NumberFault::UnitChanges));
        }
        Ok(Some(value))
    }

    fn number(&self, record: &Record, field: usize) -> Result<Option<f64>, DataError> {
        let too_large = |value: &f64| *value > MAX_VALUE;
        match number::read(record.cell(field), self.mark) {
            Ok(Some((value, _))) if too_large(&value) => {
                Err(self.fault(record, field, NumberFault::TooLarge))
            }
            Ok(value) => Ok(value.map(|(value, _)| value)),
            // A time of work may have its unit; any other than milliseconds is refused.
            Err(NumberFault::NoCount("a time")) if record.cell(field).ends_with("ms") => {
                Ok(number::parse(record.cell(field), self.mark).map(|(value, _)| value))
            }
            Err(fault) => Err(self.fault(record, field, fault)),
        }
    }

    /// The size of what is planned; 0 where the field is empty.
    fn size(&self, record: &Record, field: usize) -> Result<f32, DataError> {
        number::size(record.cell(field), self.mark).map_err(|_| DataError::Plan {
            at: self.place(record.line, field),
            text: shown(record.cell(field)),
        })
    }

    fn fault(&self, record: &Record, field: usize, fault: NumberFault) -> DataError {
        let (at, text) = (self.place(record.line, field), shown(record.cell(field)));
        match fault {
            NumberFault::NotANumber => DataError::Number { at, text },
            NumberFault::Negative => DataError::Negative { at, text },
            NumberFault::Infinite => DataError::Infinite { at, text },
            NumberFault::TooLarge => DataError::TooLarge { at, text },
            NumberFault::UnitChanges => DataError::UnitChanges { at, text },
            NumberFault::Formatted => DataError::Formatted { at, text },
            NumberFault::NoCount(what) => DataError::NoCount { at, text, what },
        }
    }

    fn place(&self, line: u64, field: usize) -> Place {
        self.sheet.place(line, self.layout.header.name(field))
    }

    /// Notes a step against the direction of the file, as a clock that is set back makes.
    fn watch(&mut self, row: &Row, moment: Moment, last: Option<(i64, u64)>) {
        self.out.naive |= moment.naive;
        self.last.insert(row.series, (row.time_ms, row.line));
        let Some((last_ms, previous)) = last else { return };
        let forward_ms = row.time_ms - last_ms;
        let back_ms = if self.clock.newest_first { forward_ms } else { -forward_ms };
        if moment.naive && back_ms >= 0 && self.out.jumps.len() < MAX_JUMPS {
            self.out.jumps.push(Jump { line: row.line, previous, back_ms });
        }
    }

    fn finish(mut self) -> Result<Rows, DataError> {
        if let Some(events) = self.events.take() {
            self.out.rows = events.into_rows();
        }
        self.footer.end(!self.out.rows.is_empty(), &mut self.out.notes)?;
        if self.totals > 0 {
            self.out.notes.push(format!("rows that sum up others were left out: {}", self.totals));
        }
        if self.series.len() >= MAX_SERIES {
            self.out.rows.iter_mut().for_each(|row| row.series = 0);
            self.out.labels = vec![String::new()];
        }
        self.choose_series()?;
        let named =
            self.layout.arrivals.iter().find_map(|k| unit::of_name(self.layout.header.name(*k)));
        let stated = self.unit.filter(|unit| *unit != Unit::PerInterval).or(named);
        self.out.unit = self.options.unit.or(stated).unwrap_or_default();
        if let (Some(unit), None) = (stated, self.options.unit) {
            let what = unit.description();
            self.out.notes.push(format!("the file's unit is {what}: they are read as such"));
        }
        self.out.notes.extend(self.clock.notes());
        Ok(self.out)
    }

    /// Keeps the series that are asked for, or all but those that sum up others.
    fn choose_series(&mut self) -> Result<(), DataError> {
        let wanted = &self.options.series;
        let labels = &self.out.labels;
        let part = |label: &str, name: &str| {
            label.eq_ignore_ascii_case(name)
                || label.split('/').any(|part| part.eq_ignore_ascii_case(name))
        };
        let keep: Vec<bool> = if self.layout.series_are_columns {
            return Ok(());
        } else if wanted.is_empty() {
            let totals = labels.iter().filter(|label| is_total(label)).count();
            let parts = labels.len() - totals;
            if totals > 0 && parts > 0 {
                let note = "a series that sums up others was left out: --series reads it alone";
                self.out.notes.push(note.into());
            }
            labels.iter().map(|label| parts == 0 || !is_total(label)).collect()
        } else {
            let absent = wanted.iter().find(|name| !labels.iter().any(|label| part(label, name)));
            if let Some(name) = absent {
                return Err(DataError::NoSuchSeries {
                    file: self.sheet.file.clone(),
                    wanted: name.clone(),
                    found: super::shown::shown_names(labels.iter().map(String::as_str)),
                });
            }
            labels.iter().map(|label| wanted.iter().any(|name| part(label, name))).collect()
        };
        self.out.rows.retain(|row| keep.get(row.series as usize).copied().unwrap_or(true));
        Ok(())
    }
}

fn is_total(label: &str) -> bool {
    label.split('/').any(names::is_total)
}
