//! Files with a column for each interval: minutes of a day, times of a day, or moments.

use super::header::Sample;
use super::names;
use super::number::{self, DecimalMark, Marks};
use super::options::ReadOptions;
use super::row::Row;
use super::rows::Rows;
use super::sheet::{Record, Sheet};
use super::shown::shown;
use super::time::{self, Clock, Sniff};
use crate::error::DataError;
use std::collections::BTreeMap;
use std::ops::Range;

/// Records from the start that may name the columns.
const REACH: usize = 20;
/// Fewest columns of intervals, by what names them.
const FEWEST_NUMBERS: usize = 12;
const FEWEST_TIMES: usize = 6;
/// Most moments that are held.
const MAX_SUMS: usize = 10_000_000;
const DAY_MS: i64 = 86_400_000;
/// Monday, 3 January 2000, which stands for a day that is not known.
const SOME_MONDAY_MS: i64 = 946_857_600_000;

/// What names the columns.
#[derive(Clone, Debug, PartialEq)]
enum Head {
    /// Numbers that count up.
    Numbers,
    /// Times of the day, in milliseconds.
    Clocks(Vec<i64>),
    /// Moments.
    Moments,
}

/// Which fields are intervals.
#[derive(Clone, Debug)]
pub(super) struct Pivot {
    header: Record,
    head: Head,
    fields: Range<usize>,
}

impl Pivot {
    /// Finds a header whose cells count up, if there is one.
    pub(super) fn find(sample: &Sample) -> Option<Self> {
        sample.records.iter().take(REACH).find_map(|record| {
            let numbers = longest(record, trailing_number, Some(1));
            if numbers.len() >= FEWEST_NUMBERS {
                return Some(Self { header: record.clone(), head: Head::Numbers, fields: numbers });
            }
            let clocks = longest(record, time::time_of_day, None);
            if clocks.len() >= FEWEST_TIMES {
                let starts = clocks.clone().filter_map(|k| time::time_of_day(record.cell(k)));
                let head = Head::Clocks(starts.collect());
                return Some(Self { header: record.clone(), head, fields: clocks });
            }
            let written = |cell: &str| time::is_written(cell).then_some(0);
            let moments = longest(record, written, Some(0));
            (moments.len() >= FEWEST_TIMES).then(|| Self {
                header: record.clone(),
                head: Head::Moments,
                fields: moments,
            })
        })
    }

    /// Reads the sum of all rows, or of the series that the user names.
    pub(super) fn read(&self, sheet: &Sheet<'_>, options: &ReadOptions) -> Result<Rows, DataError> {
        let date = self.date_field(sheet)?;
        let mut marks = Marks::default();
        let mut dates = Sniff::default();
        self.each_row(sheet, |record| {
            self.fields.clone().for_each(|k| marks.see(record.cell(k), record.line));
            dates.see(date.map_or("", |k| record.cell(k)));
            Ok(())
        })?;
        let mark = options.decimal_mark.or(marks.decide(sheet.delimiter() == b';', false).ok());
        let clock = dates.clock(options.tz.as_ref(), options.date_order).map_err(|text| {
            DataError::DateOrder {
                at: self.place(sheet, self.header.line, date.unwrap_or(0)),
                text: shown(&text),
            }
        })?;
        let moments = self.moments(sheet, options)?;
        let mut sums: BTreeMap<i64, (u64, Option<f64>)> = BTreeMap::new();
        let mut series = 0_usize;
        self.each_row(sheet, |record| {
            if !self.is_wanted(record, options) {
                return Ok(());
            }
            series += 1;
            let base_ms = self.base_ms(sheet, record, date, &clock, options)?;
            if sums.len() > MAX_SUMS {
                return Err(DataError::ManyRows { file: sheet.file.clone(), max: MAX_SUMS });
            }
            for (k, offset_ms) in self.fields.clone().zip(&moments) {
                let value = self.value(sheet, record, k, mark.unwrap_or(DecimalMark::Dot))?;
                let (_, sum) = sums.entry(base_ms + offset_ms).or_insert((record.line, None));
                if let Some(value) = value {
                    *sum = Some(sum.unwrap_or(0.0) + value);
                }
            }
            Ok(())
        })?;
        if series == 0 && !options.series.is_empty() {
            let (file, wanted) = (sheet.file.clone(), options.series.join(", "));
            return Err(DataError::NoSuchSeries {
                file,
                wanted,
                found: "none of these labels".into(),
            });
        }
        let row = |(time_ms, (line, arrivals))| Row { line, time_ms, arrivals, ..Row::default() };
        let mut notes = vec![format!(
            "each interval has a column; {series} rows were summed (--series LABEL reads one alone)"
        )];
        if date.is_none() && self.head != Head::Moments && options.first.is_none() {
            notes.push(
                "the file names no day: its first column is taken as 2000-01-03T00:00:00Z, --first says when"
                    .into(),
            );
        }
        let rows = sums.into_iter().map(row).collect();
        Ok(Rows {
            rows,
            labels: vec![String::new()],
            notes,
            unit: options.unit.unwrap_or_default(),
            ..Rows::default()
        })
    }

