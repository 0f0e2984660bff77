//! A value that must not be seen.

use std::fmt;
use std::hint::black_box;

/// A token. It is never printed, not even with `{:?}`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Keeps `text`.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// Whether `given` is the secret. The time taken depends on the lengths alone, so a stranger
    /// cannot guess it byte by byte.
    #[must_use]
    pub fn matches(&self, given: &[u8]) -> bool {
        let own = self.0.as_bytes();
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
}
