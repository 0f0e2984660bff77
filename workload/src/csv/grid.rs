//! From tracks to intervals on one regular grid.

use super::cadence::{self, Cadence};
use super::extras::ExtraTimes;
use super::irregular::irregular;
use super::options::{Fill, ReadOptions};
use super::row::Row;
use super::rows::events;
use super::slots::Slots;
use super::tracks::{Names, Tracks};
use super::unit::Unit;
use crate::error::DataError;
use crate::extra::{Extra, Means};
use crate::resample::Gather;
use crate::series::Series;
use scaleiq_core::forecast::Plan;
use scaleiq_core::interval::{Interval, IntervalLength};
use scaleiq_core::units::{DAY_S, UnixSeconds};

/// Most intervals in one series: 38 years of 2 minutes. A wrong year must not eat the memory.
const MAX_INTERVALS: usize = 10_000_000;
/// Two rows are neighbours up to this many steps apart; beyond it something is missing.
const NEIGHBOURS: f64 = 1.8;

/// How rows become intervals.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rules<'a> {
    pub(super) unit: Unit,
    /// Whether each row is one event.
    pub(super) counts_rows: bool,
    /// Whether the file says what is planned.
    pub(super) planned: bool,
    /// What further columns say.
    pub(super) extras: &'a ExtraTimes,
    pub(super) options: &'a ReadOptions,
}

/// Puts the tracks on a grid; what lies between the rows is missing.
pub(super) fn regular(
    tracks: &Tracks,
    rules: Rules<'_>,
    names: Names<'_>,
) -> Result<Series, DataError> {
    let wanted = rules.options.wanted_interval();
    let cadence = Cadence::of(tracks.iter()).unwrap_or(Cadence::Irregular);
    let mut series = match cadence {
        _ if rules.counts_rows => binned(tracks, rules, rules.options.counted_over(), names)?,
        Cadence::Grid(length) => placed(tracks, rules, length, names)?,
        Cadence::Spans { step_ms } => {
            let length = wanted.unwrap_or_else(|| cadence::gathered_length(step_ms));
            spread(tracks, rules, step_ms, length, names)?
        }
        Cadence::Irregular => match wanted {
            Some(length) => binned(tracks, rules, length, names)?,
            None => {
                let line = tracks.rows().iter().map(|row| row.line).min().unwrap_or(1);
                return Err(irregular(tracks.rows(), names(line).0));
            }
        },
    };
    if let Some(length) = wanted {
        series = series.resample(length);
    }
    if rules.options.fill == Some(Fill::Zero) {
        let measured = series.measured();
        for row in series.rows.iter_mut().take(measured) {
            row.arrivals_events.get_or_insert(0.0);
        }
    }
    count_gaps(&mut series, rules.planned);
    Ok(series)
}

/// Each row in the interval of the grid that it lies in.
fn placed(
    tracks: &Tracks,
    rules: Rules<'_>,
    length: IntervalLength,
    names: Names<'_>,
) -> Result<Series, DataError> {
    let slots =
        || tracks.iter().filter_map(|rows| Slots::of(rows, length).map(|slots| (rows, slots)));
    let times = || {
        slots().flat_map(|(rows, slots)| rows.iter().map(move |row| (slots.time_ms(row), row.line)))
    };
    let mut canvas = Canvas::new(times, length, rules, names)?;
    for (rows, slots) in slots() {
        for row in rows {
            let interval = interval(row, rules.unit, f64::from(length.seconds()));
            canvas.add(slots.time_ms(row), &interval, row.plan);
            canvas.measure(slots.time_ms(row), rules.extras.at(row.time_ms));
        }
    }
    let mut series = canvas.into_series();
    let moved: usize = slots().map(|(_, slots)| slots.moved).sum();
    if moved > 0 {
        let farthest_ms = slots().map(|(_, slots)| slots.farthest_ms).max().unwrap_or(0);
        let farthest_s = farthest_ms as f64 / 1000.0;
        series
            .notes
            .push(format!("{moved} rows lay up to {farthest_s} s off the grid and were moved"));
    }
    let shift_ms =
        slots().map(|(_, slots)| slots.shift_ms()).max_by_key(|ms| ms.abs()).unwrap_or(0);
    if shift_ms != 0 {
        let (shift_s, length_s) = (shift_ms as f64 / 1000.0, length.seconds());
        series.notes.push(format!(
            "all times were moved by {shift_s} s, so that intervals of {length_s} s start on whole \
             multiples of their length"
        ));
    }
    Ok(series)
}

