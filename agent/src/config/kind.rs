//! Kinds of values: each reads what is written, and says in a JSON schema what may be.

use super::context::At;
use super::node::{Content, Place};
use super::problem::suggest;
use super::secret::Secret;
use super::{env, schema};
use serde_json::{Map, Value, json};
use std::fmt::Display;
use std::ops::RangeInclusive;
use std::path::PathBuf;

/// How a value is written.
pub trait Kind {
    /// What it is read into.
    type Value;

    /// Reads it; `None` if it cannot be used, which `at` was told then.
    fn read(&self, at: &At<'_>) -> Option<Self::Value>;

    /// What may be written, as a JSON schema.
    fn schema(&self) -> Map<String, Value>;

    /// How `value` is written, if that is the same everywhere.
    fn write(&self, value: &Self::Value) -> Option<Value> {
        let _ = value;
        None
    }
}

/// A value and where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Given<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
    pub place: Place,
}

/// A text that is not empty, with `${env:NAME}` replaced.
#[derive(Clone, Copy, Debug)]
pub struct Text;

impl Kind for Text {
    type Value = String;

    fn read(&self, at: &At<'_>) -> Option<String> {
        let Content::Scalar { text, .. } = &at.node.content else {
            return at.wrong(&format!("is {}; a text is needed", at.node.words()));
        };
        match at.substitute(text) {
            Ok(text) if !text.trim().is_empty() => Some(text),
            Ok(_) => at.wrong("is empty"),
            Err(what) => at.wrong(&what),
        }
    }

    fn schema(&self) -> Map<String, Value> {
        // What may stand without quotes in YAML is a number in JSON.
        schema::map(json!({"type": ["string", "number", "boolean"], "minLength": 1}))
    }

    fn write(&self, value: &String) -> Option<Value> {
        Some(value.as_str().into())
    }
}

/// A text from which a value is made; an error says what is wrong with the text, behind "which".
#[derive(Clone, Copy, Debug)]
pub struct Parsed<T>(pub fn(&str) -> Result<T, String>);

impl<T> Kind for Parsed<T> {
    type Value = T;

    fn read(&self, at: &At<'_>) -> Option<T> {
        let text = Text.read(at)?;
        self.0(&text).or_else(|why| at.wrong(&format!("is `{text}`, which {why}")).ok_or(())).ok()
    }

    fn schema(&self) -> Map<String, Value> {
        Text.schema()
    }
}

/// A file or folder, relative to the configuration's folder.
#[derive(Clone, Copy, Debug)]
pub struct File;

impl Kind for File {
    type Value = PathBuf;

    fn read(&self, at: &At<'_>) -> Option<PathBuf> {
        Text.read(at).map(|text| at.path(&text))
    }

    fn schema(&self) -> Map<String, Value> {
        Text.schema()
    }
}

/// A text that is never shown, of so many characters at least.
#[derive(Clone, Copy, Debug)]
pub struct Token {
    /// Fewest characters.
    pub min_chars: usize,
}

impl Kind for Token {
    type Value = Secret;

    fn read(&self, at: &At<'_>) -> Option<Secret> {
        let text = Text.read(at)?;
        if text.chars().count() < self.min_chars {
            return at.wrong(&format!("is shorter than {} characters", self.min_chars));
        }
        let Content::Scalar { text: written, .. } = &at.node.content else { return None };
        Some(Secret::new(text).made_of(env::variables(written)))
    }

    fn schema(&self) -> Map<String, Value> {
        Text.schema()
    }
}

/// A number within a range.
#[derive(Clone, Debug)]
pub struct Real(pub RangeInclusive<f64>);

impl Kind for Real {
    type Value = f64;

    fn read(&self, at: &At<'_>) -> Option<f64> {
        let value = scalar(at).and_then(|text| match text.trim_start_matches('+') {
            ".inf" | ".Inf" | ".INF" => Some(f64::INFINITY),
            ".nan" | ".NaN" | ".NAN" => Some(f64::NAN),
            text => text.parse::<f64>().ok(),
        });
        match value {
            Some(value) => in_range(at, value, &self.0),
            None => at.wrong(&format!(
                "is {}, which is not a number (units are left out: 60, not 60s)",
                at.node.words()
            )),
        }
    }

    fn schema(&self) -> Map<String, Value> {
        let (low, high) = (self.0.start(), self.0.end());
        schema::map(json!({"type": "number", "minimum": low, "maximum": high}))
    }

    fn write(&self, value: &f64) -> Option<Value> {
        Some((*value).into())
    }
}

/// A [`Real`] that needs no more than the seven digits of an `f32`.
#[derive(Clone, Debug)]
pub struct Number(pub RangeInclusive<f64>);

