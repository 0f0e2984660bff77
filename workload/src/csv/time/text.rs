//! A moment as people and programs write it: a date, a time of the day, perhaps a zone.

use super::zone::{self, Suffix};
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};

/// A text taken apart. What it means may depend on the rest of its column.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Written {
    /// A moment, in milliseconds since 1970.
    Moment(i64),
    /// A date and a time of the day.
    Local { day: Day, clock_ms: i64, zone: Option<Suffix> },
}

/// A date.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Day {
    Known(Date),
    /// Two numbers, one the day and the other the month, and the year.
    Either {
        first: i8,
        second: i8,
        year: i16,
    },
}

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;

/// Takes a text apart, if it holds a whole date.
pub(super) fn parse(text: &str) -> Option<Written> {
    // The standard's forms are the commonest by far.
    if let Ok(moment) = text.parse::<Timestamp>() {
        return Some(Written::Moment(moment.as_millisecond()));
    }
    if !text.contains('[')
        && let Ok(civil) = text.parse::<DateTime>()
    {
        let clock_ms = milliseconds(civil);
        return Some(Written::Local { day: Day::Known(civil.date()), clock_ms, zone: None });
    }
    let (date, clock, rest) = part(text);
    let rest = Rest::parse(rest)?;
    let day = day(date, rest.year)?;
    let clock_ms = rest.of_day(clock)?;
    Some(Written::Local { day, clock_ms, zone: rest.zone })
}

/// A time of the day alone, in milliseconds.
pub(super) fn clock(text: &str) -> Option<i64> {
    let ("", Some(clock_ms), rest) = part(text) else { return None };
    Rest::parse(rest)?.of_day(Some(clock_ms))
}

fn milliseconds(civil: DateTime) -> i64 {
    i64::from(civil.hour()) * HOUR_MS
        + i64::from(civil.minute()) * MINUTE_MS
        + i64::from(civil.second()) * 1000
        + i64::from(civil.millisecond())
}

/// What stands before the time of the day, the time of the day, and what stands behind it.
fn part(text: &str) -> (&str, Option<i64>, &str) {
    for (at, _) in text.match_indices(':') {
        let before = text.get(..at).unwrap_or_default();
        let hour = before.len() - before.trim_end_matches(|c: char| c.is_ascii_digit()).len();
        if !(1..=2).contains(&hour) {
            continue;
        }
        let (date, from_hour) = text.split_at(at - hour);
        if let Some((clock_ms, rest)) = leading_clock(from_hour) {
            let date = date.strip_suffix(['T', 't']).unwrap_or(date);
            let filler = |c: char| c.is_whitespace() || matches!(c, ',' | '@' | ':' | '-' | '_');
            return (date.trim_matches(filler), Some(clock_ms), rest.trim());
        }
    }
    (text.trim(), None, "")
}

/// `h:mm`, `h:mm:ss` or `h:mm:ss.f` at the start of a text, and what follows.
fn leading_clock(text: &str) -> Option<(i64, &str)> {
    let (hour, rest) = leading_number(text)?;
    let (minute, rest) = leading_number(rest.strip_prefix(':')?)?;
    let mut ms = i64::from(hour) * HOUR_MS + i64::from(minute) * MINUTE_MS;
    let mut rest = rest;
    let mut second = 0;
    if let Some((value, after)) = rest.strip_prefix(':').and_then(leading_number) {
        (second, rest) = (value, after);
        ms += i64::from(second) * 1000;
        if let Some(fraction) = rest.strip_prefix(['.', ',']) {
            let digits =
                fraction.len() - fraction.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            let (digits, after) = fraction.split_at(digits);
            let thousandths: String = digits.chars().chain("000".chars()).take(3).collect();
            ms += thousandths.parse::<i64>().ok()?;
            rest = after;
        }
    }
    // The end of a day may be written as its 24th hour.
    let sound = (hour < 24 || hour == 24 && ms == 24 * HOUR_MS) && minute < 60 && second <= 60;
    sound.then_some((ms, rest))
}

fn leading_number(text: &str) -> Option<(u32, &str)> {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (digits, rest) = text.split_at(digits);
    if digits.len() > 2 { None } else { Some((digits.parse().ok()?, rest)) }
}

/// What may stand behind a time of the day.
#[derive(Default)]
struct Rest {
    after_noon: Option<bool>,
    year: Option<i16>,
    zone: Option<Suffix>,
}

impl Rest {
    /// The time of the day that a clock shows, of twelve hours or twenty-four.
    fn of_day(&self, clock_ms: Option<i64>) -> Option<i64> {
        match (self.after_noon, clock_ms) {
            (None, clock_ms) => Some(clock_ms.unwrap_or(0)),
            (Some(after_noon), Some(clock_ms)) if (HOUR_MS..13 * HOUR_MS).contains(&clock_ms) => {
                Some(clock_ms % (12 * HOUR_MS) + if after_noon { 12 * HOUR_MS } else { 0 })
            }
            _ => None,
        }
    }

