//! A stream of metrics that is being read: best effort, as KEDA says itself.

use super::contract::raw_metrics_service_client::RawMetricsServiceClient;
use super::contract::{RawMetricsRequest, ScaledObjectRef, SubscriptionRequest};
use super::latest::Latest;
use crate::observe::probe::ProbeError;
use crate::platform::channel::{Uri, connect};
use crate::platform::tls::{TlsSettings, is_of_tls};
use crate::text::causes;
use std::io;
use std::time::Instant;
use tokio::sync::watch;
use tokio::task::AbortHandle;
use tonic::{Code, Status};

/// Largest message: some numbers and their names.
const MAX_BYTES: usize = 256 << 10;

/// Who asks, and of which ScaledObject.
#[derive(Clone, Debug)]
pub(super) struct Subscription {
    pub(super) subscriber: String,
    pub(super) namespace: String,
    pub(super) name: String,
}

/// A stream that is being read, until it is dropped.
#[derive(Debug)]
pub(super) struct Stream {
    state: watch::Receiver<State>,
    reading: AbortHandle,
}

/// How far a stream was read.
#[derive(Clone, Debug)]
pub(super) struct State {
    /// The last values.
    pub(super) latest: Latest,
    /// When anything came last.
    pub(super) heard: Instant,
    /// Why nothing more comes.
    ended: Option<ProbeError>,
}

impl Stream {
    /// Subscribes to the triggers of these names, and reads from now on.
    pub(super) async fn open(
        url: &Uri,
        tls: &TlsSettings,
        subscription: &Subscription,
        names: &[&str],
    ) -> Result<Self, ProbeError> {
        let channel = connect(url, tls).await.map_err(|error| refused(&error))?;
        let mut client = RawMetricsServiceClient::new(channel).max_decoding_message_size(MAX_BYTES);
        let Subscription { subscriber, namespace, name } = subscription;
        for metric_name in names {
            let about = ScaledObjectRef {
                name: name.clone(),
                namespace: namespace.clone(),
                metric_name: (*metric_name).into(),
            };
            let request = SubscriptionRequest {
                subscriber: subscriber.clone(),
                metric_metadata: Some(about),
            };
            client.subscribe_metric(request).await.map_err(|status| failed(&status))?;
        }
        let request = RawMetricsRequest { subscriber: subscriber.clone() };
        let stream = client.get_raw_metrics_stream(request).await;
        let mut stream = stream.map_err(|status| failed(&status))?.into_inner();
        let state = State { latest: Latest::new(names), heard: Instant::now(), ended: None };
        let (told, state) = watch::channel(state);
        let reading = tokio::spawn(async move {
            let ended = loop {
                match stream.message().await {
                    Ok(Some(response)) => told.send_modify(|state| {
                        state.heard = Instant::now();
                        state.latest.take(&response, state.heard);
                    }),
                    Ok(None) => break ProbeError::Unreachable("KEDA has ended the stream".into()),
                    Err(status) => break failed(&status),
                }
            };
            told.send_modify(|state| state.ended = Some(ended));
        });
        Ok(Self { state, reading: reading.abort_handle() })
    }

    /// Returns how far it was read.
    ///
    /// # Errors
    /// Why nothing more comes.
    pub(super) fn state(&self) -> Result<State, ProbeError> {
        let state = self.state.borrow().clone();
        match state.ended {
            Some(why) => Err(why),
            None => Ok(state),
        }
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.reading.abort();
    }
}

fn refused(error: &io::Error) -> ProbeError {
    match error.kind() {
        io::ErrorKind::PermissionDenied => denied(&error.to_string()),
        _ => ProbeError::Unreachable(error.to_string()),
    }
}

fn failed(status: &Status) -> ProbeError {
    let what = causes(status);
    match status.code() {
        _ if is_of_tls(status) => denied(&what),
        Code::Unauthenticated | Code::PermissionDenied => denied(&what),
        Code::Unimplemented => ProbeError::Absent(format!(
            "{what}: the operator has to run with RAW_METRICS_GRPC_PROTOCOL=enabled"
        )),
        // With TLS 1.3 whoever is not let in learns it behind the handshake.
        Code::Cancelled => ProbeError::Unreachable(format!(
            "{what}; an operator that closes at once does not take `cert_file`"
        )),
        Code::OutOfRange | Code::InvalidArgument => ProbeError::Invalid(what),
        _ => ProbeError::Unreachable(what),
    }
}

fn denied(what: &str) -> ProbeError {
    ProbeError::Denied(format!("{what}; check `ca_file`, `cert_file` and `key_file`"))
}
