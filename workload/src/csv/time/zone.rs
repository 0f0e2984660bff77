//! Zones as they stand behind times, and what a wall clock's time means in one.

use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};
use serde::{Deserialize, Serialize};
use std::str::FromStr;

/// A zone that is written behind a time.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Suffix {
    /// Seconds east of Greenwich.
    Offset(i32),
    /// One of the time zone database.
    Named(TimeZone),
}

/// Abbreviations that mean one offset, in hours. Those of North America are RFC 2822's; what means
/// different zones in different places (IST, BST in Asia) is not there.
const ABBREVIATIONS: [(&str, f64); 32] = [
    ("Z", 0.0),
    ("UTC", 0.0),
    ("GMT", 0.0),
    ("UCT", 0.0),
    ("WET", 0.0),
    ("WEST", 1.0),
    ("BST", 1.0),
    ("CET", 1.0),
    ("MEZ", 1.0),
    ("CEST", 2.0),
    ("MESZ", 2.0),
    ("EET", 2.0),
    ("EEST", 3.0),
    ("MSK", 3.0),
    ("SGT", 8.0),
    ("HKT", 8.0),
    ("AWST", 8.0),
    ("JST", 9.0),
    ("KST", 9.0),
    ("AEST", 10.0),
    ("AEDT", 11.0),
    ("NZST", 12.0),
    ("NZDT", 13.0),
    ("EST", -5.0),
    ("EDT", -4.0),
    ("CST", -6.0),
    ("CDT", -5.0),
    ("MST", -7.0),
    ("MDT", -6.0),
    ("PST", -8.0),
    ("PDT", -7.0),
    ("BRT", -3.0),
];

/// A zone's name, abbreviation or offset.
pub(super) fn parse(word: &str) -> Option<Suffix> {
    if let Some((_, hours)) = ABBREVIATIONS.iter().find(|(name, _)| name.eq_ignore_ascii_case(word))
    {
        return Some(Suffix::Offset((hours * 3600.0) as i32));
    }
    let signed = word.strip_prefix("UTC").or_else(|| word.strip_prefix("GMT")).unwrap_or(word);
    if let Some(seconds) = offset(signed) {
        return Some(Suffix::Offset(seconds));
    }
    word.contains('/').then(|| TimeZone::get(word).ok()).flatten().map(Suffix::Named)
}

/// `+2`, `+02`, `+0200`, `+02:00`, in seconds.
fn offset(text: &str) -> Option<i32> {
    let digits = text.strip_prefix(['+', '-', '\u{2212}'])?;
    let (hours, minutes) = match digits.split_once(':') {
        Some(parts) => parts,
        None if digits.len() > 2 => digits.split_at_checked(digits.len() - 2)?,
        None => (digits, "0"),
    };
    let (hours, minutes): (i32, i32) = (hours.parse().ok()?, minutes.parse().ok()?);
    let sound = (0..=14).contains(&hours) && (0..60).contains(&minutes);
    let seconds = hours * 3600 + minutes * 60;
    sound.then_some(if text.starts_with('+') { seconds } else { -seconds })
}

/// A zone that a user names: of the time zone database, or an offset such as `+02:00`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Zone {
    name: String,
    zone: TimeZone,
}

/// A zone that is not in the time zone database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no such zone: write it as Europe/Berlin, UTC or +02:00")]
pub struct NoSuchZone;

impl Zone {
    pub(super) fn zone(&self) -> &TimeZone {
        &self.zone
    }
}

impl FromStr for Zone {
    type Err = NoSuchZone;

    fn from_str(name: &str) -> Result<Self, NoSuchZone> {
        let zone = match parse(name) {
            Some(Suffix::Named(zone)) => Some(zone),
            Some(Suffix::Offset(seconds)) => {
                Offset::from_seconds(seconds).ok().map(TimeZone::fixed)
            }
            None => TimeZone::get(name).ok(),
        };
        zone.map(|zone| Self { name: name.into(), zone }).ok_or(NoSuchZone)
    }
}

impl TryFrom<String> for Zone {
    type Error = NoSuchZone;

    fn try_from(name: String) -> Result<Self, NoSuchZone> {
        name.parse()
    }
}

impl From<Zone> for String {
    fn from(zone: Zone) -> Self {
        zone.name
    }
}

/// What a wall clock's time may mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// Milliseconds since 1970.
    Once(i64),
    /// The clocks went back: first the one, then the other.
    Twice(i64, i64),
    /// The clocks went forward over it.
    Never,
}

/// What `civil` means in `zone`.
pub(super) fn meaning(civil: DateTime, zone: &TimeZone) -> Meaning {
    let at = |offset: Offset| offset.to_timestamp(civil).map(|t| t.as_millisecond());
    let meaning = match zone.to_ambiguous_timestamp(civil).offset() {
        AmbiguousOffset::Unambiguous { offset } => at(offset).map(Meaning::Once),
        AmbiguousOffset::Gap { .. } => Ok(Meaning::Never),
        AmbiguousOffset::Fold { before, after } => {
            at(before).and_then(|first| at(after).map(|second| Meaning::Twice(first, second)))
        }
    };
    // Only the ends of the calendar, eight thousand years off, have no timestamp.
    meaning.unwrap_or(Meaning::Never)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn zones_by_any_name() {
        for (word, seconds) in
            [("Z", 0), ("CEST", 7200), ("+0530", 19_800), ("UTC-3", -10_800), ("-08:00", -28_800)]
        {
            assert_eq!(parse(word), Some(Suffix::Offset(seconds)), "{word}");
        }
        assert!(matches!(parse("America/New_York"), Some(Suffix::Named(_))));
        assert_eq!((parse("IST"), parse("Mars/Base"), parse("+25")), (None, None, None));
    }

    #[test]
    fn clocks_that_change_leave_a_hole_and_a_fold() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let at = |month, day, hour| meaning(date(2024, month, day).at(hour, 30, 0, 0), &zone);
        assert_eq!(at(3, 31, 2), Meaning::Never);
        let Meaning::Twice(first, second) = at(10, 27, 2) else { panic!() };
        assert_eq!(second - first, 3_600_000);
        assert!(matches!(at(10, 27, 3), Meaning::Once(_)));
    }
}
