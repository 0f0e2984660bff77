//! `GET /status`: how it goes, in one answer. It is read from what the loop last published, so it never
//! waits for a decision, a disk or a device.

use super::api::Api;
use super::dashboard::{Budget, DashboardState, LastHour, LearnedRanges, Learning};
use super::error::refuse;
use super::health::Part;
use super::published::Published;
use crate::decide::figures::{Figures, Latency, PoolFigures, Price};
use crate::decide::limits::LimitsInForce;
use crate::journal::Carried;
use crate::workload::Learned;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use scaleiq_core::forecast::Basis;
use scaleiq_core::policy::{NetworkRole, Preference, Stage};
use scaleiq_core::units::{Jobs, UnixSeconds};
use serde::Serialize;

/// The answer.
#[derive(Serialize)]
struct Status {
    workload: String,
    mode: &'static str,
    model: String,
    /// The part that its Q-network has in decisions, and that in a sentence.
    network_role: NetworkRole,
    network: &'static str,
    /// End of the last sample, and its age.
    at: UnixSeconds,
    data_age_s: i64,
    jobs_wanted: Jobs,
    jobs_ready: Option<Jobs>,
    /// What is assumed of the pool, while nobody tells how many jobs work.
    #[serde(skip_serializing_if = "Option::is_none")]
    assumed: Option<String>,
    stage: Stage,
    preference: Option<Preference>,
    forecast: Option<Basis>,
    /// Longest wait that is in time, and percent of the events that should be.
    sla_s: f32,
    objective_percent: f32,
    /// Fewest and most jobs that may be decided now, and who wants that.
    limits: LimitsInForce,
    /// What is measured of the pool, and the start-up time that was configured.
    learned: Option<Learned>,
    learned_in_last_day: Option<LearnedRanges>,
    start_up_stated_s: f32,
    #[serde(flatten)]
    figures: Option<Figures>,
    money: Option<Money>,
    /// How the last hour was, and what is left of the events that may be late.
    last_hour: LastHour,
    budget: Option<Budget>,
    /// What became of the last order.
    carried: Option<Carried>,
    /// What traffic in intervals of this length can teach.
    learning: Learning,
    decision: Option<Latency>,
    /// How each part of the agent is.
    health: Vec<Part>,
}

/// What it costs, as far as that is known.
#[derive(Serialize)]
struct Money {
    currency: String,
    /// What a pool of so many job-hours costs a day.
    scaleiq_per_day: Option<f64>,
    compared_per_day: Option<f64>,
    saving_per_day: Option<f64>,
}

impl Money {
    fn new(price: Price, figures: &Figures) -> Self {
        let per_day = |pool: &PoolFigures| {
            let days = pool.observed_s / 86_400.0;
            pool.job_hours.map(|hours| f64::from(price.job_hour) * hours / days)
        };
        let [ours, theirs] = [&figures.scaleiq, &figures.compared].map(per_day);
        Self {
            currency: price.currency,
            scaleiq_per_day: ours,
            compared_per_day: theirs,
            saving_per_day: theirs.zip(ours).map(|(theirs, ours)| theirs - ours),
        }
    }
}

pub(super) async fn status(State((api, dashboard)): State<(Api, DashboardState)>) -> Response {
    let Some(published) = dashboard.published() else {
        let message = "nothing was decided yet: no sample has come since the start";
        return refuse(StatusCode::SERVICE_UNAVAILABLE, message);
    };
    let Published { about, at, jobs_wanted, jobs_ready, assumed, .. } = published;
    let Published { stage, preference, forecast, learned, figures, latency, .. } = published;
    Json(Status {
        money: about.price.zip(figures.as_ref()).map(|(price, figures)| Money::new(price, figures)),
        workload: about.workload,
        mode: about.mode,
        model: about.model,
        network_role: about.network_role,
        network: about.network,
        at,
        data_age_s: api.control.now().since(at),
        jobs_wanted,
        jobs_ready,
        assumed,
        stage,
        preference,
        forecast,
        sla_s: about.sla_s,
        objective_percent: about.objective_percent,
        limits: api.control.view().limits.clone(),
        learned,
        learned_in_last_day: published.learned_ranges,
        start_up_stated_s: about.start_up_s,
        figures,
        last_hour: published.last_hour,
        budget: published.budget,
        carried: published.carried,
        learning: about.learning,
        decision: latency,
        health: dashboard.health(),
    })
    .into_response()
}
