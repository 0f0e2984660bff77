//! One field of a row: a time or a number.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use scaleiq_core::units::UnixSeconds;

/// Last moment that is read: the end of the year 9999.
const LAST_MS: i64 = 253_402_300_799_000;

/// Milliseconds since 1970 of a time as text.
pub(crate) fn time(text: &str) -> Result<i64, &'static str> {
    let text = text.trim();
    if text.is_empty() {
        return Err("is empty and no time");
    }
    let ms = if let Ok(seconds) = text.parse::<f64>() {
        let ms = (seconds * 1000.0).round();
        if !ms.is_finite() {
            return Err("is not a time");
        }
        if ms > LAST_MS as f64 {
            return Err("is after the year 9999 (milliseconds? divide by 1000)");
        }
        ms as i64
    } else if let Ok(moment) = text.parse::<Timestamp>() {
        moment.as_millisecond()
    } else {
        let text = text.strip_suffix(" UTC").unwrap_or(text);
        let civil: DateTime = text.parse().map_err(|_| "is not a time")?;
        TimeZone::UTC.to_timestamp(civil).map_err(|_| "is not a time")?.as_millisecond()
    };
    if ms < 0 { Err("is before 1970") } else { Ok(ms) }
}

/// The moment that a text names, in whole seconds. Unlike in a file the zone must be there, since a
/// single time that was meant in another one is not noticed.
///
/// # Errors
/// What is wrong with it and what to do, to be put behind the text.
pub fn moment(text: &str) -> Result<UnixSeconds, &'static str> {
    let text = text.trim();
    match text.parse::<Timestamp>() {
        Ok(moment) if moment.as_second() < 0 => Err("is before 1970"),
        Ok(moment) => Ok(UnixSeconds(moment.as_second())),
        Err(_) if text.parse::<DateTime>().is_ok() => {
            Err("has no zone: write it as 2025-03-01T08:00:00Z (UTC) or 2025-03-01T08:00:00+01:00")
        }
        Err(_) => Err("is no time: write it as 2025-03-01T08:00:00Z or 2025-03-01T08:00:00+01:00"),
    }
}

/// What is wrong with a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NumberFault {
    NotANumber,
    Negative,
    Infinite,
    TooLarge,
}

/// A measured number, or `None` for a gap.
pub(crate) fn number(text: &str) -> Result<Option<f32>, NumberFault> {
    const GAPS: [&str; 6] = ["", "nan", "null", "none", "na", "n/a"];
    let text = text.trim();
    if GAPS.iter().any(|gap| text.eq_ignore_ascii_case(gap)) {
        return Ok(None);
    }
    let value: f64 = text.parse().map_err(|_| NumberFault::NotANumber)?;
    if value.is_nan() {
        Ok(None)
    } else if value.is_infinite() {
        Err(NumberFault::Infinite)
    } else if value < 0.0 {
        Err(NumberFault::Negative)
    } else if value > scaleiq_core::sample::MAX_VALUE {
        Err(NumberFault::TooLarge)
    } else {
        // `+ 0.0` turns -0 into 0, so that equal values have equal bits.
        Ok(Some(value as f32 + 0.0))
    }
}

/// The size of what is planned: a number, or whether there is anything; 0 for a gap.
pub(crate) fn size(text: &str) -> Result<f32, NumberFault> {
    let is = |words: [&str; 2]| words.iter().any(|word| text.trim().eq_ignore_ascii_case(word));
    if is(["true", "yes"]) {
        Ok(1.0)
    } else if is(["false", "no"]) {
        Ok(0.0)
    } else {
        number(text).map(|size| size.unwrap_or(0.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_in_every_form_are_the_same_moment() {
        for text in [
            "2025-03-01T00:02:00Z",
            "2025-03-01T00:02:00+00:00",
            "2025-03-01T01:02:00+01:00",
            "2025-02-28T18:32:00-05:30",
            "2025-03-01 01:02:00+01:00",
            "2025-03-01T00:02:00",
            "2025-03-01 00:02:00",
            "2025-03-01 00:02",
            "2025-03-01 00:02:00.000",
            " 2025-03-01 00:02:00 UTC",
            "1740787320",
            "1740787320.0",
        ] {
            assert_eq!(time(text), Ok(1_740_787_320_000), "{text}");
        }
        assert_eq!(time("2025-03-01"), Ok(1_740_787_200_000));
    }

    #[test]
    fn a_moment_needs_its_zone() {
        assert_eq!(moment("2025-03-01T01:02:00+01:00"), Ok(UnixSeconds(1_740_787_320)));
        assert!(moment("2025-03-01 00:02").unwrap_err().contains("no zone"));
        assert!(moment("1740787320").unwrap_err().contains("no time"));
        assert!(moment("1969-12-31T00:00:00Z").is_err());
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in ["", "soon", "2025-13-01", "01/03/2025 00:02", "-5", "1740787320000", "inf"] {
            assert!(time(text).is_err(), "{text}");
        }
    }

    #[test]
    fn gaps_and_faults_are_told_apart() {
        for gap in ["", " ", "nan", "NaN", "null", "N/A", "-nan"] {
            assert_eq!(number(gap), Ok(None), "{gap}");
        }
        assert_eq!(number(" 73.5 "), Ok(Some(73.5)));
        assert_eq!(number("1e3"), Ok(Some(1000.0)));
        assert_eq!(number("-0").unwrap().map(f32::to_bits), Some(0));
        assert_eq!(number("-1"), Err(NumberFault::Negative));
        assert_eq!(number("-1e300"), Err(NumberFault::Negative));
        assert_eq!(number("-inf"), Err(NumberFault::Infinite));
        assert_eq!(number("2e12"), Err(NumberFault::TooLarge));
        assert_eq!(number("1,234"), Err(NumberFault::NotANumber));
    }

    #[test]
    fn sizes_may_be_words() {
        for (text, size_) in [("", 0.0), ("no", 0.0), (" True ", 1.0), ("1.5", 1.5), ("nan", 0.0)] {
            assert_eq!(size(text), Ok(size_), "{text}");
        }
        assert!(size("-1").is_err() && size("spring").is_err());
    }
}
