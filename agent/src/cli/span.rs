//! Spans of time as people write them.

use std::time::Duration;

/// Longest span that is accepted: ten years.
const MAX_S: f64 = 3650.0 * 86_400.0;

/// Parses `90`, `1.5s`, `5m`, `2h`, `1d`; a bare number is seconds.
///
/// # Errors
/// If it is no positive number with one of these units.
pub(super) fn parse_span(text: &str) -> Result<Duration, String> {
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
    if !(seconds > 0.0 && seconds <= MAX_S) {
        return Err(format!("`{text}` is not between 0 and ten years"));
    }
    Ok(Duration::from_secs_f64(seconds))
}

/// Parses how many simulated seconds pass in one real second.
///
/// # Errors
/// If it is no number from 1 to 100,000.
pub(super) fn parse_speed(text: &str) -> Result<f64, String> {
    match text.trim().trim_end_matches('x').parse::<f64>() {
        Ok(speed) if (1.0..=100_000.0).contains(&speed) => Ok(speed),
        _ => Err("a speed is a number from 1 (real time) to 100000".into()),
    }
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
}
