//! The fields of a sample, and the names that each goes by.

use super::number::excerpt;
use crate::observe::{Warning, WarningKind};

/// A field of a sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    /// The end of the interval.
    Time,
    /// The moment that a row is stamped with, by the reference's name.
    Stamp,
    Interval,
    Logged,
    Processed,
    Unprocessed,
    Queued,
    Work,
    Ready,
    Starting,
    Source,
}

/// Each field with its name, and with that of the reference's column that holds the same.
const NAMES: [(Field, &str, Option<&str>); 11] = [
    (Field::Time, "time", None),
    (Field::Stamp, "DateTime", Some("timestamp")),
    (Field::Interval, "interval_s", None),
    (Field::Logged, "logged_events", Some("avg_logged_events_in_interval")),
    (Field::Processed, "processed_events", Some("avg_processed_events_in_interval")),
    (Field::Unprocessed, "unprocessed_events", Some("avg_unprocessed_events_count")),
    (Field::Queued, "queued_events", Some("avg_queued_events_in_interval")),
    (Field::Work, "avg_processing_ms", Some("avg_average_processing_duration_ms")),
    (Field::Ready, "jobs_ready", None),
    (Field::Starting, "jobs_starting", None),
    (Field::Source, "source", None),
];
/// Words in the names of what is often measured beside these, and not used.
const BYSTANDERS: [&str; 16] = [
    "cpu",
    "mem",
    "gpu",
    "disk",
    "network",
    "io",
    "error",
    "errors",
    "retry",
    "retries",
    "success",
    "failure",
    "failed",
    "latency",
    "utilization",
    "util",
];
/// Names that are near enough to be meant.
const NEAR: f64 = 0.8;

impl Field {
    /// The field that `name` means.
    pub(super) fn named(name: &str) -> Option<Self> {
        let is = |known: &str| known.eq_ignore_ascii_case(name);
        let found = NAMES.iter().find(|(_, own, other)| is(own) || other.is_some_and(is));
        found.map(|(field, ..)| *field)
    }

    /// Its name in messages and metrics.
    pub(super) fn name(self) -> &'static str {
        NAMES.iter().find(|(field, ..)| *field == self).map_or("", |(_, name, _)| name)
    }
}

/// The field's name if `name` is that of one: for metrics, whose labels must not grow without end.
pub(super) fn known(name: &str) -> Option<&'static str> {
    NAMES.iter().map(|(_, own, _)| *own).find(|own| *own == name)
}

/// What is to be said of a name that is no field's.
pub(super) fn unread(name: &str) -> Warning {
    let (kind, message) = if is_bystander(name) {
        let message = format!(
            "field `{}` is not used: neither forecasts nor decisions rest on it; to leave it out changes \
             nothing",
            excerpt(name)
        );
        (WarningKind::Unused, message)
    } else {
        let message = format!("unknown field `{}`, not read; {}", excerpt(name), advice(name));
        (WarningKind::Unknown, message)
    };
    Warning { field: Some(excerpt(name).into_owned().into()), kind, message }
}

/// Whether the name is that of something which is measured beside the queue: `cpu_percent`, `retryRate`.
fn is_bystander(name: &str) -> bool {
    let mut words = String::new();
    for c in name.chars().take(64) {
        if c.is_uppercase() {
            words.push(' ');
        }
        words.push(if c.is_alphanumeric() { c.to_ascii_lowercase() } else { ' ' });
    }
    let is_known = |word: &str| BYSTANDERS.contains(&word) || word.starts_with("memory");
    words.split(' ').any(is_known) || is_known(&name.to_lowercase())
}

fn advice(name: &str) -> String {
    let near = |known: &str| strsim::jaro_winkler(&name.to_lowercase(), &known.to_lowercase());
    let names = || NAMES.iter().flat_map(|(_, own, other)| [Some(*own), *other]).flatten();
    let best = names().map(|known| (near(known), known)).max_by(|a, b| a.0.total_cmp(&b.0));
    match best {
        Some((score, known)) if score >= NEAR => format!("did you mean `{known}`?"),
        _ => {
            let own: Vec<&str> = NAMES.iter().map(|(_, own, _)| *own).collect();
            format!("known are {}, and the columns of the CSV", own.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_go_by_our_names_and_by_the_columns() {
        for (name, field) in [
            ("time", Field::Time),
            ("DateTime", Field::Stamp),
            ("datetime", Field::Stamp),
            ("logged_events", Field::Logged),
            ("avg_logged_events_in_interval", Field::Logged),
            ("avg_average_processing_duration_ms", Field::Work),
        ] {
            assert_eq!(Field::named(name), Some(field), "{name}");
        }
        assert_eq!(Field::named("loged_events"), None);
    }

    #[test]
    fn what_is_measured_beside_the_queue_is_told_from_slips_of_the_pen() {
        for name in
            ["cpu_percent", "memory_percent", "error_rate", "retryRate", "IO", "p99_latency_ms"]
        {
            let warning = unread(name);
            assert_eq!(warning.kind, WarningKind::Unused, "{name}");
            assert!(warning.message.contains(name), "{warning:?}");
        }
        for (name, words) in [
            ("loged_events", "did you mean `logged_events`"),
            ("avg_loged_events_in_interval", "did you mean `avg_logged_events_in_interval`"),
            ("host", "known are time"),
        ] {
            let warning = unread(name);
            assert!(
                warning.kind == WarningKind::Unknown && warning.message.contains(words),
                "{name}"
            );
        }
    }
}
