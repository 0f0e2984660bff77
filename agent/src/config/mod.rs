//! Configurations: YAML, read strictly and once into values that cannot be wrong.
//!
//! A component names its fields once ([`Fields`]); the reader, the JSON schema and the suggestions for
//! mistyped names follow from that.

mod context;
mod env;
mod fields;
mod kind;
mod node;
mod problem;
mod schema;
mod secret;
mod yaml;

pub use context::At;
pub use fields::{Fields, Section, Variant};
pub use kind::{Choice, File, Given, Kind, List, Number, Parsed, Real, Switch, Text, Token, Whole};
pub use node::Place;
pub use problem::{Problem, Problems};
pub use secret::Secret;

use context::Context;
use serde_json::{Value, json};
use std::path::Path;

/// Reads what `fields` name from `text`; paths in it are relative to `folder`, and `lookup` gives the
/// environment's variables.
///
/// # Errors
/// Everything that was found wrong, in the order of the file.
pub fn read<T>(
    text: &str,
    folder: &Path,
    lookup: impl Fn(&str) -> Option<String>,
    fields: impl Fn(&mut Fields<'_>) -> Option<T>,
) -> Result<T, Vec<Problem>> {
    let root = yaml::parse(text).map_err(|problem| vec![problem])?;
    let context = Context::new(folder, &lookup);
    let value = Section(fields).read(&At { node: &root, field: String::new(), context: &context });
    let mut problems = context.problems.into_inner();
    problems.sort_by_key(|problem| problem.place);
    match value {
        Some(value) if problems.is_empty() => Ok(value),
        _ => Err(problems),
    }
}

/// The JSON schema of what `fields` name, as a document of its own.
pub fn schema<T>(title: &str, fields: impl Fn(&mut Fields<'_>) -> Option<T>) -> Value {
    let mut schema = Section(fields).schema();
    schema.insert("$schema".into(), "https://json-schema.org/draft/2020-12/schema".into());
    schema.insert("title".into(), json!(title));
    Value::Object(schema)
}

/// Returns the names of what `fields` name.
pub fn names<T>(fields: impl Fn(&mut Fields<'_>) -> Option<T>) -> Vec<&'static str> {
    let context = Context::new(Path::new(""), &|_| None);
    let mut described = Fields::describing(&context);
    // Nothing is read, so nothing comes of it.
    let _ = fields(&mut described);
    described.names()
}
