//! A sample as its sender told it, and what was not taken of it.

use super::MAX_LINE_BYTES;
use scaleiq_core::interval::TimeError;
use scaleiq_core::sample::{Fault, FieldFault, Sample};
use serde::{Serialize, Serializer};
use std::borrow::Cow;

/// A sample on its way to the loop.
#[derive(Clone, Debug, PartialEq)]
pub struct Reported {
    /// Its number in the body or the line, from 1 up.
    pub number: usize,
    /// Who sent it; `None` if the sender gives no `source`.
    pub source: Option<String>,
    /// What passed the gate.
    pub sample: Sample,
    /// Whether nothing tells the length of its interval: what is configured stands there.
    pub is_spanless: bool,
    /// What did not.
    pub warnings: Vec<Warning>,
}

impl From<Sample> for Reported {
    /// A sample from a sender without a name, in which nothing is wrong.
    fn from(sample: Sample) -> Self {
        Self { number: 1, source: None, sample, is_spanless: false, warnings: Vec::new() }
    }
}

/// Why a sample was refused: a closed list, for metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// Not a JSON object.
    NotJson,
    /// Its time or its length is missing or no number.
    Field,
    /// Its time or its length is NaN, negative or too large.
    Value,
    /// It was taken before: it is sent again.
    Duplicate,
    /// It does not end after the last one.
    Time,
    /// It ends in the future.
    Future,
    /// Its line is too long.
    TooLong,
    /// There are too many sources, or too many samples in a body.
    TooMany,
}

impl Refusal {
    /// Every refusal.
    pub const ALL: [Refusal; 8] = [
        Self::NotJson,
        Self::Field,
        Self::Value,
        Self::Duplicate,
        Self::Time,
        Self::Future,
        Self::TooLong,
        Self::TooMany,
    ];

    /// The word for it in metrics.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::NotJson => "not_json",
            Self::Field => "field",
            Self::Value => "value",
            Self::Duplicate => "duplicate",
            Self::Time => "time",
            Self::Future => "future",
            Self::TooLong => "too_long",
            Self::TooMany => "too_many",
        }
    }
}

/// A sample that was refused, and why in a sentence that names the field.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct RefusedSample {
    /// The kind.
    pub refusal: Refusal,
    /// For people.
    pub message: String,
}

impl RefusedSample {
    /// Refused as `refusal`, with a message.
    #[must_use]
    pub fn new(refusal: Refusal, message: impl Into<String>) -> Self {
        Self { refusal, message: message.into() }
    }

    /// A line longer than [`MAX_LINE_BYTES`].
    #[must_use]
    pub fn too_long() -> Self {
        Self::new(Refusal::TooLong, format!("the line is longer than {MAX_LINE_BYTES} bytes"))
    }
}

impl From<TimeError> for RefusedSample {
    fn from(error: TimeError) -> Self {
        Self::new(Refusal::Time, format!("field `time`: {error}; times must ascend"))
    }
}

/// What was not taken as it was told, although the sample was taken: a closed list, for metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WarningKind {
    /// NaN or infinite.
    NotFinite,
    /// Below zero.
    Negative,
    /// Too large.
    TooLarge,
    /// A fraction of a job.
    NotWhole,
    /// Neither a number nor a text that is one.
    NotANumber,
    /// A number in quotes.
    Quoted,
    /// A field that nobody knows.
    Unknown,
    /// A field that is known and not used.
    Unused,
    /// A field that is told twice, perhaps by two names.
    Twice,
    /// The interval's length is not told: it follows from the distance of the samples, or is assumed.
    Interval,
    /// The reader of a file has something to say.
    Note,
    /// The number of jobs is not told: those decided last count.
    Assumed,
    /// A time in another unit than seconds, or without a zone.
    TimeForm,
    /// The sender's clock is wrong and was corrected, or went back.
    Clock,
    /// Samples overlap as if two senders pushed without a `source`.
    Overlap,
    /// Another source is silent, so that the sum lacks its share.
    Silent,
    /// The system does not count it: it follows from what it counts.
    Derived,
    /// A running total began anew.
    Reset,
}

impl WarningKind {
    /// Kinds that concern no single field.
    pub const OF_SAMPLES: [WarningKind; 3] = [Self::Clock, Self::Overlap, Self::Silent];

    /// The word for it in answers and metrics.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::NotFinite => "not_finite",
            Self::Negative => "negative",
            Self::TooLarge => "too_large",
            Self::NotWhole => "not_whole",
            Self::NotANumber => "not_a_number",
            Self::Quoted => "quoted",
            Self::Unknown => "unknown",
            Self::Unused => "unused",
            Self::Twice => "twice",
            Self::Interval => "interval",
            Self::Note => "note",
            Self::Assumed => "assumed",
            Self::TimeForm => "time_form",
            Self::Clock => "clock",
            Self::Overlap => "overlap",
            Self::Silent => "silent",
            Self::Derived => "derived",
            Self::Reset => "reset",
        }
    }
}

impl From<Fault> for WarningKind {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::NotFinite => Self::NotFinite,
            Fault::TooSmall => Self::Negative,
            Fault::TooLarge => Self::TooLarge,
            Fault::NotWhole => Self::NotWhole,
        }
    }
}

impl Serialize for WarningKind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.word())
    }
}

/// What was not taken as it was told, in a sentence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Warning {
    /// The field; absent if the sample as a whole is meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<Cow<'static, str>>,
    /// The kind.
    pub kind: WarningKind,
    /// For people.
    pub message: String,
}

impl Warning {
    /// About one field.
    #[must_use]
    pub fn of_field(field: &'static str, kind: WarningKind, message: impl Into<String>) -> Self {
        Self { field: Some(field.into()), kind, message: message.into() }
    }

    /// About a field in which `told` was told.
    #[must_use]
    pub fn of_fault(fault: &FieldFault, told: Option<f64>) -> Self {
        match (fault.fault, told) {
            (Fault::TooSmall, Some(told)) => Self::of_field(
                fault.field,
                fault.fault.into(),
                format!(
                    "field `{}` is {told}, and it cannot be negative: taken as not measured",
                    fault.field
                ),
            ),
            _ => fault.into(),
        }
    }

    /// About a sample as a whole.
    #[must_use]
    pub fn of_sample(kind: WarningKind, message: impl Into<String>) -> Self {
        Self { field: None, kind, message: message.into() }
    }
}

impl From<&FieldFault> for Warning {
    fn from(fault: &FieldFault) -> Self {
        Self::of_field(fault.field, fault.fault.into(), fault.to_string())
    }
}
