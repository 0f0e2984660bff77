//! Moments as numbers: seconds since 1970 and finer, days since 1900, digits of a date.

use jiff::civil::Date;
use jiff::tz::TimeZone;

/// What the numbers of a column of times are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum NumberForm {
    /// Units since 1970, this many in a second.
    Epoch(i64),
    /// Tenths of microseconds, as Windows and .NET count them; the number of 1 January 1970.
    Ticks(f64),
    /// Excel's days since 1900.
    Serial,
    /// `YYYYMMDD`, then perhaps `HH`, `MM` and `SS`.
    Digits,
}

/// Excel's serial numbers of the years 1970 to 2099: as seconds they are all on 1 January 1970.
const SERIALS: std::ops::Range<f64> = 25_569.0..73_051.0;
/// The same of Windows' file times and of .NET's ticks, and their numbers of 1 January 1970. As
/// nanoseconds since 1970 they are all in 1974 and 1990.
const TICKS: [(std::ops::Range<f64>, f64); 2] =
    [(1.25e17..1.45e17, 116_444_736_000_000_000.0), (6.30e17..6.50e17, 621_355_968_000_000_000.0)];
/// Excel's number of 1 January 1970.
const EPOCH_SERIAL: f64 = 25_569.0;
/// Seconds since 1970 below this are before 1973, and likely count from another moment.
const EARLY_S: f64 = 1e8;
/// Numbers of digits that a date, with hours, minutes and seconds, can have.
const DIGITS: [usize; 4] = [8, 10, 12, 14];

/// What was seen of the numbers of a column.
#[derive(Clone, Debug, Default)]
pub(super) struct Numbers {
    count: u64,
    serials: u64,
    digits: u64,
    ticks: [u64; 2],
    early: u64,
    units: [u64; 4],
}

impl Numbers {
    pub(super) fn see(&mut self, text: &str, value: f64) {
        self.count += 1;
        self.serials += u64::from(SERIALS.contains(&value));
        self.digits += u64::from(digits(text).is_some());
        self.early += u64::from(value < EARLY_S);
        for (seen, (range, _)) in self.ticks.iter_mut().zip(&TICKS) {
            *seen += u64::from(range.contains(&value));
        }
        if let Some(units) = self.units.get_mut(unit(value)) {
            *units += 1;
        }
    }

    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// Whether they are likely no seconds since 1970, although nothing else fits.
    pub(super) fn are_early(&self) -> bool {
        self.form() == NumberForm::Epoch(1) && 10 * self.early >= 9 * self.count
    }

    /// What they are, judged by all of them: a few that are something else are found wrong later.
    pub(super) fn form(&self) -> NumberForm {
        let most = |seen: u64| 10 * seen >= 9 * self.count;
        if most(self.digits) {
            NumberForm::Digits
        } else if most(self.serials) {
            NumberForm::Serial
        } else if let Some((_, (_, zero))) =
            self.ticks.iter().zip(&TICKS).find(|(seen, _)| most(**seen))
        {
            NumberForm::Ticks(*zero)
        } else {
            let likeliest = (0..4).max_by_key(|k| self.units.get(*k)).unwrap_or(0);
            NumberForm::Epoch(1000_i64.pow(u32::try_from(likeliest).unwrap_or(0)))
        }
    }
}

/// How fine a number since 1970 must be to lie in this century: 0 seconds, 1 milliseconds, ...
fn unit(value: f64) -> usize {
    [1e11, 1e14, 1e17].iter().filter(|limit| value.abs() >= **limit).count()
}

/// A number, with a decimal point or comma.
pub(super) fn parse(text: &str) -> Option<f64> {
    let plain = |c: char| c.is_ascii_digit() || matches!(c, '.' | ',' | '-' | '+' | 'e' | 'E');
    if !text.chars().all(plain) || !text.starts_with(|c: char| c.is_ascii_digit() || c == '-') {
        return None;
    }
    text.replace(',', ".").parse().ok()
}

