//! What of a setting is tried in a search.

use serde::Serialize;

/// What is tried of one setting.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Space {
    /// All between two numbers, each as likely, or each factor as likely.
    Range {
        /// The least.
        low: f64,
        /// The most.
        high: f64,
        /// Whether each factor is as likely, and not each number.
        log: bool,
    },
    /// One of several.
    Choices {
        /// Of these.
        choices: Vec<f64>,
    },
}

impl Space {
    /// Its least and its last number.
    #[must_use]
    pub fn ends(&self) -> [f64; 2] {
        match self {
            Self::Range { low, high, .. } => [*low, *high],
            Self::Choices { choices } => [0, choices.len().saturating_sub(1)]
                .map(|k| choices.get(k).map_or(f64::NAN, |v| *v)),
        }
    }
}
