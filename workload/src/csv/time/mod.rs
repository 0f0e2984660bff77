//! A column of times: what form its cells have, judged over the whole column, and their moments.
//!
//! ```text
//! cells -> Sniff (what was seen) -> Clock (what they are) -> milliseconds since 1970
//! ```

mod number;
mod order;
mod text;
mod zone;

pub use order::DateOrder;
pub use zone::{NoSuchZone, Zone};

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use number::{NumberForm, Numbers};
use order::Orders;
use text::{Day, Written};
use zone::{Meaning, Suffix};

/// First and last moment that are read, in milliseconds: 1970 to 2099. Beyond it a time was
/// misread, or is mistyped.
const MOMENTS_MS: std::ops::Range<i64> = 0..4_102_444_800_000;

/// Whether a text is a time that is written with a date, as opposed to a number.
pub(super) fn is_written(text: &str) -> bool {
    text::parse(text).is_some()
}

/// A time of the day alone, in milliseconds.
pub(super) fn time_of_day(text: &str) -> Option<i64> {
    text::clock(text)
}

/// Whether a text may be a time: written, or a number of this century in some unit.
pub(super) fn may_be(text: &str) -> bool {
    is_written(text) || number::parse(text).is_some_and(|value| value >= 1e9) || is_serial(text)
}

fn is_serial(text: &str) -> bool {
    text.contains(['.', ','])
        && number::parse(text).is_some_and(|v| (40_000.0..60_000.0).contains(&v))
}

/// What was seen of a column of times.
#[derive(Clone, Debug, Default)]
pub(super) struct Sniff {
    numbers: Numbers,
    orders: Orders,
    written: u64,
    last_ms: Option<i64>,
    forward: u64,
    backward: u64,
}

impl Sniff {
    /// Looks at a cell.
    pub(super) fn see(&mut self, text: &str) {
        let rough_ms = if let Some(value) = number::parse(text) {
            self.numbers.see(text, value);
            value as i64
        } else if let Some(written) = text::parse(text) {
            self.written += 1;
            match written {
                Written::Moment(ms) => ms,
                Written::Local { day, clock_ms, .. } => {
                    self.orders.see(text, day);
                    order::rough_ms(day) + clock_ms
                }
            }
        } else {
            return;
        };
        match self.last_ms.replace(rough_ms) {
            Some(last) if rough_ms > last => self.forward += 1,
            Some(last) if rough_ms < last => self.backward += 1,
            _ => {}
        }
    }

    /// What the cells are, and how to read them.
    ///
    /// # Errors
    /// A cell's text if nothing tells its day from its month.
    pub(super) fn clock(
        self,
        zone: Option<&Zone>,
        order: Option<DateOrder>,
    ) -> Result<Clock, String> {
        let numbers = self.numbers.count() > self.written;
        let form = if numbers { Some(self.numbers.form()) } else { None };
        let order = match order {
            Some(order) => Some(order),
            None if numbers => None,
            None => self.orders.decide()?,
        };
        let early = numbers && self.numbers.are_early();
        Ok(Clock {
            form,
            early,
            order,
            zone: zone.map(|zone| zone.zone().clone()),
            newest_first: self.backward > self.forward,
        })
    }
}

/// Reads the cells of a column of times.
#[derive(Clone, Debug)]
pub(super) struct Clock {
    /// What numbers are; `None` where times are written.
    form: Option<NumberForm>,
    /// Whether numbers are likely no seconds since 1970.
    early: bool,
    order: Option<DateOrder>,
    zone: Option<TimeZone>,
    /// Whether most rows are before the row above them.
    pub(super) newest_first: bool,
}

/// A cell's moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Moment {
    /// Milliseconds since 1970.
    pub(super) ms: i64,
    /// Whether it is a wall clock's, whose zone nobody told.
    pub(super) naive: bool,
}

impl Clock {
    /// What a user should know of how times are read.
    pub(super) fn notes(&self) -> Vec<String> {
        if self.early {
            return vec![
                "times are read as seconds since 1970, and lie before 1973: if they count from \
                 another moment, hours and days of the week are not right"
                    .into(),
            ];
        }
        let form = self.form.and_then(number::description);
        let order = self.order.map(|order| format!("dates with {}", order.description()));
        form.or(order).map(|what| format!("times are read as {what}")).into_iter().collect()
    }

    /// The moment of a cell. Where clocks went back a time is there twice; `previous_ms`, the row
    /// before it in the file, tells which.
    ///
    /// # Errors
    /// What is wrong with it, to be put behind the text.
    pub(super) fn read(&self, text: &str, previous_ms: Option<i64>) -> Result<Moment, String> {
        if text.is_empty() {
            return Err("is empty and no time".into());
        }
        let moment = match (number::parse(text), self.form) {
            (Some(value), Some(form)) => {
                Moment { ms: number::milliseconds(text, value, form)?, naive: false }
            }
            (Some(_), None) => return Err("is not a time as the others".into()),
            (None, _) => self.written(text, previous_ms)?,
        };
        match moment.ms {
            ms if ms < MOMENTS_MS.start => Err("is before 1970".into()),
            ms if ms >= MOMENTS_MS.end => Err("is after the year 2099".into()),
            _ => Ok(moment),
        }
    }

