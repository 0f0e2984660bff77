//! One sample as a JSON object: what `agent pipe`, the JSON-lines source and `POST /ingest` share.

use super::MAX_LINE_BYTES;
use scaleiq_core::interval::TimeError;
use scaleiq_core::sample::{RawSample, Sample};
use serde_json::error::Category;

/// Why a sample was refused: a closed list, for metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// Not a JSON object.
    NotJson,
    /// A field is missing or has the wrong type.
    Field,
    /// A number is NaN, infinite, negative or too large (promise S-3).
    Value,
    /// It does not end after the last one.
    Time,
    /// It ends in the future.
    Future,
    /// Its line is too long.
    TooLong,
}

impl Refusal {
    /// Every refusal.
    pub const ALL: [Refusal; 6] =
        [Self::NotJson, Self::Field, Self::Value, Self::Time, Self::Future, Self::TooLong];

    /// The word for it in metrics.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::NotJson => "not_json",
            Self::Field => "field",
            Self::Value => "value",
            Self::Time => "time",
            Self::Future => "future",
            Self::TooLong => "too_long",
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
    pub fn new(refusal: Refusal, message: String) -> Self {
        Self { refusal, message }
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

/// Reads one sample and passes it through the gate.
///
/// # Errors
/// If it is no JSON object, lacks `time` or `interval_s`, or holds a number that is none.
pub fn parse(json: &[u8]) -> Result<Sample, RefusedSample> {
    // serde_json would also read `[time, interval_s, ...]`, which is no part of the protocol.
    if json.trim_ascii_start().first() != Some(&b'{') {
        let message = "not a JSON object: one sample as {\"time\": ..., ...} is needed";
        return Err(RefusedSample::new(Refusal::NotJson, message.into()));
    }
    let raw: RawSample = serde_json::from_slice(json).map_err(|error| {
        let (refusal, what) = match error.classify() {
            Category::Data => (Refusal::Field, "not a sample"),
            _ => (Refusal::NotJson, "not valid JSON"),
        };
        RefusedSample::new(refusal, format!("{what}: {}", in_one_line(&error)))
    })?;
    let gated = raw.gate();
    gated
        .map(|gated| gated.sample)
        .map_err(|error| RefusedSample::new(Refusal::Value, error.to_string()))
}

/// Reads all samples of a body: one JSON object, or one after the other as in JSON lines.
///
/// # Errors
/// If any of them is wrong; nothing should be taken then.
pub fn parse_all(json: &[u8]) -> Result<Vec<Sample>, RefusedSample> {
    let mut samples = Vec::new();
    let mut rest = json.trim_ascii();
    while !rest.is_empty() {
        let mut stream = serde_json::Deserializer::from_slice(rest).into_iter::<RawSample>();
        let first = stream.next();
        let end = stream.byte_offset();
        let (one, after) = match first {
            Some(Ok(_)) => rest.split_at_checked(end).unwrap_or((rest, &[])),
            // Parsed again below for its message; an object ends before the next line does.
            _ => (rest, &[][..]),
        };
        let sample = parse(one).map_err(|refused| {
            let number = samples.len() + 1;
            RefusedSample::new(refused.refusal, format!("sample {number}: {}", refused.message))
        })?;
        samples.push(sample);
        rest = after.trim_ascii_start();
    }
    if samples.is_empty() {
        return Err(RefusedSample::new(Refusal::NotJson, "the body is empty".into()));
    }
    Ok(samples)
}

/// serde_json's message with the column only: a sample is one line, and its number in the stream
/// is another.
fn in_one_line(error: &serde_json::Error) -> String {
    error.to_string().replace(" at line 1 column ", " at column ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(json: &str) -> (Refusal, String) {
        let error = parse(json.as_bytes()).unwrap_err();
        (error.refusal, error.message)
    }

    #[test]
    fn messages_name_the_field_or_the_column() {
        let cases = [
            ("", Refusal::NotJson, "not a JSON object"),
            ("[1, 2]", Refusal::NotJson, "not a JSON object"),
            ("{\"time\": NaN}", Refusal::NotJson, "at column"),
            ("{\"interval_s\": 30}", Refusal::Field, "missing field `time`"),
            ("{\"time\": \"x\"}", Refusal::Field, "invalid type: string"),
            ("{\"time\": -5, \"interval_s\": 30}", Refusal::Value, "field `time` is too small"),
            (
                "{\"time\": 5, \"interval_s\": 30, \"logged_events\": -1}",
                Refusal::Value,
                "field `logged_events` is too small",
            ),
            (
                "{\"time\": 5, \"interval_s\": 30, \"jobs_ready\": 1.5}",
                Refusal::Value,
                "field `jobs_ready` is not a whole number",
            ),
        ];
        for (json, refusal, words) in cases {
            let got = refused(json);
            assert!(got.0 == refusal && got.1.contains(words), "{json}: {got:?}");
        }
    }

    #[test]
    fn a_body_holds_one_or_many() {
        let one = "{\n  \"time\": 60,\n  \"interval_s\": 30\n}\n";
        assert_eq!(parse_all(one.as_bytes()).unwrap().len(), 1);
        assert_eq!(parse_all(one.repeat(3).as_bytes()).unwrap().len(), 3);
        for (bad, words) in [
            ("", "empty"),
            ("[60, 30]", "sample 1: not a JSON object"),
            (
                "{\"time\": 60, \"interval_s\": 30}\n{\"time\": 90}",
                "sample 2: not a sample: missing field `interval_s`",
            ),
            ("{\"time\": 60, \"interval_s\": 30} x", "sample 2: not a JSON object"),
            ("{\"time\": 60, \"interval_s\": 0} {", "sample 1: field `interval_s` is too small"),
        ] {
            let error = parse_all(bad.as_bytes()).unwrap_err();
            assert!(error.message.contains(words), "{bad}: {error}");
        }
    }

    #[test]
    fn null_means_missing() {
        let json = r#"{"time": 60, "interval_s": 30, "avg_processing_ms": null, "extra": [1]}"#;
        assert_eq!(parse(json.as_bytes()).unwrap().work_ms.known(), None);
    }
}
