//! The columns of a file of event metrics: their names, and which field of a row is which.

use crate::error::{DataError, Place};
use scaleiq_core::forecast::{PLAN_NAMES, PLANS};

/// A column that is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Column {
    /// Start of the interval.
    Time,
    /// Mean work of one event on one job, in milliseconds.
    WorkMs,
    /// Backlog at the end of the interval, in events.
    Backlog,
    /// Events finished in the interval.
    Processed,
    /// Events that arrived in the interval.
    Arrivals,
    /// Mean backlog over the interval, in events.
    Queued,
    /// A holiday, and how large it is: 0 is none, 1 the usual size.
    Holiday,
    /// A campaign, and how large it is.
    Campaign,
}

impl Column {
    /// Every column of the reference, in its order.
    pub const MEASURED: [Column; 6] = [
        Column::Time,
        Column::WorkMs,
        Column::Backlog,
        Column::Processed,
        Column::Arrivals,
        Column::Queued,
    ];
    /// What is known beforehand, in the order of a [`Plan`](scaleiq_core::forecast::Plan).
    pub const PLANNED: [Column; PLANS] = [Column::Holiday, Column::Campaign];
    /// Every column.
    pub const ALL: [Column; 8] = [
        Column::Time,
        Column::WorkMs,
        Column::Backlog,
        Column::Processed,
        Column::Arrivals,
        Column::Queued,
        Column::Holiday,
        Column::Campaign,
    ];

    /// Its name in the reference's files, or in ours where the reference has none.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Column::Time => "DateTime",
            Column::WorkMs => "avg_average_processing_duration_ms",
            Column::Backlog => "avg_unprocessed_events_count",
            Column::Processed => "avg_processed_events_in_interval",
            Column::Arrivals => "avg_logged_events_in_interval",
            Column::Queued => "avg_queued_events_in_interval",
            Column::Holiday => PLAN_NAMES[0],
            Column::Campaign => PLAN_NAMES[1],
        }
    }

    /// Its name in two-column files.
    #[must_use]
    pub const fn short_name(self) -> Option<&'static str> {
        match self {
            Column::Time => Some("timestamp"),
            Column::Arrivals => Some("value"),
            _ => None,
        }
    }

    /// Further names that it goes by.
    const fn aliases(self) -> &'static [&'static str] {
        match self {
            Column::Holiday => &["is_holiday", "holidays"],
            Column::Campaign => &["is_campaign", "campaigns", "promo", "promotion"],
            _ => &[],
        }
    }

    /// Every name that it goes by, the first one found in a file is taken.
    fn names(self) -> impl Iterator<Item = &'static str> {
        let names = [Some(self.name()), self.short_name()].into_iter().flatten();
        names.chain(self.aliases().iter().copied())
    }

    /// Whether a file cannot do without it.
    #[must_use]
    pub const fn required(self) -> bool {
        matches!(self, Column::Time | Column::Arrivals)
    }

    const fn index(self) -> usize {
        self as usize
    }

    /// How much a header's cell looks like one of its names, 0..=1.
    fn likeness(self, cell: &str) -> f64 {
        let likeness =
            |name: &str| strsim::jaro_winkler(&name.to_lowercase(), &cell.to_lowercase());
        self.names().map(likeness).fold(0.0, f64::max)
    }
}

/// Words in the names of columns that are recommended beside those that are read, and not used yet.
const EXTRAS: [&str; 14] = [
    "cpu",
    "memory",
    "error_rate",
    "retry_rate",
    "success_rate",
    "campaign",
    "holiday",
    "network",
    "latency",
    "disk",
    "gpu",
    "node",
    "pod",
    "job",
];
/// From here on a cell is named as what may have been meant by a required column.
const ALIKE: f64 = 0.80;
/// The same for a column that is optional: only a slip of the pen.
const NEARLY_EQUAL: f64 = 0.95;

/// Which field of a row is which column.
#[derive(Clone, Debug)]
pub(crate) struct Header {
    fields: [Option<usize>; Column::ALL.len()],
    /// Its line.
    pub(crate) line: u64,
    /// Names as the file spells them.
    pub(crate) names: Vec<String>,
    /// What was ignored.
    pub(crate) notes: Vec<String>,
}