/// Each row over the time to the next one, gathered to intervals in proportion to time.
fn spread(
    tracks: &Tracks,
    rules: Rules<'_>,
    step_ms: i64,
    length: IntervalLength,
    names: Names<'_>,
) -> Result<Series, DataError> {
    let length_ms = i64::from(length.seconds()) * 1000;
    let start_ms = |row: &Row| row.time_ms.div_euclid(length_ms) * length_ms;
    let times = || tracks.rows().iter().map(|row| (start_ms(row), row.line));
    // The last row reaches up to a step beyond its time.
    let beyond = || {
        tracks
            .iter()
            .filter_map(<[Row]>::last)
            .map(|row| (start_ms(row) + step_ms.max(length_ms), row.line))
    };
    let mut canvas = Canvas::new(|| times().chain(beyond()), length, rules, names)?;
    for rows in tracks.iter() {
        let Some(first) = rows.first() else { continue };
        let mut gather = Gather::new(first.time_ms, length);
        let near = |ms: i64| (ms as f64) < NEIGHBOURS * step_ms as f64;
        // A row before a hole, or the last, is as long as the one before it, or as a step.
        let mut span_ms = step_ms;
        for (k, row) in rows.iter().enumerate() {
            let next_ms = rows.get(k + 1).map(|next| next.time_ms - row.time_ms);
            span_ms = next_ms.filter(|ms| near(*ms)).unwrap_or(span_ms.min(step_ms));
            let end_ms = row.time_ms + span_ms;
            let span_s = span_ms as f64 / 1000.0;
            gather.add(&interval(row, rules.unit, span_s), row.plan, row.time_ms, end_ms);
            canvas.extras.add(row.time_ms, end_ms, rules.extras.at(row.time_ms));
        }
        let (intervals, plans) = gather.finish();
        for (interval, plan) in intervals.iter().zip(plans) {
            canvas.add(interval.end.0 * 1000 - length_ms, interval, plan);
        }
    }
    let mut series = canvas.into_series();
    trim(&mut series);
    let (step_s, length_s) = (step_ms as f64 / 1000.0, length.seconds());
    series.notes.push(format!(
        "rows about {step_s} s apart were gathered to intervals of {length_s} s, in proportion to time"
    ));
    Ok(series)
}

/// Drops intervals at the end of which nothing is known.
fn trim(series: &mut Series) {
    let last = if series.plans.is_empty() { series.measured() } else { series.rows.len() };
    series.rows.truncate(last);
    series.extras.iter_mut().for_each(|extra| extra.values.truncate(last));
}

/// The sum of the rows in each interval; 0 where there are none.
fn binned(
    tracks: &Tracks,
    rules: Rules<'_>,
    length: IntervalLength,
    names: Names<'_>,
) -> Result<Series, DataError> {
    let length_ms = i64::from(length.seconds()) * 1000;
    let start_ms = |row: &Row| row.time_ms.div_euclid(length_ms) * length_ms;
    let times = || tracks.rows().iter().map(|row| (start_ms(row), row.line));
    let mut canvas = Canvas::new(times, length, rules, names)?;
    for row in tracks.rows() {
        canvas.add(start_ms(row), &interval(row, Unit::PerInterval, 1.0), row.plan);
        canvas.measure(start_ms(row), rules.extras.at(row.time_ms));
    }
    let mut series = canvas.into_series();
    for row in &mut series.rows {
        row.arrivals_events.get_or_insert(0.0);
    }
    let length_s = length.seconds();
    let (rows, what) = match rules.counts_rows {
        true => (events(tracks.rows()), "counted"),
        false => (tracks.rows().len(), "summed"),
    };
    series.notes.push(format!(
        "{rows} rows at any time were {what} in intervals of {length_s} s; an interval without rows \
         has no events"
    ));
    Ok(series)
}

/// A row's values; rates become counts over `span_s`. Its end is set by its place.
fn interval(row: &Row, unit: Unit, span_s: f64) -> Interval {
    let factor = unit.factor(span_s);
    Interval {
        arrivals_events: row.arrivals.map(|events| (events * factor) as f32),
        processed_events: row.processed.map(|events| (f64::from(events) * factor) as f32),
        backlog_events: row.backlog,
        queued_events: row.queued,
        work_ms: row.work_ms,
        ..Interval::missing(UnixSeconds(0))
    }
}

/// Intervals on a grid, to which rows of any series are added.
struct Canvas {
    start_s: i64,
    length: IntervalLength,
    rows: Vec<Interval>,
    plans: Vec<Plan>,
    extras: Means,
    /// The further columns, without values.
    heads: Vec<Extra>,
}

