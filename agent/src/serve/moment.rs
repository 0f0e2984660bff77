//! A moment as people send it.

use scaleiq_core::units::UnixSeconds;
use serde::Deserialize;

/// Seconds since 1970, or a date with a time.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Moment {
    Seconds(i64),
    Text(String),
}

impl Moment {
    /// It in seconds; `field` is for the message.
    ///
    /// # Errors
    /// If it is no moment.
    pub(super) fn seconds(self, field: &str) -> Result<UnixSeconds, String> {
        match self {
            Self::Seconds(seconds) => Ok(UnixSeconds(seconds)),
            Self::Text(text) => scaleiq_workload::moment(&text)
                .map_err(|what| format!("field `{field}` is `{text}`, which {what}")),
        }
    }
}