    fn parse(text: &str) -> Option<Self> {
        let mut rest = Rest::default();
        // JavaScript explains its zone: `GMT+0200 (Central European Summer Time)`.
        let text = text.split_once('(').map_or(text, |(before, _)| before);
        let (text, bracketed) = text.split_once('[').unwrap_or((text, ""));
        let words = text.split_whitespace().chain(bracketed.strip_suffix(']'));
        for word in words {
            match word.to_ascii_lowercase().as_str() {
                "am" | "a.m." => rest.after_noon = Some(false),
                "pm" | "p.m." => rest.after_noon = Some(true),
                "uhr" | "h" => {}
                year if year.len() == 4 && year.bytes().all(|b| b.is_ascii_digit()) => {
                    rest.year = year.parse().ok();
                }
                _ => rest.zone = Some(zone::parse(word)?),
            }
        }
        Some(rest)
    }
}

/// Words in dates that say nothing: days of the week, and what stands between.
const SILENT: [&str; 18] = [
    "mon", "tue", "wed", "thu", "fri", "sat", "sun", "mo", "di", "mi", "do", "fr", "sa", "so",
    "at", "um", "of", "th",
];
/// Months by how their names begin, English and German.
const MONTHS: [&[&str]; 12] = [
    &["jan", "jän"],
    &["feb"],
    &["mar", "mär", "mrz"],
    &["apr"],
    &["may", "mai"],
    &["jun"],
    &["jul"],
    &["aug"],
    &["sep"],
    &["oct", "okt"],
    &["nov"],
    &["dec", "dez"],
];

/// The date that a text without a time of the day names; `year` is where it may stand behind.
fn day(text: &str, year: Option<i16>) -> Option<Day> {
    let mut numbers: Vec<&str> = Vec::new();
    let mut month = None;
    let mut separator = ' ';
    for token in tokens(text) {
        if token.starts_with(|c: char| c.is_ascii_digit()) {
            numbers.push(token);
        } else if token.chars().all(char::is_alphabetic) {
            let word = token.to_lowercase();
            let is_month = |names: &&[&str]| names.iter().any(|name| word.starts_with(name));
            match MONTHS.iter().position(is_month) {
                Some(index) if word.chars().count() > 2 => month = i8::try_from(index + 1).ok(),
                _ if SILENT.iter().any(|silent| word.starts_with(silent)) => {}
                _ => return None,
            }
        } else if numbers.len() == 1 {
            separator = token.chars().find(|c| !c.is_whitespace()).unwrap_or(' ');
        }
    }
    let known = |year, month, day| Date::new(year, month, day).ok().map(Day::Known);
    match (month, numbers.as_slice()) {
        (Some(month), [day]) => known(year?, month, number(day)?),
        (Some(month), [a, b]) if a.len() == 4 => known(a.parse().ok()?, month, number(b)?),
        (Some(month), [a, b]) => known(full_year(b)?, month, number(a)?),
        (None, [compact]) if compact.len() == 8 => {
            let (year, rest) = compact.split_at(4);
            let (month, day) = rest.split_at(2);
            known(year.parse().ok()?, number(month)?, number(day)?)
        }
        (None, [a, b, c]) if a.len() == 4 => known(a.parse().ok()?, number(b)?, number(c)?),
        // `24-05-06` may begin with its year, too.
        (None, [_, _, c]) if separator == '-' && c.len() != 4 => None,
        (None, [a, b, c]) if separator == '.' => known(full_year(c)?, number(b)?, number(a)?),
        (None, [a, b, c]) => either(number(a)?, number(b)?, full_year(c)?),
        _ => None,
    }
}

fn either(first: i8, second: i8, year: i16) -> Option<Day> {
    let sound = Date::new(year, second, first).is_ok() || Date::new(year, first, second).is_ok();
    sound.then_some(Day::Either { first, second, year })
}

fn number(text: &str) -> Option<i8> {
    if text.len() > 2 { None } else { text.parse().ok() }
}

/// A year of four digits, or of the hundred around 2020.
fn full_year(text: &str) -> Option<i16> {
    match (text.len(), text.parse::<i16>().ok()?) {
        (4, year) => Some(year),
        (2, year) => Some(if year < 70 { 2000 + year } else { 1900 + year }),
        _ => None,
    }
}

/// Runs of digits, of letters, and of everything else.
fn tokens(text: &str) -> impl Iterator<Item = &str> {
    let kind = |c: char| (c.is_ascii_digit(), c.is_alphabetic());
    let mut rest = text;
    std::iter::from_fn(move || {
        let first = kind(rest.chars().next()?);
        let end = rest.find(|c| kind(c) != first).unwrap_or(rest.len());
        let (token, after) = rest.split_at(end);
        rest = after;
        Some(token)
    })
}
