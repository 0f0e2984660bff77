//! The REST endpoints.

use super::access::{Access, check_host, check_token, check_view};
use super::api::Api;
use super::dashboard::{self, DashboardState};
use super::error::refuse;
use super::ingest::ingest;
use super::predict;
use super::status::status;
use crate::telemetry::Exposition;
use crate::workload::{InForce, NotReady};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router, middleware};
use std::sync::Arc;
use std::time::Duration;

/// The loop comes round at each tick, of which there is one every 15 s; a silent device or a slow disk
/// may hold it up for some seconds more.
const MAX_SILENCE: Duration = Duration::from_secs(60);

/// All routes of the agent.
pub fn router(api: Api, access: Access, dashboard: DashboardState) -> Router {
    let access = Arc::new(access);
    let control = Router::new()
        .route("/ingest", post(ingest))
        .route("/predict", get(predict::live).post(predict::posted))
        .route("/decide", get(decide).post(decide))
        .route_layer(middleware::from_fn_with_state(access.clone(), check_token));
    let views = Router::new()
        .route("/metrics", get(metrics))
        .with_state(api.clone())
        .route("/status", get(status))
        .with_state((api.clone(), dashboard.clone()))
        .merge(dashboard::router(dashboard))
        .route_layer(middleware::from_fn_with_state(access.clone(), check_view));
    // Probes carry no secrets, and tell none.
    Router::new()
        .route("/healthz", get(healthy))
        .route("/readyz", get(ready))
        .merge(control)
        .with_state(api)
        .merge(views)
        .fallback(nothing_here)
        .layer(middleware::from_fn_with_state(access, check_host))
}

async fn nothing_here() -> Response {
    let message = "nothing here: GET /, /healthz, /readyz, /status, /metrics, /predict or POST /ingest, \
                   /predict, /decide";
    refuse(StatusCode::NOT_FOUND, message)
}

/// Whether the loop turns. What it knows is the affair of `/readyz`: no restart makes data fresher, and
/// none brings a file that is not there; of what reads samples it tells all the same.
async fn healthy(State(api): State<Api>) -> Response {
    match api.control.silence() {
        Some(silence) if silence <= MAX_SILENCE => {
            let source = api.metrics.signs(api.control.now()).source;
            let ill = source.filter(|condition| !condition.is_running());
            ill.map_or("ok\n".into(), |condition| format!("ok\nsource {condition}\n"))
                .into_response()
        }
        Some(silence) => {
            let message = format!("the loop has not answered for {} s", silence.as_secs());
            refuse(StatusCode::SERVICE_UNAVAILABLE, message)
        }
        None => NotReady::Stopped.into_response(),
    }
}

async fn ready(State(api): State<Api>) -> Response {
    match api.control.ready() {
        Ok(notes) => {
            let notes: String = notes.iter().map(|note| format!("{note}\n")).collect();
            format!("ready\n{notes}").into_response()
        }
        Err(error) => error.into_response(),
    }
}

async fn metrics(State(api): State<Api>, headers: HeaderMap) -> Response {
    let accepted = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let format = Exposition::accepted(&accepted.collect::<Vec<_>>().join(","));
    let about = [(header::CONTENT_TYPE, format.content_type()), (header::VARY, "accept")];
    match api.metrics.text(api.control.now(), format) {
        Ok(text) => (about, text).into_response(),
        Err(error) => refuse(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()),
    }
}

async fn decide(State(api): State<Api>) -> Response {
    let InForce { traced, is_stale } = match api.control.decide().await {
        Ok(in_force) => in_force,
        Err(error) => return error.into_response(),
    };
    match serde_json::to_value(traced) {
        Ok(mut answer) => {
            answer["mode"] = api.mode.word().into();
            answer["stale"] = is_stale.into();
            Json(answer).into_response()
        }
        Err(error) => refuse(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()),
    }
}
