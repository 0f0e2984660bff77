//! Numbers and times as exporters write them: quoted, NaN, in milliseconds, as ISO 8601.

use crate::observe::{Warning, WarningKind};
use serde_json::value::RawValue;
use std::borrow::Cow;

/// Epoch times from here on are in milliseconds: as seconds they would be in the year 5138.
const MS_FROM: f64 = 1e11;
/// Units finer than a second, each a thousandth of the one before.
const UNITS: [&str; 3] = ["milliseconds", "microseconds", "nanoseconds"];

/// A JSON value, which borrows from the body.
pub(super) type Value<'a> = &'a RawValue;

/// The text of a JSON string; `None` if it is none.
pub(super) fn text(value: Value<'_>) -> Option<Cow<'_, str>> {
    value.get().starts_with('"').then(|| serde_json::from_str(value.get()).ok()).flatten()
}

/// A number, also in quotes; `None` if it is null or no number at all, of which `warnings` tells.
pub(super) fn number(
    field: &'static str,
    value: Value<'_>,
    warnings: &mut Vec<Warning>,
) -> Option<f64> {
    if value.get() == "null" {
        return None;
    }
    let quoted = text(value);
    let digits = quoted.as_deref().unwrap_or(value.get()).trim();
    let Ok(number) = digits.parse::<f64>() else {
        let given = excerpt(value.get());
        let message = format!("field `{field}` is {given}, no number: taken as not measured");
        warnings.push(Warning::of_field(field, WarningKind::NotANumber, message));
        return None;
    };
    // NaN and the infinities have no other form in JSON, and the gate tells of them.
    if quoted.is_some() && number.is_finite() {
        let message = format!("field `{field}` is a number in quotes: taken as {number}");
        warnings.push(Warning::of_field(field, WarningKind::Quoted, message));
    }
    Some(number)
}

/// A moment in epoch seconds, from a number or a text.
///
/// # Errors
/// What is wrong with it, to be put behind the field's name.
pub(super) fn moment(value: Value<'_>, warnings: &mut Vec<Warning>) -> Result<f64, String> {
    let mut told = |message: String| {
        warnings.push(Warning::of_field("time", WarningKind::TimeForm, message));
    };
    let quoted = text(value);
    let written = quoted.as_deref().unwrap_or(value.get()).trim();
    if let Ok(mut time) = written.parse::<f64>() {
        let mut unit = None;
        for finer in UNITS {
            if time.is_finite() && time >= MS_FROM {
                time /= 1000.0;
                unit = Some(finer);
            }
        }
        if let Some(unit) = unit {
            told(format!("field `time` is in {unit}, by its size: taken as {} s", time.floor()));
        } else if quoted.is_some() {
            told(format!("field `time` is a number in quotes: taken as {time}"));
        }
        return Ok(time);
    }
    if quoted.is_none() {
        return Err(format!("is {}; epoch seconds are needed", excerpt(value.get())));
    }
    let with_zone = scaleiq_workload::moment(written);
    let moment = with_zone.or_else(|why| {
        let in_utc = scaleiq_workload::moment(&format!("{written}Z")).map_err(|_| why)?;
        told("field `time` has no zone: taken as UTC".into());
        Ok(in_utc)
    });
    let moment = moment.map_err(|why: &str| format!("is \"{}\", which {why}", excerpt(written)))?;
    Ok(moment.0 as f64)
}

/// The beginning of what was given, for a message.
pub(super) fn excerpt(given: &str) -> Cow<'_, str> {
    const LONGEST: usize = 40;
    match given.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}...", given.get(..end).unwrap_or_default()).into(),
        None => given.into(),
    }
}

