//! A server over HTTP that answers as a test says, and remembers what it was asked.

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, Response};
use std::sync::{Arc, Mutex};
use std::thread;
use tokio::runtime::Builder;
use tokio::sync::oneshot;

/// Largest body that is taken.
const MAX_BYTES: usize = 1 << 20;

/// What was asked.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) method: String,
    /// With the query, as it came.
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// Runs until it is dropped.
pub(crate) struct StandIn {
    pub(crate) port: u16,
    asked: Arc<Mutex<Vec<Asked>>>,
    _end: oneshot::Sender<()>,
}

impl StandIn {
    /// Answers each request with what `answer` gives: a status and a body.
    pub(crate) fn start(
        answer: impl FnMut(&Asked) -> (u16, String) + Send + Sync + 'static,
    ) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let port = listener.local_addr().unwrap().port();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (end, ended) = oneshot::channel::<()>();
        let (kept, answer) = (asked.clone(), Arc::new(Mutex::new(answer)));
        let handle = move |request: Request| {
            let (kept, answer) = (kept.clone(), answer.clone());
            async move {
                let (head, body) = request.into_parts();
                let asked = Asked {
                    method: head.method.to_string(),
                    path: head.uri.to_string(),
                    headers: head.headers,
                    body: to_bytes(body, MAX_BYTES).await.unwrap(),
                };
                kept.lock().unwrap().push(asked.clone());
                let (status, body) = (answer.lock().unwrap())(&asked);
                let answer = Response::builder().status(status);
                // A page elsewhere, for those who follow.
                answer.header("location", "/elsewhere").body(Body::from(body)).unwrap()
            }
        };
        thread::spawn(move || {
            let runtime = Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                let serve = axum::serve(listener, Router::new().fallback(handle));
                tokio::select! {
                    _ = serve => {}
                    _ = ended => {}
                }
            });
        });
        Self { port, asked, _end: end }
    }

    /// All that it was asked.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}
