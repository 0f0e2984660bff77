//! Samples as JSON: what `agent pipe`, the JSON-lines source and `POST /ingest` share.

use super::number::{self, Value, excerpt, moment, number, quote_constants};
use super::{Refusal, RefusedSample, Told, Warning, WarningKind};
use scaleiq_core::sample::RawSample;
use scaleiq_core::units::WEEK_S;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;

/// Most samples of one body: four weeks of 2-minute samples.
pub const MAX_SAMPLES: usize = 20_160;
/// Seconds that the samples of a body may span, with one that is out of place: four weeks are what is
/// remembered, and each interval of the model in them is work.
const MAX_SPAN_S: i64 = 2 * MEMORY_S;
const MEMORY_S: i64 = 4 * WEEK_S as i64;
/// Longest name of a source, in characters.
const MAX_SOURCE_CHARS: usize = 64;
/// Most warnings of one sample.
const MAX_WARNINGS: usize = 8;
/// Warnings of one body that are told in words; the rest is counted.
const WORDED: usize = 256;
/// What stands in the place of the words of the rest.
const ONE_OF_MANY: &str = "one of many warnings of this body, by its kind";
/// Most pieces of one body that are not JSON: reading on behind each costs time.
const MAX_BROKEN: usize = 100;
/// Names that are near enough to be meant.
const NEAR: f64 = 0.8;
/// The fields of a sample.
const FIELDS: [&str; 10] = [
    "time",
    "interval_s",
    "logged_events",
    "processed_events",
    "unprocessed_events",
    "queued_events",
    "avg_processing_ms",
    "jobs_ready",
    "jobs_starting",
    "source",
];

/// What a body or a line holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Body {
    /// Samples that passed the gate, oldest first.
    pub samples: Vec<Told>,
    /// What could not be read as one, each with its number from 1 up.
    pub refused: Vec<(usize, RefusedSample)>,
}

/// Reads every sample of `json`: one object, objects one after the other as in JSON lines, an array,
/// or an object that holds an array (`{"samples": [...]}`). `source` is the sender's name where the
/// samples give none. What is good is taken, whatever stands beside it.
#[must_use]
pub fn parse(json: &[u8], source: Option<&str>) -> Body {
    let json = quote_constants(json.strip_prefix(b"\xef\xbb\xbf").unwrap_or(json));
    let mut reader = Reader { body: Body::default(), number: 0, broken: 0, worded: 0 };
    reader.values(&json, source.map(Cow::Borrowed), 0);
    if reader.number == 0 {
        reader.refuse(
            Refusal::NotJson,
            "it is empty and not a JSON object: a sample as {\"time\": ..., ...} is needed",
        );
    }
    let Body { mut samples, mut refused } = reader.body;
    samples.sort_by_key(|told| told.sample.end);
    for told in samples.drain(..first_within_span(&samples)) {
        let message = "it is more than four weeks before the newest of its body: not remembered";
        refused.push((told.number, RefusedSample::new(Refusal::TooMany, message)));
    }
    Body { samples, refused }
}

/// The first of the newest samples that span no more than a body may.
fn first_within_span(samples: &[Told]) -> usize {
    let mut span_s = 0;
    let older = samples.windows(2).rposition(|pair| {
        let [older, newer] = pair else { return false };
        let gap_s = newer.sample.end.since(older.sample.end);
        span_s += gap_s.max(newer.sample.interval_s.into()).min(MEMORY_S);
        span_s > MAX_SPAN_S
    });
    older.map_or(0, |older| older + 1)
}

struct Reader {
    body: Body,
    /// Samples found so far, good or bad.
    number: usize,
    /// Pieces found that are not JSON.
    broken: usize,
    /// Warnings in words.
    worded: usize,
}