impl Header {
    /// Finds the columns in the cells of a header.
    pub(crate) fn find(file: &str, line: u64, cells: &[String]) -> Result<Header, DataError> {
        let names: Vec<String> = cells.iter().map(|cell| cell.trim().to_string()).collect();
        for (k, name) in names.iter().enumerate() {
            if !name.is_empty()
                && names.iter().take(k).any(|other| other.eq_ignore_ascii_case(name))
            {
                let at = Place { file: file.into(), line, column: name.clone() };
                return Err(DataError::DuplicateColumn { at });
            }
        }
        let position =
            |wanted: &str| names.iter().position(|name| name.eq_ignore_ascii_case(wanted));
        let fields = Column::ALL.map(|column| column.names().find_map(position));
        let mut header = Header { fields, line, names, notes: Vec::new() };
        let absent = |column: &Column| header.field(*column).is_none();
        let missing: Vec<Column> =
            Column::ALL.into_iter().filter(|c| c.required()).filter(absent).collect();
        if !missing.is_empty() {
            return Err(header.missing(file, line, &missing));
        }
        header.notes = header.ignored().map(|(_, name)| header.note(name)).collect::<Vec<String>>();
        Ok(header)
    }

    /// The field that holds `column`, from 0.
    pub(crate) fn field(&self, column: Column) -> Option<usize> {
        self.fields.get(column.index()).copied().flatten()
    }

    /// The name of `column` as the file spells it.
    pub(crate) fn name(&self, column: Column) -> &str {
        let name = self.field(column).and_then(|field| self.names.get(field));
        name.map_or(column.name(), String::as_str)
    }

    fn ignored(&self) -> impl Iterator<Item = (usize, &str)> {
        let unused = |(k, _): &(usize, &String)| !self.fields.contains(&Some(*k));
        self.names.iter().enumerate().filter(unused).map(|(k, name)| (k, name.as_str()))
    }

