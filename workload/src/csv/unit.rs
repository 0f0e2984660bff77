//! Units: what a count is over, as an option, behind a value or in a column's name says.

use super::number_fault::NumberFault;
use serde::{Deserialize, Serialize};

/// What the numbers of a column count over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "clap", derive(clap::ValueEnum))]
pub enum Unit {
    /// Events in the interval.
    #[default]
    PerInterval,
    /// A rate: events a second.
    PerSecond,
    /// A rate: events a minute.
    PerMinute,
    /// A rate: events an hour.
    PerHour,
}

impl Unit {
    /// What makes a number of this unit a count over `length_s` seconds.
    pub(crate) fn factor(self, length_s: f64) -> f64 {
        match self {
            Self::PerInterval => 1.0,
            Self::PerSecond => length_s,
            Self::PerMinute => length_s / 60.0,
            Self::PerHour => length_s / 3600.0,
        }
    }

    /// The unit in words.
    pub(super) fn description(self) -> &'static str {
        match self {
            Self::PerInterval => "events in the interval",
            Self::PerSecond => "events a second",
            Self::PerMinute => "events a minute",
            Self::PerHour => "events an hour",
        }
    }
}

/// Letters for thousands, millions and so on, as dashboards shorten numbers.
const SHORTENED: [&str; 9] = ["k", "K", "M", "Mil", "Mio", "B", "Bil", "G", "T"];
/// Units of something else than events.
const NO_COUNTS: [(&str, &[&str]); 3] = [
    ("a share", &["%"]),
    ("a time", &["ns", "us", "µs", "μs", "ms", "s", "sec", "min", "mins", "hour", "hours", "days"]),
    ("a size", &["bytes", "kb", "kib", "mb", "mib", "gb", "gib", "tb", "tib"]),
];

/// The unit behind a value.
pub(super) fn of_suffix(suffix: &str) -> Result<Unit, NumberFault> {
    if suffix.is_empty() {
        return Ok(Unit::PerInterval);
    }
    let first = suffix.split_whitespace().next().unwrap_or_default();
    if SHORTENED.contains(&first) {
        return Err(NumberFault::Formatted);
    }
    let lower = suffix.to_lowercase();
    if is_scaled(&lower) {
        return Err(NumberFault::Formatted);
    }
    if let Some((what, _)) = NO_COUNTS.iter().find(|(_, names)| names.contains(&lower.as_str())) {
        return Err(NumberFault::NoCount(what));
    }
    let word = |c: char| c.is_alphabetic() || matches!(c, '/' | ' ' | '.' | '-' | '_');
    if !suffix.chars().all(word) {
        return Err(NumberFault::NotANumber);
    }
    Ok(rate(&lower).unwrap_or_default())
}

/// Whether a unit has a letter for thousands or millions before it: `kreq/s`.
fn is_scaled(lower: &str) -> bool {
    const UNITS: [&str; 9] = ["req", "ops", "msg", "event", "evt", "rps", "qps", "hits", "iops"];
    let bare = lower.strip_prefix(['k', 'm', 'g']);
    bare.is_some_and(|bare| UNITS.iter().any(|unit| bare.starts_with(unit)))
}

/// The rate that a column's name states, as in `orders (req/s)`, `requests_per_second` or
/// `rate(orders[5m])`.
pub(super) fn of_name(name: &str) -> Option<Unit> {
    let lower = name.to_lowercase().replace(['_', '-'], " ");
    // Prometheus' rate() is a second's, whatever its window.
    if lower.contains("rate(") {
        return Some(Unit::PerSecond);
    }
    let bracketed = lower.split_once(['(', '[']).map(|(_, rest)| rest.trim_end_matches([')', ']']));
    bracketed.and_then(rate).or_else(|| rate(&lower))
}

/// The rate that lower-case words end in.
fn rate(words: &str) -> Option<Unit> {
    const RATES: [(Unit, &[&str]); 3] = [
        (
            Unit::PerSecond,
            &["/s", "/sec", "/second", "per second", "per sec", "persecond", "rps", "qps", "tps"],
        ),
        (Unit::PerMinute, &["/m", "/min", "/minute", "per minute", "per min", "rpm"]),
        (Unit::PerHour, &["/h", "/hr", "/hour", "per hour"]),
    ];
    let ends = |names: &&[&str]| names.iter().any(|name| words.trim().ends_with(name));
    RATES.iter().find(|(_, names)| ends(names)).map(|(unit, _)| *unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_behind_values() {
        assert_eq!(of_suffix("events"), Ok(Unit::PerInterval));
        assert_eq!(of_suffix("ops/s"), Ok(Unit::PerSecond));
        assert_eq!(of_suffix("req per minute"), Ok(Unit::PerMinute));
        assert_eq!(of_suffix("Mil"), Err(NumberFault::Formatted));
        assert_eq!(of_suffix("K ops/s"), Err(NumberFault::Formatted));
        assert_eq!(of_suffix("kreq/s"), Err(NumberFault::Formatted));
        assert_eq!(of_suffix("ms"), Err(NumberFault::NoCount("a time")));
    }

    #[test]
    fn units_in_names() {
        assert_eq!(of_name("orders (req/s)"), Some(Unit::PerSecond));
        assert_eq!(of_name("messages_per_minute"), Some(Unit::PerMinute));
        assert_eq!(of_name("sum(rate(orders_total[5m]))"), Some(Unit::PerSecond));
        assert_eq!(of_name("orders"), None);
        assert_eq!(of_name("value (events)"), None);
    }
}