impl Reader {
    /// Reads values one after the other; brackets and commas around them say nothing more.
    fn values(&mut self, json: &[u8], source: Option<Cow<'_, str>>, depth: usize) {
        let mut rest = json;
        loop {
            let is_between = |byte: &u8| byte.is_ascii_whitespace() || b"[],".contains(byte);
            let start = rest.iter().position(|byte| !is_between(byte)).unwrap_or(rest.len());
            rest = rest.get(start..).unwrap_or_default();
            if rest.is_empty() {
                return;
            }
            if self.number >= MAX_SAMPLES {
                let message = format!("more than {MAX_SAMPLES} samples: send the rest apart");
                return self.refuse(Refusal::TooMany, message);
            }
            let mut stream = serde_json::Deserializer::from_slice(rest).into_iter::<Value<'_>>();
            match stream.next() {
                Some(Ok(value)) => {
                    let end = stream.byte_offset();
                    self.value(value, source.as_deref(), depth);
                    rest = rest.get(end..).unwrap_or_default();
                }
                Some(Err(error)) => {
                    let message = match rest.first() {
                        Some(b'{') => format!("not valid JSON: {}", in_one_line(&error)),
                        _ => NOT_AN_OBJECT.into(),
                    };
                    self.refuse(Refusal::NotJson, message);
                    self.broken += 1;
                    let ends = error.is_eof() || self.broken >= MAX_BROKEN;
                    rest = if ends { &[] } else { next_object(rest) };
                }
                None => return,
            }
        }
    }

    fn value(&mut self, value: Value<'_>, source: Option<&str>, depth: usize) {
        let Ok(Fields(fields)) = serde_json::from_str(value.get()) else {
            return self.refuse(Refusal::NotJson, NOT_AN_OBJECT);
        };
        let is_sample = fields.iter().any(|(name, _)| name == "time" || name == "interval_s");
        let list = fields.iter().find(|(_, value)| value.get().starts_with('['));
        if let (false, 0, Some((_, list))) = (is_sample, depth, list) {
            let named = fields.iter().find(|(name, _)| name == "source");
            let named = named.and_then(|(_, value)| number::text(value));
            let source = named.or(source.map(Cow::Borrowed));
            return self.values(list.get().as_bytes(), source, depth + 1);
        }
        self.number += 1;
        let number = self.number;
        match sample(&fields, source) {
            Ok(mut told) => {
                self.shorten(&mut told.warnings);
                self.body.samples.push(Told { number, ..told });
            }
            Err(refused) => self.body.refused.push((number, refused)),
        }
    }

    /// Keeps memory bounded: of many warnings only the first are kept in words.
    fn shorten(&mut self, warnings: &mut Vec<Warning>) {
        warnings.truncate(MAX_WARNINGS);
        for warning in warnings {
            self.worded += 1;
            if self.worded > WORDED {
                let field =
                    FIELDS.into_iter().find(|field| warning.field.as_deref() == Some(field));
                *warning = Warning {
                    field: field.map(Cow::Borrowed),
                    message: ONE_OF_MANY.into(),
                    ..*warning
                };
            }
        }
    }

    fn refuse(&mut self, refusal: Refusal, message: impl Into<String>) {
        self.number += 1;
        self.body.refused.push((self.number, RefusedSample::new(refusal, message)));
    }
}

const NOT_AN_OBJECT: &str = "not a JSON object: a sample as {\"time\": ..., ...} is needed";

