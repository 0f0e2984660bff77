//! Answers that say what is wrong.

use crate::workload::NotReady;
use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// An answer with `status` that says what is wrong.
pub(super) fn refuse(status: StatusCode, message: impl Into<String>) -> Response {
    (status, Json(json!({ "error": message.into() }))).into_response()
}

impl IntoResponse for NotReady {
    fn into_response(self) -> Response {
        refuse(StatusCode::SERVICE_UNAVAILABLE, self.to_string())
    }
}
