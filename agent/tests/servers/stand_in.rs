//! A server over HTTP that answers as a test says, and remembers what it was asked.

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, Response};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread;
use tokio::net::{TcpListener, UnixListener};
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
    /// On 127.0.0.1; 0 for one in the file system.
    pub(crate) port: u16,
    asked: Arc<Mutex<Vec<Asked>>>,
    _end: oneshot::Sender<()>,
}

/// What it answers: a status and a body.
type Answer = (u16, String);

impl StandIn {
    /// Listens on a port, and answers each request with what `answer` gives.
    pub(crate) fn start(answer: impl FnMut(&Asked) -> Answer + Send + 'static) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let port = listener.local_addr().unwrap().port();
        let (asked, handler) = handler(answer);
        let end = serve(async move {
            axum::serve(TcpListener::from_std(listener).unwrap(), handler).await.unwrap();
        });
        Self { port, asked, _end: end }
    }

    /// As `start`, on a socket in the file system.
    pub(crate) fn start_at(
        path: &Path,
        answer: impl FnMut(&Asked) -> Answer + Send + 'static,
    ) -> Self {
        let listener = std::os::unix::net::UnixListener::bind(path).unwrap();
        listener.set_nonblocking(true).unwrap();
        let (asked, handler) = handler(answer);
        let end = serve(async move {
            axum::serve(UnixListener::from_std(listener).unwrap(), handler).await.unwrap();
        });
        Self { port: 0, asked, _end: end }
    }

    /// All that it was asked.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

/// Keeps what is asked, and answers.
fn handler(
    answer: impl FnMut(&Asked) -> Answer + Send + 'static,
) -> (Arc<Mutex<Vec<Asked>>>, Router) {
    let kept = Arc::new(Mutex::new(Vec::new()));
    let (asked, answer) = (kept.clone(), Arc::new(Mutex::new(answer)));
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
    (asked, Router::new().fallback(handle))
}

/// Runs `server` on a thread of its own until what it returns is dropped.
fn serve(server: impl Future<Output = ()> + Send + 'static) -> oneshot::Sender<()> {
    let (end, ended) = oneshot::channel::<()>();
    thread::spawn(move || {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            tokio::select! {
                () = server => {}
                _ = ended => {}
            }
        });
    });
    end
}
