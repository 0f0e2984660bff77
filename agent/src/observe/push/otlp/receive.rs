//! Takes what exporters push: gRPC, and protobuf over HTTP.

use super::contract::metrics_service_server::{MetricsService, MetricsServiceServer};
use super::contract::{
    ExportMetricsPartialSuccess, ExportMetricsServiceRequest, ExportMetricsServiceResponse,
};
use super::gather::Gatherer;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response as Answer};
use axum::routing::post;
use flate2::read::MultiGzDecoder;
use prost::Message as _;
use std::io::Read;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;
use tonic::codegen::CompressionEncoding;
use tonic::service::Routes;
use tonic::{Request, Response, Status, async_trait};

/// Largest push, also unpacked.
const MAX_BYTES: usize = 4 << 20;
/// What is in a body.
const PROTOBUF: &str = "application/x-protobuf";

/// Takes pushes; cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Receiver(Arc<Mutex<Gatherer>>);

impl Receiver {
    /// Hands on to `gatherer`.
    pub(super) fn new(gatherer: Gatherer) -> Self {
        Self(Arc::new(Mutex::new(gatherer)))
    }

    /// What was pushed so far.
    pub(super) fn gatherer(&self) -> MutexGuard<'_, Gatherer> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where it is pushed to.
    pub(super) fn routes(&self) -> Routes {
        let grpc = MetricsServiceServer::new(self.clone())
            .max_decoding_message_size(MAX_BYTES)
            .accept_compressed(CompressionEncoding::Gzip);
        let http = post(pushed).with_state(self.clone()).layer(DefaultBodyLimit::max(MAX_BYTES));
        Routes::new(grpc).into_axum_router().route("/v1/metrics", http).into()
    }

    fn take(&self, request: &ExportMetricsServiceRequest) -> ExportMetricsServiceResponse {
        let rejected = self.gatherer().take(request, Instant::now());
        let partial_success = (rejected > 0).then(|| ExportMetricsPartialSuccess {
            rejected_data_points: i64::try_from(rejected).unwrap_or(i64::MAX),
            error_message: "there are too many exporters or series: leave out attributes".into(),
        });
        ExportMetricsServiceResponse { partial_success }
    }
}

#[async_trait]
impl MetricsService for Receiver {
    async fn export(
        &self,
        request: Request<ExportMetricsServiceRequest>,
    ) -> Result<Response<ExportMetricsServiceResponse>, Status> {
        Ok(Response::new(self.take(request.get_ref())))
    }
}

async fn pushed(State(receiver): State<Receiver>, headers: HeaderMap, body: Bytes) -> Answer {
    let told = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !told(header::CONTENT_TYPE).starts_with(PROTOBUF) {
        let hint = "send protobuf: OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf\n";
        return (StatusCode::UNSUPPORTED_MEDIA_TYPE, hint).into_response();
    }
    let unpacked = match told(header::CONTENT_ENCODING) {
        "" | "identity" => Ok(body.into()),
        "gzip" => unpack(&body),
        _ => Err((StatusCode::UNSUPPORTED_MEDIA_TYPE, "send it as it is, or with `gzip`\n")),
    };
    let bytes = match unpacked {
        Ok(bytes) => bytes,
        Err(refused) => return refused.into_response(),
    };
    match ExportMetricsServiceRequest::decode(bytes.as_slice()) {
        Ok(request) => {
            let answer = receiver.take(&request).encode_to_vec();
            ([(header::CONTENT_TYPE, PROTOBUF)], answer).into_response()
        }
        Err(error) => (StatusCode::BAD_REQUEST, format!("{error}\n")).into_response(),
    }
}

fn unpack(packed: &[u8]) -> Result<Vec<u8>, (StatusCode, &'static str)> {
    let mut unpacked = Vec::new();
    let read = MultiGzDecoder::new(packed).take(MAX_BYTES as u64 + 1).read_to_end(&mut unpacked);
    match read {
        Ok(bytes) if bytes <= MAX_BYTES => Ok(unpacked),
        Ok(_) => Err((StatusCode::PAYLOAD_TOO_LARGE, "more than 4 MiB: send smaller batches\n")),
        Err(_) => Err((StatusCode::BAD_REQUEST, "the body is not packed with gzip\n")),
    }
}
