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
    #[error("{file}: the file is empty; it needs a header and at least {needed} rows")]
    Empty {
        /// Name of the file.
        file: String,
        /// Fewest rows that can be read.
        needed: usize,
    },
    /// The file ends after its header.
    #[error("{file}: the file has a header and no rows; export at least {needed} intervals")]
    HeaderOnly {
        /// Name of the file.
        file: String,
        /// Fewest rows that can be read.
        needed: usize,
    },
    /// A line is not valid UTF-8.
    #[error("{file}, line {line}: not UTF-8 text; save the file as CSV in UTF-8")]
    NotUtf8 {
        /// Name of the file.
        file: String,
        /// Line, the first is 1.
        line: u64,
    },
    /// The header lacks columns that are required.
    #[error("{file}, line {line}: the header has no {missing}; {hint}")]
    MissingColumns {
        /// Name of the file.
        file: String,
        /// Line of the header.
        line: u64,
        /// The columns that are missing.
        missing: String,
        /// What was found instead, and what to do.
        hint: String,
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
        "{at}: `{text}` {why}; write times as 2025-03-01T00:00:00Z, 2025-03-01 00:00:00 (taken as \
         UTC) or seconds since 1970"
    )]
    Time {
        /// Where.
        at: Place,
        /// The field.
        text: String,
        /// What is wrong with it.
        why: &'static str,
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
    #[error("{at}: `{text}` is above 1e12, too large for an interval; check the unit")]
    TooLarge {
        /// Where.
        at: Place,
        /// The field.
        text: String,
    },
    /// A row's time is before that of the row above it.
    #[error(
        "{at}: `{text}` is before line {previous}'s `{before}`; sort the rows by time, and if the \
         clocks went back there, export in UTC"
    )]
    TimeGoesBack {
        /// Where.
        at: Place,
        /// The field.
        text: String,
        /// Line of the row above.
        previous: u64,
        /// Its time.
        before: String,
    },
    /// Two rows speak of the same interval.
    #[error(
        "{at}: `{text}` speaks of the same interval as line {previous}'s `{before}`; keep one row \
         per interval, and if the clocks went back there, export in UTC"
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
    /// A row between the intervals.
    #[error(
        "{at}: `{text}` lies {off_s} s off the grid of {length_s} s intervals (the median distance \
         of the rows); export rows at a fixed interval, or round the times to it"
    )]
    OffGrid {
        /// Where.
        at: Place,
        /// The field.
        text: String,
        /// Seconds to the nearest interval's start.
        off_s: f64,
        /// Length of an interval.
        length_s: u32,
    },
    /// Too few rows to tell the interval from.
    #[error("{file}: {rows} rows are too few to tell the interval from; export at least {needed}")]
    TooFewRows {
        /// Name of the file.
        file: String,
        /// Rows in it.
        rows: usize,
        /// Fewest rows that can be read.
        needed: usize,
    },
    /// The rows are not a whole fraction of a day apart.
    #[error(
        "{at}: the rows are {found_s} s apart (median), which is no whole fraction of a day \
         (86400 s); export at {nearest_s} s or another interval that divides it"
    )]
    BadInterval {
        /// The column of times, at the first row.
        at: Place,
        /// Median distance of the rows in seconds.
        found_s: f64,
        /// The nearest length that divides a day.
        nearest_s: u32,
    },
    /// The rows span more intervals than can be held.
    #[error(
        "{at}: up to here the file spans {intervals} intervals of {length_s} s, and at most {most} \
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
        most: usize,
    },
    /// Not one row has a count of arrivals.
    #[error("{at}: the column has no value in any row; export the count of events that arrived")]
    NoArrivals {
        /// The column of arrivals, at the header.
        at: Place,
    },
}
