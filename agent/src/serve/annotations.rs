//! `/annotations`: marks on the page's time axis, such as deploys.

use super::api::Api;
use super::body::Refused;
use super::dashboard::{DashboardState, Mark, MarkKind};
use super::error::refuse;
use super::moment::Moment;
use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;

/// What is posted.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    /// When it was; now, if nothing is said.
    time: Option<Moment>,
    #[serde(default)]
    kind: MarkKind,
    #[serde(default)]
    text: String,
    #[serde(default)]
    who: String,
}

/// `GET /annotations`.
pub(super) async fn list(State((_, dashboard)): State<(Api, DashboardState)>) -> Response {
    Json(json!({ "annotations": dashboard.marks() })).into_response()
}

/// `POST /annotations`.
pub(super) async fn add(
    State((api, dashboard)): State<(Api, DashboardState)>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    match mark(&api, &headers, body).await {
        Ok(mark) => match dashboard.keep(mark.clone()) {
            Ok(()) => (StatusCode::CREATED, Json(mark)).into_response(),
            Err(message) => refuse(StatusCode::INSUFFICIENT_STORAGE, message),
        },
        Err((status, message)) => refuse(status, message),
    }
}

async fn mark(api: &Api, headers: &HeaderMap, body: Body) -> Result<Mark, Refused> {
    let bad = |what: String| (StatusCode::BAD_REQUEST, what);
    let received = api.room.receive(headers, body).await?;
    let asked: Asked = serde_json::from_slice(&received.bytes).map_err(|e| bad(e.to_string()))?;
    let now = api.control.now();
    let at = asked.time.map_or(Ok(now), |time| time.seconds("time")).map_err(bad)?;
    let Asked { kind, text, who, .. } = asked;
    let checked = Mark { at, kind, text, who }.checked();
    checked.map_err(|what| (StatusCode::UNPROCESSABLE_ENTITY, what))
}
