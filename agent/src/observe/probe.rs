//! What a probe answers, and why it may have no answer.

use std::pin::Pin;

/// An answer that is being fetched.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, ProbeError>> + Send + 'a>>;

/// Why a probe has no answer. Missing is never 0: no sample is made of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProbeError {
    /// Nobody answers, or not in time.
    #[error("{0}")]
    Unreachable(String),
    /// The password, the certificate or the rights do not do.
    #[error("{0}")]
    Denied(String),
    /// There is no such queue, topic, query result or pool.
    #[error("{0}")]
    Absent(String),
    /// The answer is not what it should be.
    #[error("{0}")]
    Invalid(String),
}

impl ProbeError {
    /// Every kind's word for metrics.
    pub const WORDS: [&'static str; 4] = ["unreachable", "denied", "absent", "invalid"];

    /// Returns the word for it in metrics.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Unreachable(_) => "unreachable",
            Self::Denied(_) => "denied",
            Self::Absent(_) => "absent",
            Self::Invalid(_) => "invalid",
        }
    }
}