    fn note(&self, name: &str) -> String {
        let absent = Column::ALL.into_iter().filter(|c| self.field(*c).is_none());
        if let Some((likeness, column)) = nearest(absent.map(|c| (c.likeness(name), c)))
            && likeness >= NEARLY_EQUAL
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

    fn missing(&self, file: &str, line: u64, missing: &[Column]) -> DataError {
        let quoted = |column: &Column| match column.short_name() {
            Some(short) => format!("`{}` (or `{short}`)", column.name()),
            None => format!("`{}`", column.name()),
        };
        let list: Vec<String> = missing.iter().map(quoted).collect();
        let mut hints = Vec::new();
        if let [only] = self.names.as_slice()
            && let Some(mark) = [';', '\t', '|'].into_iter().find(|mark| only.contains(*mark))
        {
            hints.push(format!("its columns are parted by {mark:?}: export with commas"));
        } else if self.names.iter().any(|name| crate::value::time(name).is_ok()) {
            hints.push("its first line looks like data: put a header above it".to_string());
        } else {
            for column in missing {
                let near = nearest(self.ignored().map(|(_, name)| (column.likeness(name), name)));
                if let Some((likeness, name)) = near
                    && likeness >= ALIKE
                {
                    let meant = match column.short_name() {
                        Some(short)
                            if strsim::jaro_winkler(&name.to_lowercase(), short) >= ALIKE =>
                        {
                            short
                        }
                        _ => column.name(),
                    };
                    hints.push(format!("found `{name}`, did you mean `{meant}`?"));
                }
            }
            if hints.is_empty() {
                let mut found: Vec<String> =
                    self.names.iter().take(12).map(|name| format!("`{}`", shown(name))).collect();
                if self.names.len() > found.len() {
                    found.push("...".into());
                }
                hints.push(format!(
                    "found {}; rename what holds the time and the count of \
                     events that arrived",
                    found.join(", ")
                ));
            }
        }
        DataError::MissingColumns {
            file: file.into(),
            line,
            missing: list.join(" and no "),
            hint: hints.join(" "),
        }
    }
}

fn nearest<T>(candidates: impl Iterator<Item = (f64, T)>) -> Option<(f64, T)> {
    candidates.max_by(|a, b| a.0.total_cmp(&b.0))
}

/// A field as it is shown in a message: short and on one line.
pub(crate) fn shown(text: &str) -> String {
    const MOST: usize = 40;
    let mut shown: String = text.chars().take(MOST).flat_map(char::escape_debug).collect();
    if text.chars().count() > MOST {
        shown.push_str("...");
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(header: &str) -> Result<Header, DataError> {
        let cells: Vec<String> = header.split(',').map(String::from).collect();
        Header::find("m.csv", 1, &cells)
    }

    #[test]
    fn names_match_in_any_order_and_case() {
        let header = find(" AVG_LOGGED_EVENTS_IN_INTERVAL , datetime").unwrap();
        assert_eq!(header.field(Column::Time), Some(1));
        assert_eq!(header.field(Column::Arrivals), Some(0));
        assert_eq!(header.field(Column::Queued), None);
        assert_eq!(header.name(Column::Time), "datetime");
    }

    #[test]
    fn extras_are_noted() {
        let header = find(
            "timestamp,value,cpu_usage,foo,avg_unprocesed_events_count,Is_Holiday,p99_latency_ms",
        )
        .unwrap();
        insta::assert_snapshot!(header.notes.join("\n"), @r"
        column `cpu_usage` is accepted and not used
        column `foo` is unknown and ignored
        column `avg_unprocesed_events_count` is unknown and ignored; did you mean `avg_unprocessed_events_count`?
        column `p99_latency_ms` is accepted and not used
        ");
    }

    #[test]
    fn plans_go_by_many_names() {
        let header = find("timestamp,value,Promo,Is_Holiday,campaign_name").unwrap();
        assert_eq!(header.field(Column::Campaign), Some(2));
        assert_eq!(header.field(Column::Holiday), Some(3));
        assert_eq!(header.name(Column::Holiday), "Is_Holiday");
        assert_eq!(header.notes, ["column `campaign_name` is accepted and not used"]);
    }

    #[test]
    fn the_reference_wins_over_the_short_name() {
        let header = find("timestamp,value,avg_logged_events_in_interval").unwrap();
        assert_eq!(header.field(Column::Arrivals), Some(2));
        assert_eq!(header.notes, ["column `value` is unknown and ignored"]);
    }

    #[test]
    fn wrong_headers_say_what_was_meant() {
        let error = |header| find(header).unwrap_err().to_string();
        insta::assert_snapshot!(error("DateTime,avg_loged_events_in_interval"), @"m.csv, line 1: the header has no `avg_logged_events_in_interval` (or `value`); found `avg_loged_events_in_interval`, did you mean `avg_logged_events_in_interval`?");
        insta::assert_snapshot!(error("time,values"), @"m.csv, line 1: the header has no `DateTime` (or `timestamp`) and no `avg_logged_events_in_interval` (or `value`); found `time`, did you mean `timestamp`? found `values`, did you mean `value`?");
        insta::assert_snapshot!(error("a,b"), @"m.csv, line 1: the header has no `DateTime` (or `timestamp`) and no `avg_logged_events_in_interval` (or `value`); found `a`, `b`; rename what holds the time and the count of events that arrived");
        insta::assert_snapshot!(error("timestamp;value"), @"m.csv, line 1: the header has no `DateTime` (or `timestamp`) and no `avg_logged_events_in_interval` (or `value`); its columns are parted by ';': export with commas");
        insta::assert_snapshot!(error("2025-03-01T00:00:00Z,12"), @"m.csv, line 1: the header has no `DateTime` (or `timestamp`) and no `avg_logged_events_in_interval` (or `value`); its first line looks like data: put a header above it");
        insta::assert_snapshot!(error("DateTime,avg_processed_events_in_interval"), @"m.csv, line 1: the header has no `avg_logged_events_in_interval` (or `value`); found `DateTime`, `avg_processed_events_in_interval`; rename what holds the time and the count of events that arrived");
        insta::assert_snapshot!(error("timestamp,value,value"), @"m.csv, line 1, column `value`: the header names this column twice; remove or rename one of them");
    }
}
