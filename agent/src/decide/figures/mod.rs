//! What is told of how it goes: pools side by side, forecasts against what came, and how long a decision
//! takes. The page, `/status`, `/metrics` and the demo tell these and nothing else.

mod forecasts;
mod latency;
mod pool;
mod price;

pub use forecasts::{ForecastFigures, ForecastRecord};
pub use latency::{Latencies, Latency};
pub use pool::{Pool, PoolFigures};
pub use price::Price;

use serde::Serialize;

/// The figures of the last week, or since the beginning.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Figures {
    /// The pool that ScaleIQ scales. In shadow mode that is one that it would have had.
    pub scaleiq: PoolFigures,
    /// What that is compared with: in shadow mode the real pool.
    pub compared: PoolFigures,
    /// What other rules would have had, in the same time.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<PoolFigures>,
    /// Share of the job-hours of `compared` that ScaleIQ saves, negative if it takes more; `None` while
    /// that is not known.
    pub saving_ratio: Option<f64>,
    /// How forecasts did at each horizon.
    pub forecasts: Vec<ForecastFigures>,
}

impl Figures {
    /// Two pools in the same time, and forecasts.
    #[must_use]
    pub fn new(
        scaleiq: PoolFigures,
        compared: PoolFigures,
        forecasts: Vec<ForecastFigures>,
    ) -> Self {
        let saving_ratio = scaleiq
            .job_hours
            .zip(compared.job_hours)
            .filter(|(_, theirs)| *theirs > 0.0)
            .map(|(ours, theirs)| 1.0 - ours / theirs);
        Self { scaleiq, compared, also: Vec::new(), saving_ratio, forecasts }
    }
}
