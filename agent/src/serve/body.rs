//! Bodies of requests, within bounds: how long they may be, how long they may take, and how many there
//! may be at a time.

use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, StatusCode, header};
use flate2::read::MultiGzDecoder;
use std::io::Read;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
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
pub(super) type Refused = (StatusCode, String);

/// A body, unpacked, and its room.
#[derive(Debug)]
pub(super) struct Received {
    /// What was sent.
    pub(super) bytes: Vec<u8>,
    _room: OwnedSemaphorePermit,
}

impl Room {
    /// Waits for room and reads a body.
    pub(super) async fn receive(
        &self,
        headers: &HeaderMap,
        body: Body,
    ) -> Result<Received, Refused> {
        let late = || (StatusCode::REQUEST_TIMEOUT, format!("no body within {} s", BODY.as_secs()));
        let no_room = || {
            let message = "too many bodies at a time: send this one again in a moment";
            (StatusCode::SERVICE_UNAVAILABLE, message.to_string())
        };
        let room = timeout(BODY, self.0.clone().acquire_many_owned(units(headers))).await;
        let room = room.map_err(|_| no_room())?.map_err(|_| no_room())?;
        let packed = timeout(BODY, to_bytes(body, MAX_BODY_BYTES)).await.map_err(|_| late())?;
        let packed = packed.map_err(|_| too_large())?;
        let bytes = unpack(headers, &packed)?.unwrap_or_else(|| packed.into());
        Ok(Received { bytes, _room: room })
    }
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
