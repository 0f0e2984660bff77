//! The REST endpoints.

use super::access::{Access, check_host, check_token};
use super::dashboard::{self, DashboardState};
use crate::config::Mode;
use crate::control::{Handle, NotReady, now};
use crate::metrics::Metrics;
use crate::source::parse_all;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router, middleware};
use serde_json::json;
use std::sync::Arc;

/// Largest body: four weeks of 2-minute samples fit.
const MAX_BODY_BYTES: usize = 8 << 20;
/// The OpenMetrics content type.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// What the endpoints need.
#[derive(Clone, Debug)]
pub struct Api {
    /// The loop.
    pub control: Handle,
    /// The metrics.
    pub metrics: Metrics,
    /// Whether decisions are carried out.
    pub mode: Mode,
    /// Whether samples are posted; else they come from elsewhere.
    pub takes_samples: bool,
}

/// All routes of the agent.
pub fn router(api: Api, access: Access, dashboard: DashboardState) -> Router {
    let access = Arc::new(access);
    let control = Router::new()
        .route("/ingest", post(ingest))
        .route("/predict", post(predict))
        .route("/decide", post(decide))
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .route_layer(middleware::from_fn_with_state(access.clone(), check_token));
    Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .merge(control)
        .with_state(api)
        .merge(dashboard::router(dashboard))
        .fallback(nothing_here)
        .layer(middleware::from_fn_with_state(access, check_host))
}

/// An answer that says what is wrong.
pub(super) fn refuse(status: StatusCode, message: impl Into<String>) -> Response {
    (status, Json(json!({ "error": message.into() }))).into_response()
}

impl IntoResponse for NotReady {
    fn into_response(self) -> Response {
        refuse(StatusCode::SERVICE_UNAVAILABLE, self.to_string())
    }
}

async fn nothing_here() -> Response {
    let message = "nothing here: GET /, /healthz, /readyz, /metrics or POST /ingest, /predict, \
                   /decide";
    refuse(StatusCode::NOT_FOUND, message)
}

async fn ready(State(api): State<Api>) -> Response {
    match api.control.ready().await {
        Ok(()) => "ready\n".into_response(),
        Err(error) => error.into_response(),
    }
}

async fn metrics(State(api): State<Api>) -> Response {
    match api.metrics.text(now()) {
        Ok(text) => ([(header::CONTENT_TYPE, OPEN_METRICS)], text).into_response(),
        Err(error) => refuse(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()),
    }
}

/// Takes samples. All of them are checked before the first is taken.
async fn ingest(State(api): State<Api>, body: Result<Bytes, BytesRejection>) -> Response {
    if !api.takes_samples {
        let message = "samples come from the configured source; set source: {type: http} to post";
        return refuse(StatusCode::CONFLICT, message);
    }
    let body = match body {
        Ok(body) => body,
        Err(error) => return refuse(error.status(), error.body_text()),
    };
    let samples = match parse_all(&body) {
        Ok(samples) => samples,
        Err(refused) => {
            api.metrics.sample_refused(refused.refusal);
            return refuse(StatusCode::BAD_REQUEST, refused.message);
        }
    };
    let ingested = match api.control.ingest(samples).await {
        Ok(ingested) => ingested,
        Err(error) => return error.into_response(),
    };
    let first_error = ingested.first_error.map(|refused| refused.message);
    match (ingested.accepted, first_error) {
        (0, Some(error)) => refuse(StatusCode::CONFLICT, error),
        (accepted, first_error) => Json(json!({
            "accepted": accepted,
            "refused": ingested.refused,
            "first_error": first_error,
            "jobs": ingested.jobs,
        }))
        .into_response(),
    }
}

async fn predict(State(api): State<Api>) -> Response {
    match api.control.predict().await {
        Ok(prediction) => Json(prediction).into_response(),
        Err(error) => error.into_response(),
    }
}

async fn decide(State(api): State<Api>) -> Response {
    match api.control.decide().await.map(serde_json::to_value) {
        Ok(Ok(mut answer)) => {
            answer["mode"] = api.mode.word().into();
            Json(answer).into_response()
        }
        Ok(Err(error)) => refuse(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()),
        Err(error) => error.into_response(),
    }
}
