//! What can be wrong with a file, where, and what to do about it.

use std::fmt;
use std::io;

/// Where in a file something is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Name of the file, as the user gave it.
    pub file: String,
    /// Line, the first is 1.
    pub line: u64,
    /// Name of the column, as the header spells it.
    pub column: String,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, line {}, column `{}`", self.file, self.line, self.column)
    }
}

/// Why a file of event metrics was not read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// There is no such file.
    #[error("{file}: file not found; check the path and the folder you run this in")]
    NotFound {
        /// Name of the file.
        file: String,
    },
    /// The file is there and cannot be read.
    #[error("{file}: cannot be read ({source}); check that it is a file and who may read it")]
    Unreadable {
        /// Name of the file.
        file: String,
        /// What the system says.
        source: io::Error,
    },
    /// The file cannot be written, or not to its end.
    #[error(
        "{file}: cannot be written ({source}); check the path, who may write there and the free \
         space, and delete what was written of it"
    )]
    Unwritable {
        /// Name of the file.
        file: String,
        /// What the system says.
        source: io::Error,
    },
    /// Nothing is in the file.
    #[error("{file}: the file is empty; it needs a line of names and rows with a time and a count")]
    Empty {
        /// Name of the file.
        file: String,
    },
    /// The file ends after its header.
    #[error("{file}: the file has a header and no rows; export at least 3 intervals")]
    HeaderOnly {
        /// Name of the file.
        file: String,
    },
    /// A folder that has no journal, or one in which nothing was recorded yet.
    #[error(
        "{folder}: there are no samples in this folder; name the one after `journal: {{folder: ...}}` in the \
         agent's configuration"
    )]
    NoSamples {
        /// The folder, as the user gave it.
        folder: String,
    },
    /// A journal that another version of the agent wrote.
    #[error(
        "{file}: the journal has format {found}, this program reads {reads}; take the trainer of that agent's \
         release"
    )]
    JournalFormat {
        /// Name of the file.
        file: String,
        /// Its format.
        found: u8,
        /// The one that is read.
        reads: u8,
    },
    /// What can be read only once is larger than what is held in memory.
    #[error(
        "{file}: more than {max_mib} MiB come through a pipe; give a file, which is read part by part"
    )]
    LargeFile {
        /// Name of the file.
        file: String,
        /// Largest size that is read, in MiB.
        max_mib: u64,
    },
    /// The file has more rows than are held in memory.
    #[error(
        "{file}: the file has more than {max} rows; export longer intervals or a shorter time, or, if each row is \
         one event, say --count-rows"
    )]
    ManyRows {
        /// Name of the file.
        file: String,
        /// Most rows that are read.
        max: usize,
    },
    /// The file is no table of text.
    #[error("{file}: this is {what} and no table of text; unpack it, or save or export it as CSV")]
    NotText {
        /// Name of the file.
        file: String,
        /// What it is.
        what: &'static str,
    },
    /// No column holds times.
    #[error(
        "{file}, line {line}: no column holds times, by its name or by what is in it; found {found}: \
         name it with --time-column, or put a header with `timestamp,value` above the rows"
    )]
    NoTimes {
        /// Name of the file.
        file: String,
        /// Line of the header, or the first one.
        line: u64,
        /// The columns, or what is in the first line.
        found: String,
    },
    /// Several columns may be the arrivals.
    #[error(
        "{file}, line {line}: several columns hold numbers: {found}; say which one is the events that \
         arrived (--column {first}), or which ones are parts of them and are summed (--column {all}); \
         if each row is one event, say --count-rows"
    )]
    SeveralColumns {
        /// Name of the file.
        file: String,
        /// Line of the header.
        line: u64,
        /// The columns.
        found: String,
        /// The first of them.
        first: String,
        /// What the option that sums them is given.
        all: String,
    },
    /// A column that was asked for is not there.
    #[error("{file}, line {line}: there is no column `{wanted}`; found {found}")]
    NoSuchColumn {
        /// Name of the file.
        file: String,
        /// Line of the header.
        line: u64,
        /// What was asked for.
        wanted: String,
        /// The columns.
        found: String,
    },
    /// A series that was asked for is not there.
    #[error("{file}: there is no series `{wanted}`; found {found}")]
    NoSuchSeries {
        /// Name of the file.
        file: String,
        /// What was asked for.
        wanted: String,
        /// The series.
        found: String,
    },
    /// Two columns of the header have the same name.
    #[error("{at}: the header names this column twice; remove or rename one of them")]
    DuplicateColumn {
        /// The second of them.
        at: Place,
    },
    /// A row has more or fewer fields than the header.
    #[error(
        "{at}: the row has {found} fields and the header has {expected}, so the fields and the \
         columns part here; add what is missing (two commas around nothing say \"no value\") or \
         quote fields that hold a comma"
    )]
    Ragged {
        /// First column without a field, or the last column if there are too many fields.
        at: Place,
        /// Fields in the row.
        found: usize,
        /// Fields in the header.
        expected: usize,
    },
    /// A time that cannot be read.
    #[error(
        "{at}: `{text}` {why}; write times as 2025-03-01T00:00:00Z, 2025-03-01 00:00:00 (UTC, or in \
         the zone of --tz) or seconds since 1970"
    )]
    Time {
        /// Where.
        at: Place,
        /// The field.
        text: String,
        /// What is wrong with it.
        why: String,
    },
    /// Dates whose day and month nothing tells apart.
    #[error(
        "{at}: `{text}` may begin with its day or its month, and no other row tells which; say \
         --date-order dmy or --date-order mdy"
    )]
    DateOrder {
        /// The column of times, at the first row.
        at: Place,
        /// A date that is open.
        text: String,
    },
    /// A number whose mark may part thousands or decimals.
    #[error(
        "{at}: the mark in `{text}` may part thousands or decimals, and the other rows do not tell \
         which; say --decimal-mark dot or --decimal-mark comma"
    )]
    DecimalMark {
        /// Where.
        at: Place,
        /// The field.
        text: String,
    },
    /// A number that was rounded to be read by people.
    #[error(
        "{at}: `{text}` is formatted for people, and rounding lost events; export the values as they \
         are (in Grafana, turn \"Formatted data\" off)"
    )]
    Formatted {
        /// Where.
        at: Place,
        /// The field.
        text: String,
    },
    /// A number of something else than events.
    #[error("{at}: `{text}` is {what} and no count of events; say which column is (--column)")]
    NoCount {
        /// Where.
        at: Place,
        /// The field.
        text: String,
        /// What it is.
        what: &'static str,
    },
    /// A number in another unit than those above it.
    #[error(
        "{at}: `{text}` is in another unit than the rows above it; export the values as they are (in \
         Grafana, turn \"Formatted data\" off)"
    )]
    UnitChanges {
        /// Where.
        at: Place,
        /// The field.
        text: String,
    },
    /// A number that cannot be read.
    #[error(
        "{at}: `{text}` is not a number; write plain decimals such as 812 or 73.5 and leave the \
         field empty where nothing was measured"
    )]
    Number {
        /// Where.
        at: Place,
        /// The field.
        text: String,
    },
    /// A count or a span below zero.
    #[error(
        "{at}: `{text}` is negative, and counts and spans cannot be; if it marks \"not measured\", \
         leave the field empty"
    )]
    Negative {
        /// Where.
        at: Place,
        /// The field.
        text: String,
    },
    /// A field of what is planned that says nothing of it.
    #[error(
        "{at}: `{text}` is no size of what is planned; write 0 or 1, true or false, or a size such \
         as 1.5 (1 is the usual one), or rename the column if it holds something else"
    )]
    Plan {
        /// Where.
        at: Place,
        /// The field.
        text: String,
    },
    /// An infinite number.
    #[error(
        "{at}: `{text}` is infinite (often a division by zero in the export); leave the field empty \
         where nothing was measured"
    )]
    Infinite {
        /// Where.
        at: Place,
        /// The field.
        text: String,
    },
    /// A number too large to be counted with.
    #[error(
        "{at}: `{text}` is above 1e12, too large for an interval; check the unit; if a counter \
         overflowed there, leave the field empty, and if all rows are a running total, say --counter"
    )]
    TooLarge {
        /// Where.
        at: Place,
        /// The field.
        text: String,
    },
    /// Times without a zone repeat an hour.
    #[error(
        "{at}: `{text}` comes after line {previous}'s `{before}`, as where clocks are set back by an \
         hour; say the zone of the times (such as --tz Europe/Berlin), or export in UTC"
    )]
    ClockWentBack {
        /// Where.
        at: Place,
        /// The field.
        text: String,
        /// Line of the row before it.
        previous: u64,
        /// Its time.
        before: String,
    },
    /// Two rows of one time and series that differ.
    #[error(
        "{at}: `{text}` is the time of line {previous} (`{before}`), too, with other values; say \
         --duplicates sum if they are parts of one count, or --duplicates last if the later row \
         corrects the earlier"
    )]
    DuplicateTime {
        /// Where.
        at: Place,
        /// The field.
        text: String,
        /// Line of the row above.
        previous: u64,
        /// Its time.
        before: String,
    },
    /// Rows come at any time.
    #[error(
        "{at}: rows come at irregular times (half of them within {step_s} s): if each row is one event, \
         say --count-rows; if each has a count of its own, say --interval 120, and they are summed"
    )]
    Irregular {
        /// The column of times, at the first row.
        at: Place,
        /// Median distance in seconds.
        step_s: f64,
    },
    /// Too few rows to tell the interval from.
    #[error("{file}: too few rows ({rows}) to tell the interval from; export at least {needed}")]
    TooFewRows {
        /// Name of the file.
        file: String,
        /// Rows in it.
        rows: usize,
        /// Fewest rows that can be read.
        needed: usize,
    },
    /// The rows span more intervals than can be held.
    #[error(
        "{at}: up to here the file spans {intervals} intervals of {length_s} s, and at most {max} \
         are read; check for a wrong year, or export fewer or longer intervals"
    )]
    TooLong {
        /// Where.
        at: Place,
        /// Intervals from the first row to this one.
        intervals: u64,
        /// Length of an interval.
        length_s: u32,
        /// Most intervals that are read.
        max: usize,
    },
    /// A further column that is asked for has a meaning already.
    #[error("{at}: the forecaster knows this column as it is; name another one")]
    KnownColumn {
        /// The column, at the header.
        at: Place,
    },
    /// Not one row has a count of arrivals.
    #[error("{at}: the column has no value in any row; export the count of events that arrived")]
    NoArrivals {
        /// The column of arrivals, at the header.
        at: Place,
    },
}

impl DataError {
    /// Whether an option names what the file does not have: the command line is wrong, not the file.
    #[must_use]
    pub fn is_usage(&self) -> bool {
        matches!(self, Self::NoSuchColumn { .. } | Self::NoSuchSeries { .. })
    }
}
