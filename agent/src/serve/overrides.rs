//! `/overrides`: what people set by hand, for a while.

use super::api::Api;
use super::body::Refused;
use super::error::refuse;
use super::moment::Moment;
use crate::decide::limits::{Draft, Override, Pause};
use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use scaleiq_core::units::UnixSeconds;
use serde::Deserialize;
use serde_json::json;

/// What is asked for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    min: Option<u32>,
    max: Option<u32>,
    pause: Option<Pause>,
    /// A moment with its zone, or epoch seconds,
    until: Option<Moment>,
    /// or for how long.
    for_s: Option<u32>,
    #[serde(default)]
    who: String,
    #[serde(default)]
    why: String,
}

impl Asked {
    fn draft(self, now: UnixSeconds) -> Result<Draft, String> {
        let until = match (self.until, self.for_s) {
            (Some(until), None) => until.seconds("until")?,
            (None, Some(seconds)) => now.plus(seconds.into()),
            (None, None) | (Some(_), Some(_)) => {
                return Err("one of `until` and `for_s` is needed: an override has an end".into());
            }
        };
        let Self { min, max, pause, who, why, .. } = self;
        Ok(Draft { min, max, pause, until, who, why })
    }
}

/// Those that have not ended, and the limits in force.
pub(super) async fn list(State(api): State<Api>) -> Response {
    let (view, now) = (api.control.view(), api.control.now());
    let overrides: Vec<&Override> = view.overrides.at(now).collect();
    Json(json!({ "limits": view.limits, "overrides": overrides })).into_response()
}

/// Sets one.
pub(super) async fn set(State(api): State<Api>, headers: HeaderMap, body: Body) -> Response {
    match draft(&api, &headers, body).await {
        Ok(draft) => match api.control.set_override(draft).await {
            Ok(Ok(entry)) => (StatusCode::CREATED, Json(entry)).into_response(),
            Ok(Err(refused)) => refuse(StatusCode::UNPROCESSABLE_ENTITY, refused.to_string()),
            Err(error) => error.into_response(),
        },
        Err((status, message)) => refuse(status, message),
    }
}

async fn draft(api: &Api, headers: &HeaderMap, body: Body) -> Result<Draft, Refused> {
    let bad = |what: String| (StatusCode::BAD_REQUEST, what);
    let received = api.room.receive(headers, body).await?;
    let asked: Asked = serde_json::from_slice(&received.bytes).map_err(|e| bad(e.to_string()))?;
    asked.draft(api.control.now()).map_err(bad)
}

/// Ends one.
pub(super) async fn end(State(api): State<Api>, Path(id): Path<u64>) -> Response {
    match api.control.end_override(id).await {
        Ok(Some(entry)) => Json(entry).into_response(),
        Ok(None) => refuse(StatusCode::NOT_FOUND, format!("there is no override {id}")),
        Err(error) => error.into_response(),
    }
}
