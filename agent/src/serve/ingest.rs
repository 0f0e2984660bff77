//! `POST /ingest`: what is good in a body is taken, and the answer tells what was not and why.

use super::api::{Api, refuse};
use crate::control::Ingested;
use crate::source::{Body as Samples, RefusedSample, Warning, parse};
use axum::Json;
use axum::body::{Body, to_bytes};
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use flate2::read::MultiGzDecoder;
use serde_json::{Value, json};
use std::io::Read;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::timeout;

/// Largest body, also unpacked: four weeks of 2-minute samples fit.
const MAX_BODY_BYTES: usize = 8 << 20;
/// Time in which a body has to be there.
const BODY: Duration = Duration::from_secs(10);
/// Bytes of bodies that are in memory at a time, in units that a body takes whole.
const UNIT: usize = 64 << 10;
const UNITS: usize = 4 * MAX_BODY_BYTES / UNIT;
/// First bytes of what gzip packed.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// Bounds how many bodies are in memory.
#[derive(Clone, Debug)]
pub(super) struct Room(Arc<Semaphore>);

impl Default for Room {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(UNITS)))
    }
}

/// A status and what is wrong.
type Refused = (StatusCode, String);

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
    let late = || (StatusCode::REQUEST_TIMEOUT, format!("no body within {} s", BODY.as_secs()));
    let no_room = || {
        let message = "too many bodies at a time: send this one again in a moment";
        (StatusCode::SERVICE_UNAVAILABLE, message.to_string())
    };
    let room = timeout(BODY, api.room.0.acquire_many(units(headers))).await;
    let _room = room.map_err(|_| no_room())?.map_err(|_| no_room())?;
    let packed = timeout(BODY, to_bytes(body, MAX_BODY_BYTES)).await.map_err(|_| late())?;
    let packed = packed.map_err(|_| too_large())?;
    let source = query.split('&').find_map(|part| part.strip_prefix("source="));
    let bytes = unpack(headers, &packed)?;
    let samples = parse(bytes.as_deref().unwrap_or(&packed), source);
    drop((bytes, packed));
    for (_, refused) in &samples.refused {
        api.metrics.sample_refused(refused.refusal);
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

/// Units of a body: by the length that it says, which it cannot exceed. One that is packed, or says
/// none, may be of any length.
fn units(headers: &HeaderMap) -> u32 {
    let length = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    let is_packed = headers.contains_key(header::CONTENT_ENCODING);
    let length = length.filter(|_| !is_packed).and_then(|length| length.parse().ok());
    let bytes = length.unwrap_or(MAX_BODY_BYTES).min(MAX_BODY_BYTES);
    u32::try_from(bytes / UNIT + 1).unwrap_or(1)
}

/// The body as it was before it was packed; `None` if it is not packed.
fn unpack(headers: &HeaderMap, body: &[u8]) -> Result<Option<Vec<u8>>, Refused> {
    let encoding = headers.get(header::CONTENT_ENCODING);
    let encoding = encoding.map_or("identity", |e| e.to_str().unwrap_or("?")).trim();
    let says_gzip = encoding.eq_ignore_ascii_case("gzip") || encoding == "x-gzip";
    if !says_gzip && !encoding.eq_ignore_ascii_case("identity") {
        let message = format!(
            "the body's Content-Encoding is `{encoding}`: send it as it is, or with `gzip`"
        );
        return Err((StatusCode::UNSUPPORTED_MEDIA_TYPE, message));
    }
    // JSON never begins like that, so a header that is missing is no riddle.
    if !body.starts_with(&GZIP) {
        let message = "the body's Content-Encoding is `gzip`, and the body is not packed with gzip";
        return if says_gzip { Err((StatusCode::BAD_REQUEST, message.into())) } else { Ok(None) };
    }
    let mut unpacked = Vec::new();
    let most = MAX_BODY_BYTES as u64 + 1;
    let read = MultiGzDecoder::new(body).take(most).read_to_end(&mut unpacked);
    read.map_err(|error| (StatusCode::BAD_REQUEST, format!("cannot unpack the body: {error}")))?;
    if unpacked.len() > MAX_BODY_BYTES { Err(too_large()) } else { Ok(Some(unpacked)) }
}

fn too_large() -> Refused {
    let message = format!("the body is cut off or larger than {MAX_BODY_BYTES} bytes: send parts");
    (StatusCode::PAYLOAD_TOO_LARGE, message)
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