    fn written(&self, text: &str, previous_ms: Option<i64>) -> Result<Moment, String> {
        let (day, clock_ms, zone) = match text::parse(text).ok_or("is not a time")? {
            Written::Moment(ms) => return Ok(Moment { ms, naive: false }),
            Written::Local { day, clock_ms, zone } => (day, clock_ms, zone),
        };
        let civil = civil(self.date(day)?, clock_ms).ok_or("is not a time")?;
        let utc_ms = |civil| match zone::meaning(civil, &TimeZone::UTC) {
            Meaning::Once(ms) => Ok(ms),
            _ => Err("is not a time".to_string()),
        };
        let zone = match zone {
            Some(Suffix::Offset(seconds)) => {
                return Ok(Moment { ms: utc_ms(civil)? - i64::from(seconds) * 1000, naive: false });
            }
            Some(Suffix::Named(zone)) => Some(zone),
            None => self.zone.clone(),
        };
        let Some(zone) = zone else { return Ok(Moment { ms: utc_ms(civil)?, naive: true }) };
        let ms = match zone::meaning(civil, &zone) {
            Meaning::Once(ms) => ms,
            Meaning::Twice(first, second) if self.newest_first => {
                if previous_ms.is_some_and(|last| last <= second) { first } else { second }
            }
            Meaning::Twice(first, second) => {
                if previous_ms.is_some_and(|last| last >= first) {
                    second
                } else {
                    first
                }
            }
            Meaning::Never => {
                return Err(
                    "is a time that no clock showed there, since clocks went forward over \
                            it: the zone is another one (--tz)"
                        .into(),
                );
            }
        };
        Ok(Moment { ms, naive: false })
    }

    fn date(&self, day: Day) -> Result<Date, String> {
        match day {
            Day::Known(date) => Ok(date),
            Day::Either { first, second, year } => {
                let order = self.order.unwrap_or(DateOrder::MonthFirst);
                order.date(first, second, year).ok_or_else(|| {
                    format!("is no date with {} as the others (--date-order)", order.description())
                })
            }
        }
    }
}

/// The wall clock's time; the 24th hour is the next day's first.
fn civil(date: Date, clock_ms: i64) -> Option<DateTime> {
    let span = jiff::Span::new().milliseconds(clock_ms);
    date.to_datetime(jiff::civil::Time::midnight()).checked_add(span).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clock(texts: &[&str]) -> Result<Clock, String> {
        let mut sniff = Sniff::default();
        texts.iter().for_each(|text| sniff.see(text));
        sniff.clock(None, None)
    }

    fn read(text: &str) -> Result<i64, String> {
        clock(&[text])?.read(text, None).map(|moment| moment.ms)
    }

    #[test]
    fn times_in_every_form_are_the_same_moment() {
        for text in [
            "2025-03-21T00:02:00Z",
            "2025-03-21T01:02:00+01:00",
            "2025-03-20T18:32:00-05:30",
            "2025-03-21 01:02:00+01:00",
            "2025-03-21T01:02:00+01:00[Europe/Berlin]",
            "2025-03-21T00:02:00",
            "2025-03-21 00:02",
            "2025-03-21 00:02:00.000",
            "2025-03-21 00:02:00 UTC",
            "2025-03-21 01:02:00 CET",
            "2025-03-21 01:02:00 Europe/Berlin",
            "2025-03-20 20:02:00 America/New_York",
            "2025/03/21 00:02:00",
            "2025.03.21 00:02",
            "20250321T000200",
            "20250321 00:02",
            "3/21/2025 0:02",
            "3/21/25 12:02 AM",
            "3/21/2025, 12:02:00 AM",
            "21.03.2025 00:02",
            "21.3.25 0:02:00",
            "21/03/2025 00:02:00",
            "21-03-2025 00:02",
            "Mar 21, 2025 @ 00:02:00.000",
            "March 21, 2025, 12:02 am",
            "21 Mar 2025 00:02",
            "21-Mar-2025 00:02:00",
            "21. März 2025 00:02 Uhr",
            "21/Mar/2025:00:02:00 +0000",
            "Fri Mar 21 00:02:00 2025",
            "Fri Mar 21 01:02:00 CET 2025",
            "Fri, 21 Mar 2025 00:02:00 GMT",
            "Fri Mar 21 2025 01:02:00 GMT+0100 (Central European Standard Time)",
            "1742515320",
            "1742515320.0",
            "1742515320000",
            "45737.001388889",
            "202503210002",
            "20250321000200",
        ] {
            assert_eq!(read(text), Ok(1_742_515_320_000), "{text}");
        }
        assert_eq!(read("2025-03-21"), Ok(1_742_515_200_000));
        assert_eq!(read("20.03.2025 24:00"), Ok(1_742_515_200_000));
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in [
            "",
            "soon",
            "2025-13-01",
            "31/31/2025",
            "-5",
            "inf",
            "24-05-06 00:00",
            "05/06 00:05",
            "12:30",
            "2025-03-21 25:00",
            "2025-03-21 00:00 XYZ",
            "12345 events",
            "May",
            "1e300",
            "4200000000",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_repeated_hour_follows_the_rows_before_it() {
        let zone = "Europe/Berlin".parse::<Zone>().unwrap();
        let hour = 3_600_000;
        let mut sniff = Sniff::default();
        ["2024-10-27 01:00", "2024-10-27 02:00"].iter().for_each(|text| sniff.see(text));
        let clock = sniff.clock(Some(&zone), None).unwrap();
        let read = |text, last| clock.read(text, last).map(|moment| moment.ms);
        let first = read("2024-10-27 02:30", None).unwrap();
        assert_eq!(read("2024-10-27 02:30", Some(first)), Ok(first + hour));
        assert_eq!(read("2024-10-27 02:00", Some(first)), Ok(first + hour / 2));
        assert!(read("2024-03-31 02:30", None).unwrap_err().contains("clocks went forward"));
    }
}
