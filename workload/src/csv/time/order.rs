//! Day before month, or month before day: decided over a whole column.

use super::text::Day;
use jiff::civil::{Date, date};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The order of day and month in dates such as `5/6/2024`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "clap", derive(clap::ValueEnum))]
pub enum DateOrder {
    /// 5/6/2024 is the 5th of June.
    #[serde(rename = "dmy")]
    #[cfg_attr(feature = "clap", value(name = "dmy"))]
    DayFirst,
    /// 5/6/2024 is May 6th.
    #[serde(rename = "mdy")]
    #[cfg_attr(feature = "clap", value(name = "mdy"))]
    MonthFirst,
}

impl DateOrder {
    pub(super) fn description(self) -> &'static str {
        match self {
            Self::DayFirst => "the day first",
            Self::MonthFirst => "the month first",
        }
    }

    pub(super) fn date(self, first: i8, second: i8, year: i16) -> Option<Date> {
        let (day, month) = match self {
            Self::DayFirst => (first, second),
            Self::MonthFirst => (second, first),
        };
        Date::new(year, month, day).ok()
    }
}

/// One order must make the dates span this many times as many days as the other to be ruled out.
const SPARSER: i64 = 2;

/// The dates of a column whose order is not certain, each with a text that names it.
#[derive(Clone, Debug, Default)]
pub(super) struct Orders {
    dates: BTreeMap<(i16, i8, i8), String>,
}

impl Orders {
    pub(super) fn see(&mut self, text: &str, day: Day) {
        if let Day::Either { first, second, year } = day {
            self.dates.entry((year, first, second)).or_insert_with(|| text.into());
        }
    }

    /// The order: the one in which all are dates, or else the one in which they lie closer together,
    /// since a history has rows for each day.
    ///
    /// # Errors
    /// The text of a date that both orders leave open.
    pub(super) fn decide(&self) -> Result<Option<DateOrder>, String> {
        let Some(open) = self.dates.iter().find(|((_, a, b), _)| a != b) else { return Ok(None) };
        // A date that is none in one order is left to be found wrong if it is one of a few.
        let fits = |order: DateOrder| {
            self.dates.keys().filter(|(year, a, b)| order.date(*a, *b, *year).is_some()).count()
        };
        let (day_first, month_first) = (fits(DateOrder::DayFirst), fits(DateOrder::MonthFirst));
        if day_first != month_first {
            let day = day_first > month_first;
            return Ok(Some(if day { DateOrder::DayFirst } else { DateOrder::MonthFirst }));
        }
        let (day_first, month_first) =
            (self.span(DateOrder::DayFirst), self.span(DateOrder::MonthFirst));
        if day_first >= SPARSER * month_first {
            Ok(Some(DateOrder::MonthFirst))
        } else if month_first >= SPARSER * day_first {
            Ok(Some(DateOrder::DayFirst))
        } else {
            Err(open.1.clone())
        }
    }

    /// Days from the first to the last date.
    fn span(&self, order: DateOrder) -> i64 {
        let days = || {
            self.dates.keys().filter_map(|(year, a, b)| order.date(*a, *b, *year)).map(day_number)
        };
        days().max().unwrap_or(0) - days().min().unwrap_or(0) + 1
    }
}

fn day_number(day: Date) -> i64 {
    i64::from(day.duration_since(date(1970, 1, 1)).as_hours() as i32) / 24
}

/// The start of a day in milliseconds, the month first where that is open: enough to tell whether a
/// column goes forward.
pub(super) fn rough_ms(day: Day) -> i64 {
    let date = match day {
        Day::Known(date) => Some(date),
        Day::Either { first, second, year } => DateOrder::MonthFirst
            .date(first, second, year)
            .or_else(|| DateOrder::DayFirst.date(first, second, year)),
    };
    date.map_or(0, |date| day_number(date) * 86_400_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decide(dates: &[(i8, i8)]) -> Result<Option<DateOrder>, String> {
        let mut orders = Orders::default();
        for (first, second) in dates {
            let text = format!("{first}/{second}/2024");
            orders.see(&text, Day::Either { first: *first, second: *second, year: 2024 });
        }
        orders.decide()
    }

    #[test]
    fn the_whole_column_decides() {
        assert_eq!(decide(&[(5, 6), (5, 13)]), Ok(Some(DateOrder::MonthFirst)));
        assert_eq!(decide(&[(5, 6), (13, 6)]), Ok(Some(DateOrder::DayFirst)));
        assert_eq!(decide(&[(5, 6), (5, 7), (5, 8)]), Ok(Some(DateOrder::MonthFirst)));
        assert_eq!(decide(&[(6, 5), (7, 5), (8, 5)]), Ok(Some(DateOrder::DayFirst)));
    }

    #[test]
    fn what_is_open_and_matters_is_asked() {
        assert_eq!(decide(&[(5, 6)]), Err("5/6/2024".into()));
        assert_eq!(decide(&[(5, 6), (6, 5)]), Err("5/6/2024".into()));
        assert_eq!(decide(&[(5, 5), (6, 6)]), Ok(None));
    }
}
