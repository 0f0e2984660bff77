//! What a refusal over HTTP means for a probe.

use super::probe::ProbeError;
use crate::platform::http::Failure;

impl From<Failure> for ProbeError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Untrusted(what) => {
                Self::Denied(format!("{what}: check `ca_file`, `cert_file` and `server_name`"))
            }
            passing if passing.is_passing() => Self::Unreachable(passing.to_string()),
            Failure::Unreachable(what) | Failure::Invalid(what) => Self::Invalid(what),
            Failure::Status { code, what } => match code {
                401 => Self::Denied(format!("{what}; check `username` and `password`, or `token`")),
                403 => Self::Denied(format!("{what}; the user lacks a right")),
                404 | 410 => Self::Absent(what),
                _ => Self::Invalid(what),
            },
        }
    }
}