/// Milliseconds since 1970.
pub(super) fn milliseconds(text: &str, value: f64, form: NumberForm) -> Result<i64, String> {
    match form {
        NumberForm::Digits => {
            digits(text).ok_or_else(|| "is no date in digits as the others".into())
        }
        NumberForm::Serial if SERIALS.contains(&value) => {
            // Six decimals of a day are a tenth of a second: whole seconds are meant.
            Ok(((value - EPOCH_SERIAL) * 86_400.0).round() as i64 * 1000)
        }
        NumberForm::Serial => Err("is no Excel date as the others".into()),
        NumberForm::Ticks(zero) => Ok(((value - zero) / 10_000.0).round() as i64),
        NumberForm::Epoch(per_second) => {
            let wanted = unit(per_second as f64 * 1e9);
            if unit(value) != wanted && value != 0.0 {
                return Err(format!("is not in {} since 1970 as the others", name(per_second)));
            }
            Ok((value * (1000.0 / per_second as f64)).round() as i64)
        }
    }
}

/// What a form is called in notes.
pub(super) fn description(form: NumberForm) -> Option<String> {
    match form {
        NumberForm::Epoch(1) => None,
        NumberForm::Epoch(per_second) => Some(format!("{} since 1970", name(per_second))),
        NumberForm::Serial => Some("Excel's days since 1900".into()),
        NumberForm::Ticks(_) => Some("tenths of microseconds, as Windows counts them".into()),
        NumberForm::Digits => {
            Some("dates in digits (YYYYMMDD, then hours, minutes, seconds)".into())
        }
    }
}

fn name(per_second: i64) -> &'static str {
    match per_second {
        1 => "seconds",
        1000 => "milliseconds",
        1_000_000 => "microseconds",
        _ => "nanoseconds",
    }
}

/// `YYYYMMDD[HH[MM[SS]]]` of the years 1970 to 2099, in milliseconds since 1970.
fn digits(text: &str) -> Option<i64> {
    if !DIGITS.contains(&text.len()) || !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let field = |from: usize, to: usize| text.get(from..to).map_or(Some(0), |t| t.parse().ok());
    let year = text.get(..4)?.parse::<i16>().ok().filter(|year| (1970..2100).contains(year))?;
    let date = Date::new(year, field(4, 6)?, field(6, 8)?).ok()?;
    let civil = date.to_datetime(
        jiff::civil::Time::new(field(8, 10)?, field(10, 12)?, field(12, 14)?, 0).ok()?,
    );
    TimeZone::UTC.to_timestamp(civil).ok().map(|t| t.as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(texts: &[&str]) -> NumberForm {
        let mut numbers = Numbers::default();
        for text in texts {
            numbers.see(text, parse(text).unwrap());
        }
        numbers.form()
    }

    #[test]
    fn units_are_certain_from_their_size() {
        assert_eq!(form(&["1714953600", "1714953900.5"]), NumberForm::Epoch(1));
        assert_eq!(form(&["1714953600000"]), NumberForm::Epoch(1000));
        assert_eq!(form(&["1714953600000000"]), NumberForm::Epoch(1_000_000));
        assert_eq!(form(&["1.7149536E18"]), NumberForm::Epoch(1_000_000_000));
        assert_eq!(form(&["45418.0", "45418,003472"]), NumberForm::Serial);
        assert_eq!(form(&["202405060000", "202405060005"]), NumberForm::Digits);
        assert!(matches!(form(&["638505504000000000"]), NumberForm::Ticks(_)));
        assert_eq!(form(&["0", "120", "240"]), NumberForm::Epoch(1));
    }

    #[test]
    fn every_unit_is_the_same_moment() {
        for text in [
            "1714953600",
            "1.7149536e9",
            "1714953600000",
            "1714953600000000000",
            "45418",
            "20240506",
            "638505504000000000",
            "133594272000000000",
        ] {
            let ms = milliseconds(text, parse(text).unwrap(), form(&[text]));
            assert_eq!(ms, Ok(1_714_953_600_000), "{text}");
        }
        assert!(milliseconds("1714953600", 1_714_953_600.0, NumberForm::Epoch(1000)).is_err());
    }
}
