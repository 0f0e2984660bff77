//! Spans of time as people write them.

use std::time::Duration;

/// Longest span that is accepted: ten years.
const LONGEST_S: f64 = 3650.0 * 86_400.0;

/// Parses `90`, `1.5s`, `5m`, `2h`, `1d`; a bare number is seconds.
///
/// # Errors
/// If it is no positive number with one of these units.
pub fn parse_span(text: &str) -> Result<Duration, String> {
    let text = text.trim();
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit_s = match text.get(digits.len()..).unwrap_or_default() {
        "" | "s" => 1.0,
        "m" | "min" => 60.0,
        "h" => 3600.0,
        "d" => 86_400.0,
        other => return Err(format!("unknown unit `{other}`: use s, m, h or d, such as 90s")),
    };
    let number: f64 =
        digits.trim().parse().map_err(|_| format!("`{text}` is no span of time, such as 90s"))?;
    let seconds = number * unit_s;
    if !(seconds > 0.0 && seconds <= LONGEST_S) {
        return Err(format!("`{text}` is not between 0 and ten years"));
    }
    Ok(Duration::from_secs_f64(seconds))
}

/// Parses how many simulated seconds pass in one real second.
///
/// # Errors
/// If it is no number from 1 to 100,000.
pub fn parse_speed(text: &str) -> Result<f64, String> {
    match text.trim().trim_end_matches('x').parse::<f64>() {
        Ok(speed) if (1.0..=100_000.0).contains(&speed) => Ok(speed),
        _ => Err("a speed is a number from 1 (real time) to 100000".into()),
    }
}

/// `2025-06-01 14:30` in UTC, without a calendar crate (Howard Hinnant's days-to-civil).
#[must_use]
pub fn utc(seconds: i64) -> String {
    let (days, rest_s) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let day_of_era = z.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let m = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * m + 2) / 5 + 1;
    let month = if m < 10 { m + 3 } else { m - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let (hour, minute) = (rest_s / 3600, rest_s % 3600 / 60);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_parsed() {
        let s = |text| parse_span(text).map(|d| d.as_secs_f64());
        assert_eq!(s("90"), Ok(90.0));
        assert_eq!(s("1.5s"), Ok(1.5));
        assert_eq!(s("5m"), Ok(300.0));
        assert_eq!(s("2 h"), Ok(7200.0));
        for bad in ["", "s", "-1s", "0", "1w", "NaN", "1e99h"] {
            assert!(s(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn speeds_are_bounded() {
        assert_eq!(parse_speed("960x"), Ok(960.0));
        assert!(parse_speed("0").is_err() && parse_speed("inf").is_err());
    }

    #[test]
    fn dates_are_civil() {
        assert_eq!(utc(0), "1970-01-01 00:00");
        assert_eq!(utc(951_782_400), "2000-02-29 00:00");
        assert_eq!(utc(1_751_328_030), "2025-07-01 00:00");
        assert_eq!(utc(-60), "1969-12-31 23:59");
    }
}