    fn each_row(
        &self,
        sheet: &Sheet<'_>,
        mut visit: impl FnMut(&Record) -> Result<(), DataError>,
    ) -> Result<(), DataError> {
        let mut records = sheet.records()?;
        let mut record = Record::default();
        while records.read(&mut record)? {
            let total = (0..self.fields.start).any(|k| names::is_total(record.cell(k)));
            if record.line <= self.header.line || record.is_comment() || total {
                continue;
            }
            if record.len() < self.fields.end {
                return Err(DataError::Ragged {
                    at: self.place(sheet, record.line, record.len()),
                    found: record.len(),
                    expected: self.header.len(),
                });
            }
            visit(&record)?;
        }
        Ok(())
    }

    /// The field beside the intervals that holds a day, if there is one.
    fn date_field(&self, sheet: &Sheet<'_>) -> Result<Option<usize>, DataError> {
        let mut records = sheet.records()?;
        let mut record = Record::default();
        while records.read(&mut record)? {
            if record.line > self.header.line && !record.is_comment() {
                break;
            }
        }
        Ok((0..self.header.len())
            .filter(|k| !self.fields.contains(k))
            .find(|k| time::may_be(record.cell(*k)) || is_day_in_digits(record.cell(*k))))
    }

    /// When each column begins, in milliseconds from the start of its day or from 1970.
    fn moments(&self, sheet: &Sheet<'_>, options: &ReadOptions) -> Result<Vec<i64>, DataError> {
        let count = self.fields.len() as i64;
        match &self.head {
            Head::Clocks(starts) => Ok(starts.clone()),
            Head::Numbers => {
                // As many columns as a day has such intervals, or else minutes.
                let known = [24, 48, 72, 96, 144, 288, 720, 1440].contains(&count);
                let own_ms = if known { DAY_MS / count } else { 60_000 };
                let length_ms = options.interval.map_or(own_ms, |s| i64::from(s) * 1000);
                Ok((0..count).map(|k| k * length_ms).collect())
            }
            Head::Moments => {
                let mut sniff = Sniff::default();
                self.fields.clone().for_each(|k| sniff.see(self.header.cell(k)));
                let at = |k| self.place(sheet, self.header.line, k);
                let clock =
                    sniff.clock(options.tz.as_ref(), options.date_order).map_err(|text| {
                        DataError::DateOrder { at: at(self.fields.start), text: shown(&text) }
                    })?;
                let mut last = None;
                self.fields
                    .clone()
                    .map(|k| {
                        let text = self.header.cell(k);
                        let read = clock.read(text, last).map(|moment| moment.ms);
                        last = read.as_ref().ok().copied();
                        read.map_err(|why| DataError::Time { at: at(k), text: shown(text), why })
                    })
                    .collect()
            }
        }
    }

    /// The start of a row's day.
    fn base_ms(
        &self,
        sheet: &Sheet<'_>,
        record: &Record,
        date: Option<usize>,
        clock: &Clock,
        options: &ReadOptions,
    ) -> Result<i64, DataError> {
        match (&self.head, date) {
            (Head::Moments, _) => Ok(0),
            (_, None) => Ok(options.first.map_or(SOME_MONDAY_MS, |first| first.0 * 1000)),
            (_, Some(field)) => {
                let text = record.cell(field);
                clock.read(text, None).map(|moment| moment.ms).map_err(|why| DataError::Time {
                    at: self.place(sheet, record.line, field),
                    text: shown(text),
                    why,
                })
            }
        }
    }

    fn is_wanted(&self, record: &Record, options: &ReadOptions) -> bool {
        let labels =
            || (0..record.len()).filter(|k| !self.fields.contains(k)).map(|k| record.cell(k));
        let named = |name: &String| labels().any(|label| label.eq_ignore_ascii_case(name));
        options.series.is_empty() || options.series.iter().any(named)
    }

    fn value(
        &self,
        sheet: &Sheet<'_>,
        record: &Record,
        field: usize,
        mark: DecimalMark,
    ) -> Result<Option<f64>, DataError> {
        let text = record.cell(field);
        number::read(text, mark).map(|value| value.map(|(value, _)| value)).map_err(|_| {
            DataError::Number { at: self.place(sheet, record.line, field), text: shown(text) }
        })
    }

    fn place(&self, sheet: &Sheet<'_>, line: u64, field: usize) -> crate::error::Place {
        sheet.place(line, self.header.cell(field))
    }
}

/// The number of a column such as `17`, `m17` or `minute_17`.
fn trailing_number(cell: &str) -> Option<i64> {
    let digits =
        cell.trim_start_matches(|c: char| c.is_alphabetic() || matches!(c, '_' | ' ' | '-'));
    digits.parse::<u32>().ok().map(i64::from)
}

/// `YYYYMMDD`, which is too small a number to be told from others elsewhere.
fn is_day_in_digits(text: &str) -> bool {
    text.len() == 8 && text.starts_with(['1', '2']) && text.parse::<u32>().is_ok()
}

/// The longest run of fields that parse and rise by the same step each.
fn longest(
    record: &Record,
    parse: impl Fn(&str) -> Option<i64>,
    step: Option<i64>,
) -> Range<usize> {
    let values: Vec<Option<i64>> = record.cells().map(parse).collect();
    let (mut best, mut from) = (0..0, 0);
    for to in 1..=values.len() {
        let difference = |k: usize| Some(values.get(k).copied()?? - values.get(k - 1).copied()??);
        let here = difference(to);
        let wanted = step.or_else(|| if to - from > 1 { difference(to - 1) } else { here });
        if here.is_none() || here != wanted || step.is_none() && here <= Some(0) {
            if to - from > best.len() && values.get(from).is_some_and(Option::is_some) {
                best = from..to;
            }
            from = to;
        }
    }
    best
}
