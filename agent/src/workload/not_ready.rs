//! Why the loop has no answer.

use super::lacking::Lacking;

/// Why there is no answer yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotReady {
    /// Nothing was observed.
    #[error("no sample has come yet")]
    NoSample,
    /// What was observed is too old.
    #[error("the last sample is {age_s} s old, and stale_after_s is {stale_after_s}")]
    Stale {
        /// Its age.
        age_s: i64,
        /// The oldest that is good for a decision.
        stale_after_s: u32,
    },
    /// What was observed is from the future.
    #[error(
        "the last sample is {ahead_s} s ahead of this machine's clock: one of the two is wrong"
    )]
    Future {
        /// By how much.
        ahead_s: i64,
    },
    /// The last sample lacks what a decision needs.
    #[error("{0}")]
    Missing(Lacking),
    /// No whole interval was observed.
    #[error("no interval of {interval_s} s with known logged_events is complete yet")]
    NoForecast {
        /// The model's interval.
        interval_s: u32,
    },
    /// Nothing was decided since the start: the loop is held up.
    #[error("nothing was decided yet")]
    NoDecision,
    /// The loop has ended, or is about to.
    #[error("the agent is stopping")]
    Stopped,
}
