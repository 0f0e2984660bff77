//! Where a file's data begins, and which of its columns are what.

use super::extras::ExtraField;
use super::header::{Header, Sample};
use super::options::{Extras, ReadOptions};
use super::sheet::Sheet;
use super::shown::shown_names;
use super::{names, number, time};
use crate::column::Column;
use crate::error::DataError;
use std::collections::{BTreeMap, BTreeSet};

/// The columns of a file.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    pub(super) header: Header,
    pub(super) time: TimeFields,
    /// Fields whose sum is the events that arrived; none where each row is an event.
    pub(super) arrivals: Vec<usize>,
    /// The other measured and planned columns.
    pub(super) others: Vec<(Column, usize)>,
    /// Fields that tell series apart.
    pub(super) labels: Vec<usize>,
    /// Further columns that are asked for.
    pub(super) extras: Vec<ExtraField>,
    /// Whether the series that the user named are columns.
    pub(super) series_are_columns: bool,
    pub(super) notes: Vec<String>,
}

/// The fields that hold a row's time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TimeFields {
    One(usize),
    /// A date, and a time of the day in another column.
    Two(usize, usize),
}

impl TimeFields {
    pub(super) fn first(self) -> usize {
        match self {
            Self::One(index) | Self::Two(index, _) => index,
        }
    }

    fn contains(self, index: usize) -> bool {
        match self {
            Self::One(only) => only == index,
            Self::Two(date, clock) => date == index || clock == index,
        }
    }
}

impl Layout {
    /// Finds the columns.
    pub(super) fn find(
        sheet: &Sheet<'_>,
        sample: &Sample,
        options: &ReadOptions,
    ) -> Result<Self, DataError> {
        let header = Header::find(sheet, sample)?;
        let search =
            Search { sheet, options, profiles: profiles(&header, sample), header: &header };
        let time = search.time()?;
        let others = search.others(time);
        let by_series = search.series_columns();
        let series_are_columns = by_series.is_some();
        let arrivals = match by_series {
            Some(columns) => columns,
            None => search.arrivals(time, &others)?,
        };
        let mut notes = Vec::new();
        if let [only] = arrivals.as_slice()
            && names::arrivals_rank(header.name(*only)).is_none()
            && options.column.is_empty()
            && !series_are_columns
        {
            notes.push(format!(
                "column `{}` is taken for the events that arrived",
                header.name(*only)
            ));
        }
        if arrivals.is_empty() && !options.count_rows {
            notes.push("no column holds numbers: each row is taken for one event".into());
        }
        let extras = search.extras(time, &arrivals, &others)?;
        let used = |k: usize| {
            time.contains(k)
                || arrivals.contains(&k)
                || others.iter().any(|o| o.1 == k)
                || extras.iter().any(|extra| extra.field == k)
        };
        let labels: Vec<usize> =
            (0..header.names.len()).filter(|k| !used(*k) && search.is_label(*k)).collect();
        let ignored = (0..header.names.len()).filter(|k| !used(*k) && !labels.contains(k));
        let named = ignored.map(|k| header.name(k)).filter(|name| !name.is_empty());
        notes.extend(named.map(names::note));
        search.check_names(used)?;
        Ok(Self { time, arrivals, others, labels, extras, series_are_columns, notes, header })
    }
}

/// What is in a column, over a sample of rows.
#[derive(Clone, Debug, Default)]
struct Profile {
    cells: usize,
    /// Times that are written, and numbers that may be times.
    written: usize,
    epochs: usize,
    clocks: usize,
    hours: usize,
    numbers: usize,
    nulls: usize,
    varies: bool,
    /// Whether each number is more than the last, as row numbers are.
    rises: bool,
}

impl Profile {
    fn mostly(&self, cells: usize) -> bool {
        2 * cells > self.cells.saturating_sub(self.nulls) && cells > 0
    }

    fn words(&self) -> usize {
        self.cells.saturating_sub(self.nulls + self.numbers + self.written)
    }
}

fn profiles(header: &Header, sample: &Sample) -> Vec<Profile> {
    let rows = || sample.records.iter().skip(header.data_from);
    (0..header.names.len())
        .map(|k| {
            let mut profile = Profile { rises: true, ..Profile::default() };
            let (mut first, mut last) = (None, None);
            for cell in rows().map(|record| record.cell(k)) {
                profile.cells += 1;
                profile.varies |= first.is_some_and(|first| first != cell);
                first.get_or_insert(cell);
                if number::is_null(cell) {
                    profile.nulls += 1;
                    continue;
                }
                let value = number::is_number(cell).then(|| cell.parse::<f64>().ok()).flatten();
                profile.numbers += usize::from(number::is_number(cell));
                profile.written += usize::from(time::is_written(cell));
                profile.epochs += usize::from(time::may_be(cell));
                profile.hours += usize::from(cell.parse().is_ok_and(|hour: u8| hour < 24));
                profile.clocks += usize::from(time::time_of_day(cell).is_some());
                profile.rises &= last.is_none_or(|last: f64| value > Some(last));
                last = value.or(last);
            }
            profile
        })
        .collect()
}

