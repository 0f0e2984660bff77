//! Money.

use serde::Serialize;

/// What a job costs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Price {
    /// Of one job for an hour.
    pub job_hour: f32,
    /// In what, such as `EUR`.
    pub currency: String,
}
