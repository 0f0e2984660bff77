//! A single moment, as an option or a configuration names it.

use jiff::Timestamp;
use jiff::civil::DateTime;
use scaleiq_core::units::UnixSeconds;

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_needs_its_zone() {
        assert_eq!(moment("2025-03-01T01:02:00+01:00"), Ok(UnixSeconds(1_740_787_320)));
        assert!(moment("2025-03-01 00:02").unwrap_err().contains("no zone"));
        assert!(moment("1740787320").unwrap_err().contains("no time"));
        assert!(moment("1969-12-31T00:00:00Z").is_err());
    }
}