impl Kind for Number {
    type Value = f32;

    fn read(&self, at: &At<'_>) -> Option<f32> {
        Real(self.0.clone()).read(at).map(|value| value as f32)
    }

    fn schema(&self) -> Map<String, Value> {
        Real(self.0.clone()).schema()
    }

    fn write(&self, value: &f32) -> Option<Value> {
        // The shortest form that means the same, as people write it.
        value.to_string().parse::<f64>().ok().map(Value::from)
    }
}

/// A whole number within a range.
#[derive(Clone, Debug)]
pub struct Whole(pub RangeInclusive<u32>);

impl Kind for Whole {
    type Value = u32;

    fn read(&self, at: &At<'_>) -> Option<u32> {
        match scalar(at).and_then(|text| text.parse().ok()) {
            Some(value) => in_range(at, value, &self.0),
            None => {
                at.wrong(&format!("is {}, which is not a whole number from 0 up", at.node.words()))
            }
        }
    }

    fn schema(&self) -> Map<String, Value> {
        let (low, high) = (self.0.start(), self.0.end());
        schema::map(json!({"type": "integer", "minimum": low, "maximum": high}))
    }

    fn write(&self, value: &u32) -> Option<Value> {
        Some((*value).into())
    }
}

/// `true` or `false`.
#[derive(Clone, Copy, Debug)]
pub struct Switch;

impl Kind for Switch {
    type Value = bool;

    fn read(&self, at: &At<'_>) -> Option<bool> {
        match scalar(at).and_then(|text| text.parse().ok()) {
            Some(value) => Some(value),
            None => at.wrong(&format!("is {}; `true` or `false` is needed", at.node.words())),
        }
    }

    fn schema(&self) -> Map<String, Value> {
        schema::map(json!({"type": "boolean"}))
    }

    fn write(&self, value: &bool) -> Option<Value> {
        Some((*value).into())
    }
}

/// One of some words, each of which stands for a value.
#[derive(Clone, Copy, Debug)]
pub struct Choice<T: 'static>(pub &'static [(&'static str, T)]);

impl<T: Clone + PartialEq> Kind for Choice<T> {
    type Value = T;

    fn read(&self, at: &At<'_>) -> Option<T> {
        let text = Text.read(at)?;
        if let Some((_, value)) = self.0.iter().find(|(word, _)| *word == text) {
            return Some(value.clone());
        }
        let words: Vec<&str> = self.0.iter().map(|(word, _)| *word).collect();
        at.wrong(&format!("is `{text}`; {}", suggest(&text, &words)))
    }

    fn schema(&self) -> Map<String, Value> {
        let words: Vec<&str> = self.0.iter().map(|(word, _)| *word).collect();
        schema::map(json!({ "enum": words }))
    }

    fn write(&self, value: &T) -> Option<Value> {
        self.0.iter().find(|(_, known)| known == value).map(|(word, _)| (*word).into())
    }
}

/// Values of one kind in order, up to so many.
#[derive(Clone, Copy, Debug)]
pub struct List<K> {
    /// The kind of each.
    pub of: K,
    /// Most of them.
    pub max: usize,
}

impl<K: Kind> Kind for List<K> {
    type Value = Vec<Given<K::Value>>;

    fn read(&self, at: &At<'_>) -> Option<Self::Value> {
        let Content::List(items) = &at.node.content else {
            return at.wrong(&format!("is {}; a list is needed: [...]", at.node.words()));
        };
        if items.len() > self.max {
            return at.wrong(&format!("has {}; {} at most", items.len(), self.max));
        }
        let mut values = Vec::new();
        for (k, node) in items.iter().enumerate() {
            let field = format!("{}[{k}]", at.field);
            let value = self.of.read(&At { node, field, context: at.context });
            values.extend(value.map(|value| Given { value, place: node.place }));
        }
        (values.len() == items.len()).then_some(values)
    }

    fn schema(&self) -> Map<String, Value> {
        let mut map = schema::map(json!({"type": "array", "items": self.of.schema()}));
        if self.max < usize::MAX {
            map.insert("maxItems".into(), self.max.into());
        }
        map
    }
}

/// A text that may be a number: one without quotes.
fn scalar<'a>(at: &At<'a>) -> Option<&'a str> {
    match &at.node.content {
        Content::Scalar { text, plain: true } => Some(text.trim()),
        _ => None,
    }
}

fn in_range<T: PartialOrd + Display>(
    at: &At<'_>,
    value: T,
    range: &RangeInclusive<T>,
) -> Option<T> {
    let (low, high) = (range.start(), range.end());
    match range.contains(&value) {
        true => Some(value),
        false => at.wrong(&format!("is {value}; it must be from {low} to {high}")),
    }
}
