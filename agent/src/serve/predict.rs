//! `/predict`: the forecast from what the agent knows or, with a body of rows, from these alone.

use super::api::Api;
use super::body::Refused;
use super::error::refuse;
use crate::decide::rows::Rows;
use crate::observe::{RefusedSample, Warning};
use crate::workload::Prediction;
use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

/// Errors, and warnings, that an answer tells of each.
const TOLD: usize = 20;
/// Time for which a body waits for the one before it to be forecast.
const TURN: Duration = Duration::from_secs(10);

/// A forecast from rows: as without rows, and what became of them.
#[derive(Serialize)]
struct FromRows {
    #[serde(flatten)]
    prediction: Prediction,
    /// Rows that were read.
    rows: usize,
    refused: usize,
    errors: Vec<Value>,
    warned: usize,
    warnings: Vec<Value>,
}

/// The forecast from the present state.
pub(super) async fn live(State(api): State<Api>) -> Response {
    match api.control.predict() {
        Ok(prediction) => Json(&*prediction).into_response(),
        Err(error) => error.into_response(),
    }
}

/// The forecast from the rows in the body; without one, from the present state.
pub(super) async fn posted(State(api): State<Api>, headers: HeaderMap, body: Body) -> Response {
    let received = match api.room.receive(&headers, body).await {
        Ok(received) => received,
        Err((status, message)) => return refuse(status, message),
    };
    if received.bytes.trim_ascii().is_empty() {
        drop(received);
        return live(State(api)).await;
    }
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let says_csv = content_type.is_some_and(|kind| kind.trim().starts_with("text/csv"));
    let Ok(Ok(turn)) = timeout(TURN, api.turns.clone().acquire_owned()).await else {
        let message = "other rows are being forecast: send these again in a moment";
        return refuse(StatusCode::SERVICE_UNAVAILABLE, message);
    };
    // Inferences take their time, and belong neither in the loop nor among the connections.
    let answer = spawn_blocking(move || {
        let answer = forecast(&api, &received.bytes, says_csv);
        drop((received, turn));
        answer
    });
    match answer.await {
        Ok(Ok(answer)) => Json(answer).into_response(),
        Ok(Err((status, message))) => refuse(status, message),
        Err(error) => refuse(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()),
    }
}

fn forecast(api: &Api, body: &[u8], says_csv: bool) -> Result<FromRows, Refused> {
    let forecaster = &api.rows;
    let rows = Rows::read(body, says_csv, forecaster.interval_s());
    let rows = rows.map_err(|message| (StatusCode::BAD_REQUEST, message))?;
    if let (0, Some((number, first))) = (rows.read, rows.refused.first()) {
        return Err((StatusCode::BAD_REQUEST, format!("row {number}: {first}")));
    }
    let forecast = forecaster.forecast(&rows);
    let forecast =
        forecast.map_err(|error| (StatusCode::SERVICE_UNAVAILABLE, error.to_string()))?;
    let forecast = forecast.ok_or_else(|| {
        let message = format!(
            "the {} rows fill no interval of {} s with known logged_events: more are needed",
            rows.read,
            forecaster.interval_s()
        );
        (StatusCode::UNPROCESSABLE_ENTITY, message)
    })?;
    Ok(FromRows {
        prediction: Prediction::new(forecaster.model(), &forecast),
        rows: rows.read,
        refused: rows.refused.len(),
        errors: rows.refused.iter().take(TOLD).map(error_json).collect(),
        warned: rows.warnings.len(),
        warnings: rows.warnings.iter().take(TOLD).map(warning_json).collect(),
    })
}

fn error_json((row, refused): &(usize, RefusedSample)) -> Value {
    json!({ "row": row, "kind": refused.refusal.word(), "message": refused.message })
}

/// Row 0 is the body as a whole.
fn warning_json((row, warning): &(usize, Warning)) -> Value {
    let Warning { field, kind, message } = warning;
    let row = (*row > 0).then_some(row);
    json!({ "row": row, "field": field, "kind": kind, "message": message })
}
