//! Moments of the past as people type them.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use scaleiq_core::units::UnixSeconds;

/// Ways to write a moment.
const HINT: &str = "is no moment: write it as 14:30 or `yesterday 14:30` (this machine's time zone), \
                    2025-03-10 01:20 (the same), 2025-03-10T01:20:00Z, 20m (so long ago), or in seconds since 1970";
/// A number below this is no moment of our time in seconds.
const FIRST_S: i64 = 100_000_000;

/// Reads a moment that is over.
///
/// # Errors
/// How to write one.
pub(super) fn past(text: &str) -> Result<UnixSeconds, String> {
    read(text.trim(), Timestamp::now(), &TimeZone::system())
}

fn read(text: &str, now: Timestamp, zone: &TimeZone) -> Result<UnixSeconds, String> {
    let at = |civil: DateTime| {
        let zoned = civil.to_zoned_datetime(zone.clone()).map_err(|e| e.to_string())?;
        Ok(UnixSeconds(zoned.timestamp().as_second()))
    };
    let here = now.to_zoned_datetime(zone.clone()).datetime();
    if text == "now" {
        return Ok(UnixSeconds(now.as_second()));
    }
    if let Ok(seconds) = text.parse::<i64>() {
        return match seconds {
            FIRST_S.. => Ok(UnixSeconds(seconds)),
            _ => Err(HINT.into()),
        };
    }
    if let Some(time) = text.strip_prefix("yesterday") {
        let time = if time.is_empty() { Time::midnight() } else { clock(time.trim())? };
        return at(here.date().saturating_sub(1.day()).to_datetime(time));
    }
    if let Ok(time) = clock(text) {
        // The last time that a clock showed it.
        let day =
            if time <= here.time() { here.date() } else { here.date().saturating_sub(1.day()) };
        return at(day.to_datetime(time));
    }
    if let Ok(ago) = text.trim_end_matches("ago").trim().parse::<SignedDuration>()
        && ago.as_secs() >= 0
    {
        return Ok(UnixSeconds(now.as_second()).plus(-ago.as_secs()));
    }
    if let Ok(moment) = scaleiq_workload::moment(text) {
        return Ok(moment);
    }
    if let Ok(civil) = text.parse::<DateTime>() {
        return at(civil);
    }
    text.parse::<Date>().map_err(|_| HINT.to_string()).and_then(|date| at(date.into()))
}

fn clock(text: &str) -> Result<Time, String> {
    let is_clock = text.contains(':') && text.len() <= 8;
    text.parse().ok().filter(|_| is_clock).ok_or_else(|| HINT.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read_as_people_type_them() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let now: Timestamp = "2025-03-10T12:00:00Z".parse().unwrap();
        let at = |text: &str| {
            let at = read(text, now, &zone).map(|at| Timestamp::from_second(at.0).unwrap());
            at.map(|at| at.to_string())
        };
        for (text, moment) in [
            ("12:30", "2025-03-10T11:30:00Z"),
            ("14:30", "2025-03-09T13:30:00Z"),
            ("14:30:05", "2025-03-09T13:30:05Z"),
            ("yesterday 10:00", "2025-03-09T09:00:00Z"),
            ("2025-03-01 08:00", "2025-03-01T07:00:00Z"),
            ("2025-03-01T08:00", "2025-03-01T07:00:00Z"),
            ("2025-03-01", "2025-02-28T23:00:00Z"),
            ("2025-03-01T08:00:00Z", "2025-03-01T08:00:00Z"),
            ("20m", "2025-03-10T11:40:00Z"),
            ("2h ago", "2025-03-10T10:00:00Z"),
            ("1741000000", "2025-03-03T11:06:40Z"),
            ("now", "2025-03-10T12:00:00Z"),
        ] {
            assert_eq!(at(text).as_deref(), Ok(moment), "{text}");
        }
        for bad in ["soon", "", "25:00", "12", "2025-13-01", "-20m"] {
            assert!(at(bad).unwrap_err().contains("14:30"), "{bad}");
        }
    }
}
