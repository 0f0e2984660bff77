//! Connections, within bounds: whoever connects and says nothing costs little and not for long.
//!
//! The number of connections bounds memory and file descriptors, which the actuator's hook needs too.
//! When all places are taken, the one that has been silent longest makes room, so that clients that
//! only connect cannot keep out one that asks.

use crate::telemetry::ConnectionMetrics;
use axum::Router;
use axum::body::Body;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio::time::{sleep, timeout};
use tower_service::Service as _;

/// Most connections at a time.
const MAX_CONNECTIONS: usize = 128;
/// A request's head has to be there in this time; an idle connection is closed after it.
const HEAD: Duration = Duration::from_secs(10);
/// No connection takes another request after this time: clients come again.
const LIFE: Duration = Duration::from_secs(60);
/// A long body is read for minutes; no answer takes longer than this.
const ANSWER: Duration = Duration::from_secs(600);
/// Bytes that are buffered of each connection.
const BUFFER: usize = 16 << 10;
/// Pause after an error of the listener, such as a lack of file descriptors.
const PAUSE: Duration = Duration::from_millis(100);

/// Serves routes.
#[derive(Debug)]
pub struct Server {
    routes: Router,
    connections: ConnectionMetrics,
    places: Mutex<VecDeque<Place>>,
    stopping: watch::Sender<bool>,
}

/// A connection.
#[derive(Debug)]
struct Place {
    /// Whether it is being answered.
    busy: Arc<AtomicBool>,
    task: AbortHandle,
}

impl Server {
    /// Nobody is connected.
    #[must_use]
    pub fn new(routes: Router, connections: ConnectionMetrics) -> Self {
        Self { routes, connections, places: Mutex::default(), stopping: watch::Sender::new(false) }
    }

    /// Takes connections for ever.
    pub async fn accept(&self, listener: TcpListener) -> Infallible {
        loop {
            match listener.accept().await {
                Ok((stream, _)) => self.serve(stream),
                Err(error) => {
                    tracing::warn!("cannot take a connection: {error}");
                    sleep(PAUSE).await;
                }
            }
        }
    }

    /// Lets connections end what they are at, for `time_limit` at most; says whether all did.
    pub async fn drain(&self, time_limit: Duration) -> bool {
        self.stopping.send_replace(true);
        let ended = timeout(time_limit, self.stopping.closed()).await.is_ok();
        for place in self.places().drain(..) {
            place.task.abort();
        }
        ended
    }

    fn serve(&self, stream: TcpStream) {
        let busy = Arc::new(AtomicBool::new(false));
        let connection = Connection {
            routes: self.routes.clone(),
            connections: self.connections.clone(),
            stopping: self.stopping.subscribe(),
            busy: busy.clone(),
        };
        let mut places = self.places();
        places.retain(|place| !place.task.is_finished());
        if places.len() >= MAX_CONNECTIONS {
            let silent = places.iter().position(|place| !place.busy.load(Ordering::Relaxed));
            if let Some(place) = places.remove(silent.unwrap_or(0)) {
                place.task.abort();
                self.connections.closed(true);
            }
        }
        let task = tokio::spawn(connection.answer(stream)).abort_handle();
        places.push_back(Place { busy, task });
    }

    fn places(&self) -> MutexGuard<'_, VecDeque<Place>> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What one connection needs.
struct Connection {
    routes: Router,
    connections: ConnectionMetrics,
    stopping: watch::Receiver<bool>,
    busy: Arc<AtomicBool>,
}

impl Connection {
    /// Answers what is asked until the client goes, it has lasted long enough, or the agent stops.
    async fn answer(self, stream: TcpStream) {
        let Self { routes, connections, mut stopping, busy } = self;
        let service = service_fn(move |request: Request<Incoming>| {
            let (mut routes, busy) = (routes.clone(), busy.clone());
            async move {
                busy.store(true, Ordering::Relaxed);
                let answer = routes.call(request.map(Body::new)).await;
                busy.store(false, Ordering::Relaxed);
                answer
            }
        });
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new()).header_read_timeout(HEAD).max_buf_size(BUFFER);
        let connection = http.serve_connection(TokioIo::new(stream), service);
        tokio::pin!(connection);
        let stops = async {
            // The agent is gone when nobody can say that it stops.
            let _ = stopping.wait_for(|stops| *stops).await;
        };
        let ended = tokio::select! {
            ended = &mut connection => ended,
            () = stops => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
            () = sleep(LIFE) => {
                connection.as_mut().graceful_shutdown();
                timeout(ANSWER, connection).await.unwrap_or(Ok(()))
            }
        };
        // What else may go wrong is the client's affair.
        if ended.is_err_and(|error| error.is_timeout()) {
            connections.closed(false);
        }
    }
}
