//! `POST /ingest`: what is good in a body is taken, and the answer tells what was not and why.

use super::api::Api;
use super::body::Refused;
use super::error::refuse;
use crate::observe::{Body as Samples, Ingested, Manner, RefusedSample, Warning, parse};
use axum::Json;
use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

/// Takes samples.
pub(super) async fn ingest(
    State(api): State<Api>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Response {
    match take(&api, query.as_deref().unwrap_or_default(), &headers, body).await {
        Ok(answer) => answer,
        Err((status, message)) => refuse(status, message),
    }
}

async fn take(
    api: &Api,
    query: &str,
    headers: &HeaderMap,
    body: Body,
) -> Result<Response, Refused> {
    if !api.takes_samples {
        let message = "samples come from the configured source; set source: {type: http} to post";
        return Err((StatusCode::CONFLICT, message.into()));
    }
    let received = api.room.receive(headers, body).await?;
    let source = query.split('&').find_map(|part| part.strip_prefix("source="));
    let samples = parse(&received.bytes, &Manner::live(source, api.rows.interval_s()));
    drop(received);
    for (_, refused) in &samples.refused {
        api.control.unread(refused.refusal);
    }
    if samples.samples.is_empty() {
        return Ok(answer(Ingested::default(), samples.refused));
    }
    let Samples { samples, refused } = samples;
    Ok(match api.control.ingest(samples).await {
        Ok(ingested) => answer(ingested, refused),
        Err(error) => error.into_response(),
    })
}

/// What became of a body: 400 if nothing in it is a sample, 422 if no sample could be taken, and 200 if
/// any was, now or before.
fn answer(ingested: Ingested, unread: Vec<(usize, RefusedSample)>) -> Response {
    let Ingested { accepted, duplicates, refused, warned, .. } = ingested;
    let status = match (accepted + duplicates, refused) {
        (1.., _) => StatusCode::OK,
        (0, 0) => StatusCode::BAD_REQUEST,
        (0, 1..) => StatusCode::UNPROCESSABLE_ENTITY,
    };
    let refused = refused + unread.len();
    let mut errors = ingested.errors;
    errors.extend(unread.into_iter().take(MAX_ERRORS));
    errors.sort_by_key(|(number, _)| *number);
    errors.truncate(MAX_ERRORS);
    let first = errors.first().map(|(number, refused)| match number {
        1 => refused.message.clone(),
        _ => format!("sample {number}: {}", refused.message),
    });
    let mut answer = json!({
        "accepted": accepted,
        "duplicates": duplicates,
        "refused": refused,
        "first_error": first,
        "errors": errors.into_iter().map(error_json).collect::<Vec<_>>(),
        "warned": warned,
        "warnings": ingested.warnings.into_iter().map(warning_json).collect::<Vec<_>>(),
        "jobs": ingested.jobs,
    });
    if status != StatusCode::OK {
        answer["error"] = first.into();
    }
    (status, Json(answer)).into_response()
}

/// Most errors in an answer.
const MAX_ERRORS: usize = 20;

fn error_json((number, refused): (usize, RefusedSample)) -> Value {
    json!({ "sample": number, "kind": refused.refusal.word(), "message": refused.message })
}

fn warning_json((number, warning): (usize, Warning)) -> Value {
    let Warning { field, kind, message } = warning;
    json!({ "sample": number, "field": field, "kind": kind, "message": message })
}
