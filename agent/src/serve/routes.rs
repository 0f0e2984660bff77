//! The REST endpoints.

use super::access::{Access, check_host, check_token, check_view};
use super::annotations;
use super::api::Api;
use super::dashboard;
use super::error::refuse;
use super::ingest::ingest;
use super::overrides;
use super::predict;
use super::served::{self, All, Served};
use super::status::status;
use crate::telemetry::ConnectionMetrics;
use crate::workload::InForce;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{delete, get, post};
use axum::{Json, Router, middleware};
use std::sync::Arc;

/// All routes of the agent. Each workload's are under `/workloads/NAME/`; those of the only one are at
/// the root, too.
pub fn router(workloads: Vec<Served>, connections: ConnectionMetrics, access: Access) -> Router {
    let access = Arc::new(access);
    let mut routes = Router::new().merge(
        dashboard::assets().route_layer(middleware::from_fn_with_state(access.clone(), check_view)),
    );
    for workload in &workloads {
        let path = served::path(&workload.name);
        let to = path.clone();
        routes = routes
            .route(path.trim_end_matches('/'), get(async move || Redirect::permanent(&to)))
            .nest(&path, own(workload.clone(), &access));
    }
    if let [workload] = workloads.as_slice() {
        routes = routes.merge(own(workload.clone(), &access));
    }
    let hint = match workloads.len() {
        1 => HERE.into(),
        _ => format!("{HERE_OF_ALL}; each workload's own are under /workloads/NAME/"),
    };
    routes
        .merge(served::router(All { workloads: workloads.into(), connections }, access.clone()))
        .fallback(async move || refuse(StatusCode::NOT_FOUND, hint))
        .layer(middleware::from_fn_with_state(access, check_host))
}

const HERE: &str = "nothing here: GET /, /healthz, /readyz, /status, /metrics, /predict or POST /ingest, \
                    /predict, /decide, /overrides, /annotations";
const HERE_OF_ALL: &str = "nothing here: GET /, /healthz, /readyz, /metrics, /workloads";

/// The routes of one workload.
fn own(workload: Served, access: &Arc<Access>) -> Router {
    let Served { api, dashboard, .. } = workload;
    let control = Router::new()
        .route("/ingest", post(ingest))
        .route("/predict", get(predict::live).post(predict::posted))
        .route("/decide", get(decide).post(decide))
        .route("/overrides", get(overrides::list).post(overrides::set))
        .route("/overrides/{id}", delete(overrides::end))
        .route_layer(middleware::from_fn_with_state(access.clone(), check_token))
        .with_state(api.clone());
    let marks = Router::new()
        .route("/annotations", get(annotations::list).post(annotations::add))
        .route_layer(middleware::from_fn_with_state(access.clone(), check_token))
        .with_state((api.clone(), dashboard.clone()));
    let views = Router::new()
        .route("/status", get(status))
        .with_state((api, dashboard.clone()))
        .merge(dashboard::page(dashboard))
        .route_layer(middleware::from_fn_with_state(access.clone(), check_view));
    control.merge(marks).merge(views)
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