/// `json` with bare words such as `NaN`, `-inf` and `Infinity` in quotes: Python, C and others write
/// them, and a JSON parser would refuse all that is around them.
pub(super) fn quote_constants(json: &[u8]) -> Cow<'_, [u8]> {
    let mut out: Option<Vec<u8>> = None;
    let (mut at, mut copied, mut in_string) = (0, 0, false);
    while let Some(&byte) = json.get(at) {
        let rest = json.get(at..).unwrap_or_default();
        let word = if in_string { None } else { constant(rest) };
        match (byte, word) {
            (_, Some(word)) => {
                let out = out.get_or_insert_default();
                out.extend_from_slice(json.get(copied..at).unwrap_or_default());
                out.extend_from_slice(&[b"\"", word, b"\""].concat());
                at += word.len();
                copied = at;
                continue;
            }
            (b'\\', _) if in_string => at += 1,
            (b'"', _) => in_string = !in_string,
            // No JSON string goes beyond its line, so a quote that is missing spoils one line only.
            (b'\n', _) => in_string = false,
            _ => {}
        }
        at += 1;
    }
    let Some(mut out) = out else { return json.into() };
    out.extend_from_slice(json.get(copied..).unwrap_or_default());
    out.into()
}

/// The bare word for no number or an infinite one that `json` begins with.
fn constant(json: &[u8]) -> Option<&[u8]> {
    let sign = usize::from(json.first().is_some_and(|byte| b"+-".contains(byte)));
    let begins = |word: &&str| {
        let there = json.get(sign..sign + word.len());
        there.is_some_and(|there| there.eq_ignore_ascii_case(word.as_bytes()))
    };
    let word = ["nan", "infinity", "inf"].into_iter().find(begins)?;
    json.get(..sign + word.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(json: &str) -> Box<RawValue> {
        RawValue::from_string(json.into()).unwrap()
    }

    #[test]
    fn numbers_are_read_in_quotes_too() {
        for (json, value, kinds) in [
            ("12.5", Some(12.5), vec![]),
            ("null", None, vec![]),
            ("\" 12 \"", Some(12.0), vec![WarningKind::Quoted]),
            ("\"+Inf\"", Some(f64::INFINITY), vec![]),
            ("1e999", Some(f64::INFINITY), vec![]),
            ("\"12 jobs\"", None, vec![WarningKind::NotANumber]),
            ("true", None, vec![WarningKind::NotANumber]),
            ("[1]", None, vec![WarningKind::NotANumber]),
        ] {
            let mut warnings = Vec::new();
            assert_eq!(number("logged_events", &raw(json), &mut warnings), value, "{json}");
            assert_eq!(warnings.iter().map(|w| w.kind).collect::<Vec<_>>(), kinds, "{json}");
        }
        let mut warnings = Vec::new();
        assert!(number("logged_events", &raw("\"NaN\""), &mut warnings).unwrap().is_nan());
    }

    #[test]
    fn times_are_read_in_every_plain_form() {
        for (json, warned) in [
            ("1751328030", false),
            ("1751328030000", true),
            ("1751328030000000", true),
            ("1751328030000000000", true),
            ("\"1751328030\"", true),
            ("\"2025-07-01T00:00:30Z\"", false),
            ("\"2025-07-01T02:00:30+02:00\"", false),
            ("\"2025-07-01 00:00:30\"", true),
        ] {
            let mut warnings = Vec::new();
            assert_eq!(moment(&raw(json), &mut warnings), Ok(1_751_328_030.0), "{json}");
            assert_eq!(!warnings.is_empty(), warned, "{json}: {warnings:?}");
        }
        for (json, words) in [("\"noon\"", "is no time"), ("{}", "is {}"), ("null", "is null")] {
            let error = moment(&raw(json), &mut Vec::new()).unwrap_err();
            assert!(error.contains(words), "{error}");
        }
    }

    #[test]
    fn bare_constants_are_quoted_outside_of_strings() {
        let quoted =
            |json: &str| String::from_utf8(quote_constants(json.as_bytes()).into()).unwrap();
        assert_eq!(quoted(r#"{"a": NaN, "b":-Infinity}"#), r#"{"a": "NaN", "b":"-Infinity"}"#);
        assert_eq!(quoted("[nan,+Inf,-inf,null]"), r#"["nan","+Inf","-inf",null]"#);
        for same in [r#"{"NaN": "x \" NaN"}"#, "", "{}"] {
            assert_eq!(quoted(same), same);
        }
        assert_eq!(quoted("{\"a\n{\"b\": NaN}"), "{\"a\n{\"b\": \"NaN\"}");
    }
}
