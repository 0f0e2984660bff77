//! What the names of columns say of what is in them.

use crate::column::Column;
use scaleiq_core::forecast::PLANS;

/// Names of a column of times, and words that may be in one.
const TIMES: [&str; 14] = [
    "timestamp",
    "time",
    "datetime",
    "date time",
    "date",
    "ts",
    "ds",
    "interval start",
    "start time",
    "unix time",
    "zeit",
    "zeitstempel",
    "zeitpunkt",
    "datum",
];
const TIME_WORDS: [&str; 7] = ["time", "timestamp", "date", "datetime", "epoch", "zeit", "datum"];
/// Names of a column of arrivals beside the reference's and `value`, the likeliest first.
const ARRIVALS: [&str; 19] = [
    "values",
    "count",
    "counts",
    "y",
    "events",
    "event count",
    "arrivals",
    "arrivals events",
    "logged events",
    "requests",
    "request count",
    "messages",
    "message count",
    "invocations",
    "hits",
    "count of records",
    "doc count",
    "sum",
    "total",
];
/// Names of columns that tell series apart, even where they hold numbers.
const LABELS: [&str; 12] = [
    "series",
    "queue",
    "topic",
    "partition",
    "shard",
    "table",
    "host",
    "instance",
    "pod",
    "job",
    "node",
    "metric",
];
/// Columns that number the rows, as some programs write them beside the data.
const INDICES: [&str; 5] = ["", "index", "id", "no", "unnamed 0"];
/// Words in the names of columns that are recommended beside those that are read, and not used yet.
const EXTRAS: [&str; 14] = [
    "cpu", "memory", "error", "retry", "success", "campaign", "holiday", "network", "latency",
    "disk", "gpu", "node", "pod", "job",
];
/// Likeness from which on a name is a slip of the pen for another.
const NEARLY_EQUAL: f64 = 0.95;

/// A name without case, marks, and what tools put behind it: `@timestamp per 5 minutes`,
/// `value (events)`.
pub(super) fn plain(name: &str) -> String {
    let name = name.split(['(', '[']).next().unwrap_or(name).to_lowercase();
    let words: Vec<&str> =
        name.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).collect();
    let words = words.join(" ");
    words.split_once(" per ").map_or(words.clone(), |(before, _)| before.to_string())
}

/// How much a name promises a time: 2 surely, 1 perhaps, 0 not.
pub(super) fn time_rank(name: &str) -> u8 {
    let plain = plain(name);
    if TIMES.contains(&plain.as_str()) || Column::Time.is_named(name) {
        2
    } else {
        u8::from(plain.split(' ').any(|word| TIME_WORDS.contains(&word)))
    }
}

/// How surely a name means the events that arrived, the surest first; `None` if it does not.
pub(super) fn arrivals_rank(name: &str) -> Option<usize> {
    let plain = plain(name);
    if Column::Arrivals.name().eq_ignore_ascii_case(name.trim()) {
        Some(0)
    } else if plain == "value" {
        Some(1)
    } else {
        ARRIVALS.iter().position(|known| *known == plain).map(|index| index + 2)
    }
}

/// Whether an arrivals' rank is that of a name that this format defines.
pub(super) fn is_own(rank: usize) -> bool {
    rank < 2
}

/// Whether a column of this name tells series apart.
pub(super) fn is_label(name: &str) -> bool {
    LABELS.contains(&plain(name).as_str())
}

/// Whether a column of this name holds the hours of days that are in another.
pub(super) fn is_hour(name: &str) -> bool {
    matches!(plain(name).as_str(), "hour" | "hr" | "hour of day" | "stunde")
}

/// Whether a column of this name may number the rows.
pub(super) fn is_index(name: &str) -> bool {
    INDICES.contains(&plain(name).as_str())
}

/// The other measured or planned column that a name means.
pub(super) fn other(name: &str) -> Option<Column> {
    const OTHERS: usize = Column::ALL.len() - 2;
    const { assert!(OTHERS == 4 + PLANS) };
    let others = Column::ALL.into_iter().filter(|c| !matches!(c, Column::Time | Column::Arrivals));
    others.into_iter().find(|column| column.is_named(name))
}

/// What a user should know of a column that is not read.
pub(super) fn note(name: &str) -> String {
    let nearest = Column::ALL.map(|column| (column.likeness(name), column));
    if let Some((_, column)) =
        nearest.into_iter().find(|(likeness, _)| (NEARLY_EQUAL..1.0).contains(likeness))
    {
        return format!(
            "column `{name}` is unknown and ignored; did you mean `{}`?",
            column.name()
        );
    }
    let lower = name.to_lowercase();
    if EXTRAS.iter().any(|word| lower.contains(word)) {
        return format!("column `{name}` is accepted and not used");
    }
    format!("column `{name}` is unknown and ignored")
}

/// Whether the first cell of a line says that the others are the columns' names.
pub(super) fn names_columns(cell: &str) -> bool {
    matches!(plain(cell).as_str(), "label" | "labels" | "full label" | "metric name")
}

/// Whether a label or the words of a row say that it sums up others.
pub(super) fn is_total(text: &str) -> bool {
    const TOTALS: [&str; 17] = [
        "total",
        "totals",
        "grand total",
        "subtotal",
        "sum",
        "average",
        "avg",
        "mean",
        "min",
        "max",
        "minimum",
        "maximum",
        "gesamt",
        "summe",
        "zwischensumme",
        "mittelwert",
        "somme",
    ];
    TOTALS.contains(&plain(text).as_str())
}

/// Whether the first word of a text says so.
pub(super) fn begins_as_total(text: &str) -> bool {
    let plain = plain(text);
    plain.split(' ').next().is_some_and(is_total) || is_total(&plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_as_tools_write_them() {
        assert_eq!(plain("@timestamp per 5 minutes"), "timestamp");
        for name in ["Time", "_time", "timestamp (UTC)", "DateTime", "ds", "Datum"] {
            assert_eq!(time_rank(name), 2, "{name}");
        }
        assert_eq!((time_rank("response_time_ms"), time_rank("orders")), (1, 0));
        assert!(arrivals_rank("_value") < arrivals_rank("Count of records"));
        assert_eq!(arrivals_rank("orders"), None);
        assert!(is_total("Grand Total") && !is_total("orders"));
    }

    #[test]
    fn what_is_not_read_is_told() {
        let text = ["cpu_usage", "foo", "avg_unprocesed_events_count"].map(note).join("\n");
        insta::assert_snapshot!(text, @r"
        column `cpu_usage` is accepted and not used
        column `foo` is unknown and ignored
        column `avg_unprocesed_events_count` is unknown and ignored; did you mean `avg_unprocessed_events_count`?
        ");
    }
}