/// The search for columns.
struct Search<'a> {
    sheet: &'a Sheet<'a>,
    options: &'a ReadOptions,
    header: &'a Header,
    profiles: Vec<Profile>,
}

impl Search<'_> {
    fn time(&self) -> Result<TimeFields, DataError> {
        if let Some(name) = &self.options.time_column {
            return self.column(name).map(TimeFields::One);
        }
        let rank = |k: usize| names::time_rank(self.header.name(k));
        let fits = |(k, profile): &(usize, &Profile)| {
            profile.mostly(profile.epochs) || rank(*k) == 2 && profile.mostly(profile.numbers)
        };
        let surest = |(k, p): &(usize, &Profile)| {
            (p.varies, rank(*k), p.mostly(p.written), std::cmp::Reverse(*k))
        };
        let fields = || self.profiles.iter().enumerate();
        let by_content = fields().filter(fits).max_by_key(surest);
        let by_name = || {
            fields()
                .filter(|(k, _)| rank(*k) > 0)
                .max_by_key(|(k, _)| (rank(*k), std::cmp::Reverse(*k)))
        };
        let (date, _) = by_content.or_else(by_name).ok_or_else(|| self.no_time())?;
        // Dates in one column and times of the day in another.
        let is_clock = |k: usize, p: &Profile| {
            p.mostly(p.clocks) || names::is_hour(self.header.name(k)) && p.mostly(p.hours)
        };
        let clock = fields().find(|(k, p)| *k != date && is_clock(*k, p));
        match clock {
            Some((clock, _))
                if self.profiles.get(date).is_some_and(|p| p.clocks == 0) && self.is_date(date) =>
            {
                Ok(TimeFields::Two(date, clock))
            }
            _ => Ok(TimeFields::One(date)),
        }
    }

    /// Whether the times of a column have no time of the day.
    fn is_date(&self, field: usize) -> bool {
        self.header.first.as_ref().is_some_and(|record| !record.cell(field).contains(':'))
    }

    fn no_time(&self) -> DataError {
        let found = shown_names(self.header.names.iter().map(String::as_str));
        DataError::NoTimes {
            file: self.sheet.file.clone(),
            line: self.header.line.unwrap_or(1),
            found,
        }
    }

    fn others(&self, time: TimeFields) -> Vec<(Column, usize)> {
        let free = |k: &usize| !time.contains(*k) && !self.asked(*k);
        let named = (0..self.header.names.len()).filter(free);
        named.filter_map(|k| names::other(self.header.name(k)).map(|column| (column, k))).collect()
    }

    /// Whether the user named a column as one that arrivals are in.
    fn asked(&self, field: usize) -> bool {
        self.options.column.iter().any(|name| self.column(name).is_ok_and(|k| k == field))
    }

    /// The columns that the user named as series: in wide files each column is one.
    fn series_columns(&self) -> Option<Vec<usize>> {
        let ReadOptions { series, column, count_rows, .. } = self.options;
        let named =
            series.iter().map(|name| self.column(name).ok()).collect::<Option<Vec<usize>>>();
        named.filter(|columns| !columns.is_empty() && column.is_empty() && !count_rows)
    }

    fn arrivals(
        &self,
        time: TimeFields,
        others: &[(Column, usize)],
    ) -> Result<Vec<usize>, DataError> {
        if self.options.count_rows {
            return Ok(Vec::new());
        }
        let free = |k: &usize| !time.contains(*k) && !others.iter().any(|other| other.1 == *k);
        let numeric = |k: &usize| self.is_numeric(*k);
        let fields: Vec<usize> = (0..self.header.names.len()).filter(free).collect();
        let numbers: Vec<usize> = fields.iter().copied().filter(numeric).collect();
        if let [all] = self.options.column.as_slice()
            && all == "all"
        {
            return Ok(numbers);
        }
        if !self.options.column.is_empty() {
            return self.options.column.iter().map(|name| self.column(name)).collect();
        }
        let named = |k: &usize| names::arrivals_rank(self.header.name(*k)).map(|rank| (rank, *k));
        let known = |(rank, k): &(usize, usize)| names::is_own(*rank) || numeric(k);
        if let Some((_, field)) = fields.iter().filter_map(named).filter(known).min() {
            return Ok(vec![field]);
        }
        let counts: Vec<usize> = numbers.into_iter().filter(|k| !self.is_bystander(*k)).collect();
        match counts.as_slice() {
            [] if fields
                .iter()
                .any(|k| self.profiles.get(*k).is_some_and(|p| p.nulls < p.cells))
                || fields.is_empty() =>
            {
                Ok(Vec::new())
            }
            [] => Err(self.no_numbers()),
            [only] => Ok(vec![*only]),
            several => Err(self.several(several)),
        }
    }

    /// The further columns that are asked for: what has a meaning of its own, or tells series apart, is none
    /// unless it is named.
    fn extras(
        &self,
        time: TimeFields,
        arrivals: &[usize],
        others: &[(Column, usize)],
    ) -> Result<Vec<ExtraField>, DataError> {
        let Extras { named, others: all } = &self.options.extras;
        let is_known = |k: usize| {
            let planned = |o: &(Column, usize)| o.1 == k && Column::PLANNED.contains(&o.0);
            time.contains(k) || arrivals.contains(&k) || others.iter().any(planned)
        };
        let at = |k: usize| self.sheet.place(self.header.line.unwrap_or(1), self.header.name(k));
        let field = |name: &String| match self.column(name)? {
            known if is_known(known) => Err(DataError::KnownColumn { at: at(known) }),
            field => Ok((field, name.clone())),
        };
        let named = named.iter().map(field).collect::<Result<BTreeMap<usize, String>, _>>()?;
        let is_other =
            |k: usize| *all && !is_known(k) && self.is_numeric(k) && !self.is_bystander(k);
        let fields = (0..self.header.names.len()).filter(|k| named.contains_key(k) || is_other(*k));
        Ok(fields.map(|k| ExtraField::new(k, at(k), named.get(&k).cloned())).collect())
    }

    fn is_numeric(&self, field: usize) -> bool {
        let profile = self.profiles.get(field);
        profile.is_some_and(|p| p.mostly(p.numbers) && !p.mostly(p.written))
    }

    /// A column of numbers that are no counts: it numbers rows or series, or never changes.
    fn is_bystander(&self, field: usize) -> bool {
        let name = self.header.name(field);
        self.profiles.get(field).is_some_and(|profile| {
            names::is_label(name) || names::is_index(name) && (profile.rises || !profile.varies)
        })
    }

    fn no_numbers(&self) -> DataError {
        let name = self.header.names.last().map_or("", String::as_str);
        DataError::NoArrivals { at: self.sheet.place(self.header.line.unwrap_or(1), name) }
    }

    fn several(&self, fields: &[usize]) -> DataError {
        let names: Vec<&str> = fields.iter().map(|k| self.header.name(*k)).collect();
        // A name that is there twice, or has a comma in it, cannot be given as an option.
        let plain = |name: &str| {
            !name.contains(',') && names.iter().filter(|other| **other == name).count() == 1
        };
        let option = |k: &usize| match self.header.name(*k) {
            name if plain(name) => name.to_string(),
            _ => (k + 1).to_string(),
        };
        let options: Vec<String> = fields.iter().map(option).collect();
        DataError::SeveralColumns {
            file: self.sheet.file.clone(),
            line: self.header.line.unwrap_or(1),
            found: shown_names(names.iter().copied()),
            first: options.first().cloned().unwrap_or_default(),
            all: if options.len() <= 3 { options.join(",") } else { "all".into() },
        }
    }

    fn is_label(&self, field: usize) -> bool {
        let name = self.header.name(field);
        self.profiles.get(field).is_some_and(|p| {
            !p.mostly(p.written) && (p.words() > 0 || p.numbers > 0 && names::is_label(name))
        })
    }

    /// The field of a column by its name, or by its number from 1 on.
    fn column(&self, wanted: &str) -> Result<usize, DataError> {
        let names = &self.header.names;
        let exact = names.iter().position(|name| name.eq_ignore_ascii_case(wanted.trim()));
        let plain = || {
            names
                .iter()
                .position(|name| names::plain(name) == names::plain(wanted) && !name.is_empty())
        };
        let numbered = || {
            wanted.parse::<usize>().ok().and_then(|n| n.checked_sub(1)).filter(|k| *k < names.len())
        };
        exact.or_else(plain).or_else(numbered).ok_or_else(|| DataError::NoSuchColumn {
            file: self.sheet.file.clone(),
            line: self.header.line.unwrap_or(1),
            wanted: wanted.into(),
            found: shown_names(names.iter().map(String::as_str)),
        })
    }

    /// Two columns that are read must not have one name.
    fn check_names(&self, used: impl Fn(usize) -> bool) -> Result<(), DataError> {
        let mut seen: BTreeSet<String> = BTreeSet::new();
        for (k, name) in self.header.names.iter().enumerate() {
            let lower = name.to_lowercase();
            let twice = self.header.names.iter().take(k).position(|n| n.to_lowercase() == lower);
            if !seen.insert(lower)
                && twice.is_some_and(|first| used(first) || used(k))
                && !name.is_empty()
            {
                let at = self.sheet.place(self.header.line.unwrap_or(1), name);
                return Err(DataError::DuplicateColumn { at });
            }
        }
        Ok(())
    }
}
