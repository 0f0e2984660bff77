//! Money.

use crate::config::{Fields, Number, Text};
use serde::Serialize;

/// What a job costs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Price {
    /// Of one job for an hour.
    pub job_hour: f32,
    /// In what, such as `EUR`.
    pub currency: String,
}

impl Price {
    /// The settings of `price`.
    pub fn fields(f: &mut Fields<'_>) -> Option<Self> {
        let job_hour =
            f.required("job_hour", "what one job costs an hour, such as 0.04", Number(0.0..=1e6));
        let currency = f.or("currency", "what that is counted in", Text, "USD".into());
        Some(Self { job_hour: job_hour?.value, currency })
    }
}
