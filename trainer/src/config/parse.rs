//! From YAML text to settings, with errors that say where and what instead.

use serde::de::DeserializeOwned;
use serde_saphyr::Error as Yaml;
use std::io;
use std::path::{Path, PathBuf};

/// Why a config is refused.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// No YAML, a wrong type or an unknown key.
    #[error("{}:{line}:{column}: {message}", path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: u64,
        /// Column, from 1.
        column: u64,
        /// What is wrong there.
        message: String,
    },
    /// Values out of range.
    #[error("{}: {}", path.display(), problems.join("\n  and "))]
    Values {
        /// The file.
        path: PathBuf,
        /// Every problem, each naming its key.
        problems: Vec<String>,
    },
}

/// Parses one document. An empty one is all defaults.
pub(super) fn parse<T: DeserializeOwned + Default>(
    text: &str,
    path: &Path,
) -> Result<T, ConfigError> {
    let only_comments = |line: &str| {
        let line = line.trim();
        line.is_empty() || line.starts_with('#') || line == "---"
    };
    if text.lines().all(only_comments) {
        return Ok(T::default());
    }
    serde_saphyr::from_str(text).map_err(|error| {
        let (line, column) = error.location().map_or((1, 1), |l| (l.line(), l.column()));
        let message = message(error.without_snippet());
        ConfigError::Syntax { path: path.into(), line, column, message }
    })
}

fn message(error: &Yaml) -> String {
    match error {
        Yaml::SerdeUnknownField { field, expected, .. } => match closest(field, expected) {
            Some(likely) => format!("unknown key `{field}`; did you mean `{likely}`?"),
            // Beside our own keys there are the reference's, and other names for both.
            None => format!(
                "unknown key `{field}`; trainer/config.example.yaml shows all that are known"
            ),
        },
        Yaml::SerdeUnknownVariant { variant, expected, .. } => match closest(variant, expected) {
            Some(likely) => format!("unknown value `{variant}`; did you mean `{likely}`?"),
            None => format!("unknown value `{variant}`; known are {}", expected.join(", ")),
        },
        Yaml::DuplicateMappingKey { key: Some(key), .. } => format!("`{key}` is given twice"),
        other => plain(&other.to_string()),
    }
}

/// The parser's words in the user's.
fn plain(text: &str) -> String {
    // The place is said in front already.
    let text = text.split(" at line ").next().unwrap_or(text);
    if let Some(key) = text.strip_prefix("duplicate field ") {
        return format!("{key} is given twice, perhaps under another of its names");
    }
    let kind = match text {
        "expected sequence start" => "a list, such as [1, 2]",
        "expected mapping start" => "a section with keys of its own",
        "invalid floating point" => "a number",
        _ if text.starts_with("invalid u") => "a whole number, 0 or more",
        _ => return text.into(),
    };
    format!("this should be {kind}")
}

/// The candidate most like `given`, if any is like it at all.
pub(super) fn closest<'a>(given: &str, candidates: &[&'a str]) -> Option<&'a str> {
    let given = given.to_lowercase();
    let score = |candidate: &&str| strsim::jaro_winkler(&given, candidate);
    candidates
        .iter()
        .map(|candidate| (score(candidate), *candidate))
        .filter(|(score, _)| *score > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}
