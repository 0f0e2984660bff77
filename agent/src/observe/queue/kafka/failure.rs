//! Why a broker has no answer, and whether to ask once more.

use crate::observe::probe::ProbeError;

/// Why a question has no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Failure {
    /// For people and metrics.
    pub(super) error: ProbeError,
    /// Whether it may be over in a moment, by asking anew who leads what: brokers come and go, and a
    /// cluster moves its partitions and groups about.
    pub(super) is_passing: bool,
}

impl Failure {
    /// Returns what may be over in a moment.
    pub(super) fn passing(what: String) -> Self {
        Self { error: ProbeError::Unreachable(what), is_passing: true }
    }
}

impl From<ProbeError> for Failure {
    fn from(error: ProbeError) -> Self {
        Self { error, is_passing: false }
    }
}

/// Fails if an answer about `what` bears an error. The codes are those of
/// <https://kafka.apache.org/protocol#protocol_error_codes>.
///
/// # Errors
/// What the code means, and what to do.
pub(super) fn check(code: i16, what: impl FnOnce() -> String) -> Result<(), Failure> {
    if code == 0 {
        return Ok(());
    }
    let what = what();
    Err(match code {
        3 => ProbeError::Absent(format!("{what} does not exist; check `topics`")).into(),
        5 => Failure::passing(format!("{what} has no leader now")),
        6 | 74 | 75 => Failure::passing(format!("{what} has another leader now")),
        7 | 8 | 9 | 13 | 56 | 78 => Failure::passing(format!("{what}: error {code}")),
        14 | 15 => Failure::passing(format!("{what} has no coordinator now")),
        16 => Failure::passing(format!("{what} has another coordinator now")),
        17 => ProbeError::Invalid(format!("{what} is no name of a topic; check `topics`")).into(),
        24 => ProbeError::Invalid(format!("{what} is no name of a group; check `group`")).into(),
        29..=31 => {
            let user = "the user of `sasl` or the certificate of `tls`";
            ProbeError::Denied(format!("{what}: {user} lacks the right `Describe`")).into()
        }
        _ => ProbeError::Invalid(format!("{what}: error {code} of Kafka's protocol")).into(),
    })
}