/// One sample, through the gate.
fn sample(
    fields: &[(Cow<'_, str>, Value<'_>)],
    source: Option<&str>,
) -> Result<Told, RefusedSample> {
    let mut raw = RawSample::default();
    let mut source = source.map(str::to_owned);
    let (mut warnings, mut time, mut interval_s) = (Vec::new(), None, None);
    for (name, value) in fields {
        let into = match name.as_ref() {
            "time" => {
                time = Some(moment(value, &mut warnings).map_err(|why| {
                    RefusedSample::new(Refusal::Field, format!("field `time` {why}"))
                })?);
                continue;
            }
            "interval_s" => {
                interval_s = number("interval_s", value, &mut warnings);
                continue;
            }
            "source" => {
                source = name_of(value, &mut warnings).or(source);
                continue;
            }
            "logged_events" => &mut raw.logged_events,
            "processed_events" => &mut raw.processed_events,
            "unprocessed_events" => &mut raw.unprocessed_events,
            "queued_events" => &mut raw.queued_events,
            "avg_processing_ms" => &mut raw.avg_processing_ms,
            "jobs_ready" => &mut raw.jobs_ready,
            "jobs_starting" => &mut raw.jobs_starting,
            other => {
                warnings.push(unknown(other));
                continue;
            }
        };
        let field = FIELDS.into_iter().find(|field| field == name).unwrap_or_default();
        *into = number(field, value, &mut warnings);
    }
    let needed = |field: &str, value: Option<f64>| {
        let message = || format!("not a sample: missing field `{field}`");
        value.ok_or_else(|| RefusedSample::new(Refusal::Field, message()))
    };
    raw.time = needed("time", time)?;
    raw.interval_s = needed("interval_s", interval_s)?;
    let gated =
        raw.gate().map_err(|error| RefusedSample::new(Refusal::Value, error.to_string()))?;
    warnings.splice(0..0, gated.faults.iter().map(Warning::from));
    Ok(Told { number: 1, source, sample: gated.sample, warnings })
}

/// The name of a source: a text, or a number as text.
fn name_of(value: Value<'_>, warnings: &mut Vec<Warning>) -> Option<String> {
    if value.get() == "null" {
        return None;
    }
    let name = number::text(value).unwrap_or_else(|| value.get().into());
    let name = name.trim();
    let is_plain = !name.is_empty() && !name.starts_with(['{', '[']);
    if is_plain && name.chars().count() <= MAX_SOURCE_CHARS {
        return Some(name.into());
    }
    let message = format!(
        "field `source` is {}; a name of 1 to {MAX_SOURCE_CHARS} characters is needed: taken as none",
        excerpt(value.get())
    );
    warnings.push(Warning::of_field("source", WarningKind::Unknown, message));
    None
}

fn unknown(name: &str) -> Warning {
    let near = |field: &&str| strsim::jaro_winkler(&name.to_lowercase(), field);
    let best = FIELDS.iter().map(|field| (near(field), *field)).max_by(|a, b| a.0.total_cmp(&b.0));
    let advice = match best {
        Some((score, field)) if score >= NEAR => format!("did you mean `{field}`?"),
        _ => format!("known are {}", FIELDS.join(", ")),
    };
    let name = excerpt(name).into_owned();
    let message = format!("unknown field `{name}`, not read; {advice}");
    Warning { field: Some(name.into()), kind: WarningKind::Unknown, message }
}

/// The fields of an object as they stand.
struct Fields<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Fields<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Fields<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields<'de>, A::Error> {
                let mut fields = Vec::new();
                while let Some(Name(name)) = map.next_key()? {
                    fields.push((name, map.next_value()?));
                }
                Ok(Fields(fields))
            }
        }
        deserializer.deserialize_map(Object)
    }
}

/// A key, borrowed where it has no escapes.
#[derive(serde::Deserialize)]
#[serde(transparent)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

/// Behind what could not be read: the next line that begins with an object.
fn next_object(rest: &[u8]) -> &[u8] {
    let mut start = 0;
    for line in rest.split_inclusive(|byte| *byte == b'\n') {
        let begins = line.iter().find(|byte| !byte.is_ascii_whitespace() && **byte != b'[');
        if start > 0 && begins == Some(&b'{') {
            break;
        }
        start += line.len();
    }
    rest.get(start..).unwrap_or_default()
}

/// serde_json's message with the column only: a sample is mostly one line, and its number in the
/// stream is another.
fn in_one_line(error: &serde_json::Error) -> String {
    error.to_string().replace(" at line 1 column ", " at column ")
}

#[cfg(test)]
mod tests;
