//! Serves what is behind a door until it is shut.

use super::Door;
use super::accept::accept;
use std::io;
use std::net::TcpListener;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::task::{AbortHandle, JoinHandle};
use tokio::time::timeout;
use tonic::codegen::tokio_stream::wrappers::ReceiverStream;
use tonic::service::Routes;
use tonic::transport::Server;

/// Calls, and streams of answers, of one connection at a time.
const MAX_CALLS: u32 = 128;
/// No call but a stream takes longer.
const CALL: Duration = Duration::from_secs(30);
/// Whoever does not answer a ping in so long is gone.
const PING: Duration = Duration::from_secs(20);
/// Bytes of a call's headers.
const MAX_HEADERS: u32 = 16 << 10;

/// A door that is open.
#[derive(Debug)]
pub struct Opened {
    stopping: watch::Sender<bool>,
    accepting: AbortHandle,
    serving: JoinHandle<Result<(), tonic::transport::Error>>,
}

/// Opens the door at `listener`: who is let in is served `routes`, which are told when it is being shut, so
/// that streams end. It is called within a tokio runtime.
///
/// # Errors
/// If the certificates cannot be used; naming the file.
pub fn open(
    door: &Door,
    listener: TcpListener,
    routes: impl FnOnce(watch::Receiver<bool>) -> Routes,
) -> io::Result<Opened> {
    let certificate = door.certificate()?;
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let (stopping, stops) = watch::channel(false);
    let (to, connections) = mpsc::channel(1);
    let accepting = tokio::spawn(accept(listener, certificate, to)).abort_handle();
    let mut server = Server::builder()
        .accept_http1(true)
        .max_concurrent_streams(MAX_CALLS)
        .http2_max_header_list_size(MAX_HEADERS)
        .http2_keepalive_interval(Some(PING))
        .http2_keepalive_timeout(Some(PING))
        .timeout(CALL);
    let router = server.add_routes(routes(stops.clone()));
    let mut stops = stops;
    let serving = tokio::spawn(async move {
        let shut = async {
            // The agent is gone when nobody can say that it stops.
            let _ = stops.wait_for(|stops| *stops).await;
        };
        router.serve_with_incoming_shutdown(ReceiverStream::new(connections), shut).await
    });
    Ok(Opened { stopping, accepting, serving })
}

impl Opened {
    /// Lets those who are in end what they are at, for `limit` at most; says whether all did.
    pub async fn shut(mut self, limit: Duration) -> bool {
        self.accepting.abort();
        self.stopping.send_replace(true);
        let ended = timeout(limit, &mut self.serving).await.is_ok();
        self.serving.abort();
        ended
    }
}
