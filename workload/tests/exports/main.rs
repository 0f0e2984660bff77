//! Files as tools and people export them, made up here: each is read to the same history, or refused
//! with what to do.

mod cadence;
mod events;
mod extras;
mod large;
mod layouts;
mod numbers;
mod series;
mod suspicions;
mod times;

use scaleiq_workload::csv::ReadOptions;
use scaleiq_workload::{DataError, Series};

/// Monday, 6 May 2024, 00:00 UTC.
const START_S: i64 = 1_714_953_600;

fn read(text: &str, options: &ReadOptions) -> Result<Series, DataError> {
    Series::from_reader_with("m.csv", text.as_bytes(), options)
}

/// Reads a text that is good without options.
fn good(text: &str) -> Series {
    good_with(text, &ReadOptions::default())
}

fn good_with(text: &str, options: &ReadOptions) -> Series {
    read(text, options).unwrap_or_else(|error| panic!("{error}\n{}", head(text)))
}

/// What is wrong with a text.
fn error(text: &str) -> String {
    error_with(text, &ReadOptions::default())
}

fn error_with(text: &str, options: &ReadOptions) -> String {
    match read(text, options) {
        Err(error) => error.to_string(),
        Ok(series) => panic!("{:?}\n{}", series.notes, head(text)),
    }
}

fn head(text: &str) -> String {
    text.lines().take(5).map(|line| format!("{line}\n")).collect()
}

fn arrivals(series: &Series) -> Vec<Option<f32>> {
    series.rows.iter().map(|row| row.arrivals_events).collect()
}

/// Every event of a series.
fn total(series: &Series) -> f64 {
    series.rows.iter().filter_map(|row| row.arrivals_events).map(f64::from).sum()
}

/// Counts of three days and a bit at five minutes, some of them above a thousand.
fn counts() -> Vec<u32> {
    (0..900).map(|k: u32| 900 + (k * 7919 % 613) + 40 * (k % 12)).collect()
}

/// The moment of each count, in seconds since 1970.
fn moments() -> impl Iterator<Item = i64> {
    (0..900).map(|k| START_S + 300 * k)
}

/// The history that every export of [`counts`] is.
fn history() -> Vec<Option<f32>> {
    counts().into_iter().map(|count| Some(count as f32)).collect()
}

/// A file of `header` and one line a count.
fn file(header: &str, line: impl Fn(i64, u32) -> String) -> String {
    let lines = moments().zip(counts()).map(|(at, count)| line(at, count) + "\n");
    header.to_string() + &lines.collect::<String>()
}

/// Date and time of the day of a moment: year, month, day, hour, minute.
fn civil(at: i64) -> (i16, i8, i8, i8, i8) {
    let civil =
        jiff::Timestamp::from_second(at).unwrap().to_zoned_datetime(jiff::tz::TimeZone::UTC);
    (civil.year(), civil.month(), civil.day(), civil.hour(), civil.minute())
}

fn iso(at: i64) -> String {
    jiff::Timestamp::from_second(at).unwrap().to_string()
}

/// The text is read to the history, from its first moment on.
fn assert_history(text: &str) -> Series {
    let series = good(text);
    assert_eq!((series.start.0, series.length_s), (START_S, 300), "{}", head(text));
    assert_eq!(arrivals(&series), history(), "{}", head(text));
    series
}
