//! How one pool does.

use scaleiq_workload::sim::live::{Standing, Totals};
use serde::Serialize;

/// Seconds after which changes are told per day: before, one more or less would be a hundred.
const MIN_S: f64 = 3600.0;

/// Which pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Pool {
    /// The one that runs.
    Real,
    /// The one that ScaleIQ would have had, in shadow mode.
    Virtual,
    /// The one that Kubernetes' HPA at 70 % would have had, beside the real one in active mode.
    Hpa,
    /// The one that KEDA would have had, by the age of the backlog.
    Keda,
    /// One of a size that never changes, in the demo.
    Static,
}

impl Pool {
    /// The word for it in answers and metrics.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Real => "real",
            Self::Virtual => "virtual",
            Self::Hpa => "hpa",
            Self::Keda => "keda",
            Self::Static => "static",
        }
    }
}

/// How a pool did in the last week; what is not known is `None`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct PoolFigures {
    /// Which pool.
    pub pool: Pool,
    /// Seconds that were observed.
    pub observed_s: f64,
    /// Events on which work began, and those that wait.
    pub events: f64,
    /// Share of them that began within the SLA.
    pub sla_ratio: Option<f64>,
    /// Wait that half of them did not exceed, in seconds.
    pub wait_p50_s: Option<u32>,
    /// Wait that 99 % of them did not exceed.
    pub wait_p99_s: Option<u32>,
    /// Largest backlog.
    pub max_backlog_events: f64,
    /// Job-hours paid.
    pub job_hours: Option<f64>,
    /// Job-hours paid over those of the work that arrived.
    pub cost_over_ideal: Option<f64>,
    /// Changes of the number of jobs per day.
    pub changes_per_day: Option<f64>,
    /// Sums since the beginning.
    #[serde(skip)]
    pub totals: Totals,
}

impl PoolFigures {
    /// How `pool` stands.
    #[must_use]
    pub fn new(pool: Pool, standing: &Standing, totals: Totals) -> Self {
        let Standing { observed_s, score, p50_wait_s, knows_jobs } = standing;
        let has_events = score.events > 0.0;
        let is_paid = *knows_jobs && *observed_s > 0.0;
        Self {
            pool,
            observed_s: *observed_s,
            // Sums of parts of events leave crumbs.
            events: score.events.round(),
            sla_ratio: has_events.then_some(score.sla),
            wait_p50_s: has_events.then_some(*p50_wait_s),
            wait_p99_s: has_events.then_some(score.p99_wait_s),
            max_backlog_events: score.max_backlog_events.round(),
            job_hours: is_paid.then_some(score.job_hours),
            cost_over_ideal: (is_paid && has_events).then_some(score.cost_over_ideal),
            changes_per_day: (*observed_s >= MIN_S).then_some(score.actions_per_day),
            totals,
        }
    }

    /// A pool of which nothing is known yet.
    #[must_use]
    pub fn unknown(pool: Pool) -> Self {
        Self::new(pool, &Standing::default(), Totals::default())
    }
}
