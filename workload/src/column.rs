//! The columns of a file of event metrics, and their names.

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

    /// Further names that it goes by: those of samples, and common ones.
    const fn aliases(self) -> &'static [&'static str] {
        match self {
            Column::Holiday => &["is_holiday", "holidays"],
            Column::Campaign => &["is_campaign", "campaigns", "promo", "promotion"],
            Column::WorkMs => &["avg_processing_ms"],
            Column::Backlog => &["unprocessed_events"],
            Column::Processed => &["processed_events"],
            Column::Queued => &["queued_events"],
            // Those of arrivals are ranked, since many files have several: `csv::names`.
            Column::Time | Column::Arrivals => &[],
        }
    }

    /// Every name that it goes by.
    fn names(self) -> impl Iterator<Item = &'static str> {
        let names = [Some(self.name()), self.short_name()].into_iter().flatten();
        names.chain(self.aliases().iter().copied())
    }

    /// Whether a header's cell is one of its names.
    pub(crate) fn is_named(self, cell: &str) -> bool {
        self.names().any(|name| name.eq_ignore_ascii_case(cell.trim()))
    }

    /// How much a header's cell looks like one of its names, 0..=1.
    pub(crate) fn likeness(self, cell: &str) -> f64 {
        let likeness =
            |name: &str| strsim::jaro_winkler(&name.to_lowercase(), &cell.to_lowercase());
        self.names().map(likeness).fold(0.0, f64::max)
    }
}
