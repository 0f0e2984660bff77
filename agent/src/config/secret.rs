//! A value that must not be seen.

use std::ffi::OsStr;
use std::fmt;
use std::hint::black_box;

/// A token. It is never printed, not even with `{:?}`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret {
    text: String,
    /// Environment variables that it was put together from.
    variables: Vec<String>,
}

impl Secret {
    /// Keeps `text`.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self { text, variables: Vec::new() }
    }

    /// The same, put together from these environment variables.
    #[must_use]
    pub fn made_of(self, variables: Vec<String>) -> Self {
        Self { variables, ..self }
    }

    /// Returns a part of it, which is as secret.
    #[must_use]
    pub fn part(&self, text: &str) -> Self {
        Self { text: text.into(), variables: self.variables.clone() }
    }

    /// Returns it, for the system that it is meant for and nobody else.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.text
    }

    /// Whether the environment variable `name` gives it away, in part or as a whole.
    #[must_use]
    pub fn is_in(&self, name: &OsStr, value: &OsStr) -> bool {
        let own = self.text.as_bytes();
        let mut windows = value.as_encoded_bytes().windows(own.len().max(1));
        self.variables.iter().any(|variable| variable.as_str() == name) || windows.any(|w| w == own)
    }

    /// Whether `given` is the secret. The time taken depends on the lengths alone, so a stranger
    /// cannot guess it byte by byte.
    #[must_use]
    pub fn matches(&self, given: &[u8]) -> bool {
        let own = self.text.as_bytes();
        let mut difference = u8::from(own.len() != given.len());
        for (k, byte) in given.iter().enumerate() {
            difference |= black_box(byte ^ own.get(k).copied().unwrap_or(0));
        }
        black_box(difference) == 0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_never_printed_and_compares_in_full() {
        let secret = Secret::new("correct horse".into());
        assert_eq!(format!("{secret:?}"), "Secret(***)");
        assert!(secret.matches(b"correct horse"));
        for wrong in ["correct horsf", "correct", "", "correct horse battery"] {
            assert!(!secret.matches(wrong.as_bytes()), "{wrong}");
        }
    }

    #[test]
    fn variables_that_give_it_away_are_known() {
        let secret = Secret::new("correct horse".into()).made_of(vec!["HORSE".into()]);
        let is_in = |name: &str, value: &str| secret.is_in(name.as_ref(), value.as_ref());
        assert!(is_in("HORSE", "horse") && is_in("URL", "http://x/?token=correct horse&y"));
        assert!(!is_in("PATH", "/bin") && !is_in("EMPTY", "") && !is_in("HORSES", "correct"));
    }
}
