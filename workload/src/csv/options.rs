//! What a user may say about a file where the file does not.

use super::number::DecimalMark;
use super::time::{DateOrder, Zone};
use super::unit::Unit;
use scaleiq_core::interval::IntervalLength;
use scaleiq_core::units::UnixSeconds;
use serde::{Deserialize, Serialize};

/// How a file is read. Everything that is not said is found out from the file, or refused with the
/// option that says it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "clap", derive(clap::Args))]
#[cfg_attr(feature = "clap", command(next_help_heading = "How files are read"))]
pub struct ReadOptions {
    /// Column of the events that arrived; several, with commas between, are summed [default: the
    /// one whose name says so, or the only one with numbers]
    #[cfg_attr(feature = "clap", arg(long, value_name = "NAMES", value_delimiter = ','))]
    pub column: Vec<String>,
    /// Column of times [default: found by its name and what is in it]
    #[cfg_attr(feature = "clap", arg(long, value_name = "NAME"))]
    pub time_column: Option<String>,
    /// Of a file with several series, read only these (labels with commas between) [default: all
    /// are summed]
    #[cfg_attr(feature = "clap", arg(long, value_name = "LABELS", value_delimiter = ','))]
    pub series: Vec<String>,
    /// What the counts are over [default: per-interval, unless the file names another]
    #[cfg_attr(feature = "clap", arg(long, value_enum, value_name = "UNIT"))]
    pub unit: Option<Unit>,
    /// The counts are a running total, as counters export: take its increases
    #[cfg_attr(feature = "clap", arg(long))]
    pub counter: bool,
    /// `zero`: rows that are not there and empty fields count no events; `missing`: rows that read
    /// 0 were filled in and are gaps [default: as it is written]
    #[cfg_attr(feature = "clap", arg(long, value_enum, value_name = "WITH"))]
    pub fill: Option<Fill>,
    /// Zone of times that name none, such as Europe/Berlin [default: UTC]
    #[cfg_attr(feature = "clap", arg(long, value_name = "ZONE"))]
    pub tz: Option<Zone>,
    /// Whether 5/6/2024 begins with its day (dmy) or month (mdy) [default: told by all rows]
    #[cfg_attr(feature = "clap", arg(long, value_enum, value_name = "ORDER"))]
    pub date_order: Option<DateOrder>,
    /// The mark before decimals [default: told by all rows]
    #[cfg_attr(feature = "clap", arg(long, value_enum, value_name = "MARK"))]
    pub decimal_mark: Option<DecimalMark>,
    /// What two rows of one time and series are: parts of a sum, or the last corrects the first
    #[cfg_attr(feature = "clap", arg(long, value_enum, value_name = "HOW"))]
    pub duplicates: Option<Duplicates>,
    /// Each row is one event: count them in each interval
    #[cfg_attr(feature = "clap", arg(long, conflicts_with_all = ["column", "counter", "unit"]))]
    pub count_rows: bool,
    /// Seconds of the intervals to which rows are summed [default: the file's own; 120 where rows
    /// come at any time]
    #[cfg_attr(feature = "clap", arg(long, value_name = "SECONDS", value_parser = interval))]
    pub interval: Option<u32>,
    /// Time of the first column, where each interval has a column and no date
    #[cfg_attr(feature = "clap", arg(long, value_name = "TIME", value_parser = crate::moment))]
    pub first: Option<UnixSeconds>,
    /// Further columns that are kept beside those with a meaning, for programs that look at them; no
    /// option of a command line. Without any nothing more is held in memory.
    #[serde(skip)]
    #[cfg_attr(feature = "clap", arg(skip))]
    pub extras: Extras,
}

impl ReadOptions {
    /// The intervals to which the user wants rows to be summed.
    pub(super) fn wanted_interval(&self) -> Option<IntervalLength> {
        self.interval.and_then(|seconds| IntervalLength::new(seconds).ok())
    }

    /// The intervals in which rows are counted that are one event each.
    pub(super) fn counted_over(&self) -> IntervalLength {
        self.wanted_interval().unwrap_or(IntervalLength::TWO_MINUTES)
    }
}

/// Columns of numbers, beside times, arrivals and what is planned, that are kept as they are
/// ([`Series::extras`](crate::Series::extras)).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Extras {
    /// These have to be there, and to hold nothing but numbers (or true and false) and gaps.
    pub named: Vec<String>,
    /// Whether all others that hold numbers are kept, too.
    pub others: bool,
}

/// What stands in for what was not measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "clap", derive(clap::ValueEnum))]
pub enum Fill {
    /// What is not there is 0.
    Zero,
    /// What is 0 is not there.
    Missing,
}

/// What rows of the same time and series are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "clap", derive(clap::ValueEnum))]
pub enum Duplicates {
    /// Parts of one sum.
    Sum,
    /// The last is right.
    Last,
}

/// The length of an interval.
///
/// # Errors
/// If it does not divide a day.
#[cfg(feature = "clap")]
fn interval(seconds: &str) -> Result<u32, String> {
    let seconds = seconds.parse().map_err(|_| "not a whole number of seconds".to_string())?;
    IntervalLength::new(seconds).map_err(|error| error.to_string())?;
    Ok(seconds)
}
