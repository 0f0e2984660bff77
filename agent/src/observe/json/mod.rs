//! Samples as JSON: what `agent pipe`, the JSON-lines source and `POST /ingest` share.

mod draft;
mod field;
mod number;

pub use draft::Manner;
pub(super) use draft::NEIGHBOURS;

use super::{Refusal, RefusedSample, Reported, Warning, WarningKind};
use draft::{Draft, complete};
use field::Field;
use number::{Value, excerpt, moment, number, quote_constants};
use scaleiq_core::units::WEEK_S;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::HashSet;
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
/// What a body or a line holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Body {
    /// Samples that passed the gate, oldest first.
    pub samples: Vec<Reported>,
    /// What could not be read as one, each with its number from 1 up.
    pub refused: Vec<(usize, RefusedSample)>,
}

/// Reads every sample of `json`: one object, objects one after the other as in JSON lines, an array,
/// or an object that holds an array (`{"samples": [...]}`). What is good is taken, whatever stands beside
/// it; `manner` tells what stands in where a sample leaves something out.
#[must_use]
pub fn parse(json: &[u8], manner: &Manner<'_>) -> Body {
    let json = quote_constants(json.strip_prefix(b"\xef\xbb\xbf").unwrap_or(json));
    let mut reader = Reader::default();
    reader.values(&json, manner.source.map(Cow::Borrowed), 0);
    if reader.number == 0 {
        reader.refuse(
            Refusal::NotJson,
            "it is empty and not a JSON object: a sample as {\"time\": ..., ...} is needed",
        );
    }
    let Reader { drafts, mut refused, .. } = reader;
    let mut samples = Vec::with_capacity(drafts.len());
    for (number, told) in complete(drafts, manner) {
        match told {
            Ok(told) => samples.push(told),
            Err(why) => refused.push((number, why)),
        }
    }
    refused.sort_by_key(|(number, _)| *number);
    shorten(&mut samples);
    samples.sort_by_key(|told| told.sample.end);
    for told in samples.drain(..first_within_span(&samples)) {
        let message = "it is more than four weeks before the newest of its body: not remembered";
        refused.push((told.number, RefusedSample::new(Refusal::TooMany, message)));
    }
    Body { samples, refused }
}

/// The first of the newest samples that span no more than a body may.
fn first_within_span(samples: &[Reported]) -> usize {
    let mut span_s = 0;
    let older = samples.windows(2).rposition(|pair| {
        let [older, newer] = pair else { return false };
        let gap_s = newer.sample.end.since(older.sample.end);
        span_s += gap_s.max(newer.sample.interval_s.into()).min(MEMORY_S);
        span_s > MAX_SPAN_S
    });
    older.map_or(0, |older| older + 1)
}

#[derive(Default)]
struct Reader {
    drafts: Vec<Draft>,
    refused: Vec<(usize, RefusedSample)>,
    /// Samples found so far, good or bad.
    number: usize,
    /// Pieces found that are not JSON.
    broken: usize,
    /// Warnings kept so far, in words.
    worded: usize,
    /// What was said of whole columns.
    said: HashSet<String>,
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
        let is_placed = |name: &str| {
            matches!(Field::named(name), Some(Field::Time | Field::Stamp | Field::Interval))
        };
        let is_sample = fields.iter().any(|(name, _)| is_placed(name));
        let list = fields.iter().find(|(_, value)| value.get().starts_with('['));
        if let (false, 0, Some((_, list))) = (is_sample, depth, list) {
            let named = fields.iter().find(|(name, _)| name == "source");
            let named = named.and_then(|(_, value)| number::text(value));
            let source = named.or(source.map(Cow::Borrowed));
            return self.values(list.get().as_bytes(), source, depth + 1);
        }
        self.number += 1;
        let number = self.number;
        match draft(&fields, source) {
            Ok(mut draft) => {
                draft.warnings.retain(|warning| self.is_news(warning));
                draft.warnings.truncate(MAX_WARNINGS);
                worded(&mut draft.warnings, &mut self.worded);
                self.drafts.push(Draft { number, ..draft });
            }
            Err(why) => self.refused.push((number, why)),
        }
    }

    /// What is so in each row of a column is said once.
    fn is_news(&mut self, warning: &Warning) -> bool {
        let of_column = matches!(warning.kind, WarningKind::Unused | WarningKind::TimeForm);
        if !of_column || self.said.len() >= WORDED {
            return true;
        }
        self.said.insert(warning.message.clone())
    }

    fn refuse(&mut self, refusal: Refusal, message: impl Into<String>) {
        self.number += 1;
        self.refused.push((self.number, RefusedSample::new(refusal, message)));
    }
}

const NOT_AN_OBJECT: &str = "not a JSON object: a sample as {\"time\": ..., ...} is needed";

/// Keeps memory bounded: of the many warnings of a body only the first are kept in words.
fn shorten(samples: &mut [Reported]) {
    let mut kept = 0;
    for told in samples {
        told.warnings.truncate(MAX_WARNINGS);
        worded(&mut told.warnings, &mut kept);
    }
}

fn worded(warnings: &mut [Warning], kept: &mut usize) {
    for warning in warnings {
        *kept += 1;
        if *kept > WORDED {
            let field = warning.field.as_deref().and_then(field::known).map(Cow::Borrowed);
            *warning = Warning { field, message: ONE_OF_MANY.into(), ..*warning };
        }
    }
}

/// What a sample says of itself.
fn draft(
    fields: &[(Cow<'_, str>, Value<'_>)],
    source: Option<&str>,
) -> Result<Draft, RefusedSample> {
    let mut draft = Draft { source: source.map(str::to_owned), ..Draft::default() };
    let mut seen: Vec<Field> = Vec::new();
    let mut time = None;
    for (name, value) in fields {
        let warnings = &mut draft.warnings;
        let Some(field) = Field::named(name) else {
            warnings.push(field::unread(name));
            continue;
        };
        if seen.contains(&field) {
            let message = format!("field `{}` is told twice: the last one counts", field.name());
            warnings.push(Warning::of_field(field.name(), WarningKind::Twice, message));
        }
        seen.push(field);
        let raw = &mut draft.raw;
        let into = match field {
            Field::Time | Field::Stamp => {
                let told = moment(value, warnings).map_err(|why| {
                    let message = format!("field `{}` {why}", field.name());
                    RefusedSample::new(Refusal::Field, message)
                })?;
                // Where both are told, what the end is needs no guess.
                if time.is_none() || field == Field::Time {
                    (time, draft.stamped) = (Some(told), field == Field::Stamp);
                }
                continue;
            }
            Field::Source => {
                draft.source = name_of(value, warnings).or(draft.source);
                continue;
            }
            Field::Interval => &mut draft.interval_s,
            Field::Logged => &mut raw.logged_events,
            Field::Processed => &mut raw.processed_events,
            Field::Unprocessed => &mut raw.unprocessed_events,
            Field::Queued => &mut raw.queued_events,
            Field::Work => &mut raw.avg_processing_ms,
            Field::Ready => &mut raw.jobs_ready,
            Field::Starting => &mut raw.jobs_starting,
        };
        *into = number(field.name(), value, warnings);
    }
    draft.raw.time = time.ok_or_else(|| {
        let message = "not a sample: missing field `time` (or `DateTime`)";
        RefusedSample::new(Refusal::Field, message)
    })?;
    Ok(draft)
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
