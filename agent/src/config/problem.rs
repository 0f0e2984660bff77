//! What is wrong with a configuration, and where.

use serde_saphyr::{Error, Location};
use std::fmt;

/// Names further away than this are no typing mistakes.
const NEAR: f64 = 0.7;

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// 1-based line and column; `None` for what concerns the file as a whole.
    pub place: Option<(u64, u64)>,
    /// What is wrong and what to do, naming the field.
    pub message: String,
}

/// Everything found wrong with one configuration, in the order of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problems {
    /// The file.
    pub file: String,
    /// At least one.
    pub list: Vec<Problem>,
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (k, Problem { place, message }) in self.list.iter().enumerate() {
            let line_break = if k > 0 { "\n" } else { "" };
            write!(f, "{line_break}{}:", self.file)?;
            if let Some((line, column)) = place {
                write!(f, "{line}:{column}:")?;
            }
            write!(f, " {message}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

impl Problem {
    /// A problem with the value at `location`.
    pub(crate) fn at(location: Location, message: String) -> Self {
        let known = location.line() > 0;
        Self { place: known.then(|| (location.line(), location.column())), message }
    }

    /// What the YAML parser found, in our words. `text` is the file's content.
    pub(crate) fn parsing(error: &Error, text: &str) -> Self {
        let error = error.without_snippet();
        let location = error.location().unwrap_or(Location::UNKNOWN);
        let field = field_at(text, location);
        let named = |what: String| match &field {
            Some(field) => format!("field `{field}` {what}"),
            None => format!("a value {what}"),
        };
        let message = match error {
            Error::SerdeUnknownField { field, expected, .. } => {
                let known = foreign(field).unwrap_or_else(|| suggest(field, expected));
                format!("unknown field `{field}`; {known}")
            }
            Error::SerdeUnknownVariant { variant, expected, .. } => {
                named(format!("is `{variant}`; {}", suggest(variant, expected)))
            }
            Error::SerdeMissingField { field, .. } => format!("field `{field}` is missing here"),
            Error::DuplicateMappingKey { key, .. } => {
                format!("field `{}` is given twice", key.as_deref().unwrap_or("?"))
            }
            Error::InvalidScalar { ty, .. } => named(format!("is not {}", kind(ty))),
            Error::SerdeInvalidType { unexpected, expected, .. } => {
                named(format!("is {unexpected}; {expected} is needed"))
            }
            other => {
                let text = other.to_string();
                let line = text.lines().next().unwrap_or_default();
                let line = line.strip_prefix("error: ").unwrap_or(line);
                if line.contains("tabs disallowed") {
                    return Self::at(location, "a tab begins this line: indent with spaces".into());
                }
                match &field {
                    Some(field) => format!("near field `{field}`: {line}"),
                    None => format!("this is not valid here: {line}"),
                }
            }
        };
        Self::at(location, message)
    }
}

/// What other autoscalers call our fields, in lower case, and how they are written here.
const FOREIGN: [(&[&str], &str); 5] = [
    (&["minreplicas", "minreplicacount", "minjobs", "minpods"], "jobs: {min: 1}"),
    (&["maxreplicas", "maxreplicacount", "maxjobs", "maxpods"], "jobs: {max: 10}"),
    (&["cooldownperiod", "stabilizationwindowseconds"], "scale_down_window_s: 300"),
    (&["slaseconds", "targetlatency", "maxlatency"], "sla_s: 60"),
    (&["startupseconds", "warmuptime"], "start_up_s: 60"),
];

/// How a field of another autoscaler is written here.
fn foreign(given: &str) -> Option<String> {
    let bare = given.replace(['_', '-'], "").to_lowercase();
    let (_, here) = FOREIGN.iter().find(|(names, _)| names.contains(&bare.as_str()))?;
    Some(format!("here it is written `{here}`"))
}

/// "did you mean ...?" if a name is near, else all of them.
fn suggest(given: &str, names: &[&str]) -> String {
    let near = |name: &&str| strsim::jaro_winkler(&given.to_lowercase(), name);
    let best = names.iter().map(|name| (near(name), *name)).max_by(|a, b| a.0.total_cmp(&b.0));
    match best {
        Some((score, name)) if score >= NEAR => format!("did you mean `{name}`?"),
        _ => format!("known are {}", names.join(", ")),
    }
}

fn kind(ty: &str) -> &str {
    match ty {
        "f32" | "f64" | "float" | "floating point" => "a number (units are left out: 60, not 60s)",
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number from 0 up",
        other => other,
    }
}

/// The key of the value at `location`: what stands before the nearest colon to its left.
fn field_at(text: &str, location: Location) -> Option<String> {
    let line = usize::try_from(location.line()).ok()?.checked_sub(1)?;
    let column = usize::try_from(location.column()).ok()?.checked_sub(1)?;
    let before: String = text.lines().nth(line)?.chars().take(column).collect();
    let entry = before.rsplit(['{', ',', '[']).next()?;
    let key = entry.split(':').next()?.trim().trim_start_matches("- ").trim();
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    (!key.is_empty() && key.chars().all(plain)).then(|| key.to_string())
}