impl Canvas {
    /// Room for rows that start at `times`, in milliseconds, each with its line.
    fn new<I: Iterator<Item = (i64, u64)>>(
        times: impl Fn() -> I,
        length: IntervalLength,
        rules: Rules<'_>,
        names: Names<'_>,
    ) -> Result<Self, DataError> {
        let length_s = i64::from(length.seconds());
        let start_s = times().map(|(ms, _)| ms).min().unwrap_or(0) / 1000;
        let (last_ms, line) = times().max().unwrap_or((0, 1));
        let intervals =
            usize::try_from((last_ms / 1000 - start_s) / length_s + 1).unwrap_or(usize::MAX);
        if intervals > MAX_INTERVALS {
            let (at, _) = names(line);
            let (intervals, length_s) = (intervals as u64, length.seconds());
            return Err(DataError::TooLong { at, intervals, length_s, max: MAX_INTERVALS });
        }
        let end = |slot: usize| UnixSeconds(start_s + length_s * (slot as i64 + 1));
        let plans = if rules.planned { vec![Plan::default(); intervals] } else { Vec::new() };
        let heads: Vec<Extra> = rules.extras.heads().cloned().collect();
        Ok(Self {
            start_s,
            length,
            rows: (0..intervals).map(|k| Interval::missing(end(k))).collect(),
            plans,
            extras: Means::new(heads.len(), start_s * 1000, length_s * 1000, intervals),
            heads,
        })
    }

    /// Adds a row to the interval that starts at `time_ms`.
    fn add(&mut self, time_ms: i64, row: &Interval, plan: Plan) {
        let slot = (time_ms / 1000 - self.start_s) / i64::from(self.length.seconds());
        let Ok(slot) = usize::try_from(slot) else { return };
        if let Some(into) = self.rows.get_mut(slot) {
            add(into, row);
        }
        for (largest, size) in self.plans.get_mut(slot).into_iter().flatten().zip(plan) {
            *largest = largest.max(size);
        }
    }

    /// Adds what further columns are to the interval that starts at `time_ms`.
    fn measure(&mut self, time_ms: i64, values: impl Iterator<Item = Option<f32>> + Clone) {
        self.extras.add(time_ms, time_ms + i64::from(self.length.seconds()) * 1000, values);
    }

    fn into_series(self) -> Series {
        let extras = self.heads.iter().zip(self.extras.finish());
        Series {
            start: UnixSeconds(self.start_s),
            length_s: self.length.seconds(),
            rows: self.rows,
            plans: self.plans,
            extras: extras.map(|(head, values)| head.with(values)).collect(),
            notes: Vec::new(),
        }
    }
}

/// Adds another series' interval: counts are summed, work is weighted by events.
fn add(into: &mut Interval, row: &Interval) {
    let sum = |into: &mut Option<f32>, value: Option<f32>| {
        if let Some(value) = value {
            *into = Some(into.unwrap_or(0.0) + value);
        }
    };
    if let Some(work_ms) = row.work_ms {
        let events = |row: &Interval| row.processed_events.or(row.arrivals_events).unwrap_or(1.0);
        let weight = events(row) / (events(row) + into.work_ms.map_or(0.0, |_| events(into)));
        let weight = if weight.is_finite() { weight } else { 1.0 };
        let known_ms = into.work_ms.unwrap_or(work_ms);
        into.work_ms = Some(known_ms + weight * (work_ms - known_ms));
    }
    sum(&mut into.arrivals_events, row.arrivals_events);
    sum(&mut into.processed_events, row.processed_events);
    sum(&mut into.backlog_events, row.backlog_events);
    sum(&mut into.queued_events, row.queued_events);
}

/// Notes what is missing, and what only says what is planned.
fn count_gaps(series: &mut Series, planned: bool) {
    let measured = if planned { series.measured() } else { series.rows.len() };
    let rows = series.rows.iter().take(measured);
    let gaps = rows.filter(|row| row.arrivals_events.is_none()).count();
    if gaps > 0 {
        series.notes.push(format!("{gaps} of {measured} intervals have no arrivals (gaps)"));
    }
    let rest = series.rows.len() - measured;
    if rest > 0 {
        series.notes.push(format!("{rest} intervals at the end say only what is planned"));
    }
    if series.length_s == DAY_S {
        series.notes.push(
            "intervals of a day hide what happens within it: forecasts of minutes cannot be judged"
                .into(),
        );
    }
}
