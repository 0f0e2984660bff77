//! An API server of Kubernetes for tests: one resource with its scale, as the API's documentation has them.
//! It refuses what a real one would: other paths, verbs, content types, credentials, and old versions.

use super::certificates::Identity;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;
use std::time::Duration;

/// Who may ask.
const TOKEN: &str = "a-token-of-the-account";

/// What goes wrong with one request.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Fault {
    /// It is answered so.
    Status(u16),
    /// The connection is closed without an answer.
    Gone,
    /// It is not answered for so long.
    Slow(Duration),
    /// Somebody else changes the resource just before it.
    Changed,
}

/// The cluster's state, and what was asked.
#[derive(Debug, Default)]
pub(crate) struct State {
    /// Path of the resource.
    pub(crate) path: String,
    pub(crate) version: u64,
    pub(crate) replicas: Option<i64>,
    pub(crate) annotations: Value,
    pub(crate) status: Value,
    /// What goes wrong with the next requests of these verbs.
    pub(crate) faults: Vec<(&'static str, Fault)>,
    /// Verbs and paths, in order.
    pub(crate) asked: Vec<String>,
}

/// A server, until the test ends.
#[derive(Clone)]
pub(crate) struct ApiServer {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

impl ApiServer {
    /// Serves one resource at `path`.
    pub(crate) fn start(path: &str) -> Self {
        Self::start_with(path, None)
    }

    /// The same over TLS, known by this certificate.
    pub(crate) fn start_tls(path: &str, identity: &Identity) -> Self {
        let certificate = CertificateDer::from_pem_slice(identity.cert.as_bytes()).unwrap();
        let key = PrivateKeyDer::from_pem_slice(identity.key.as_bytes()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider);
        let config = config.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
        let config = config.with_single_cert(vec![certificate], key).unwrap();
        Self::start_with(path, Some(Arc::new(config)))
    }

    fn start_with(path: &str, tls: Option<Arc<ServerConfig>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let state = State {
            path: path.into(),
            version: 1,
            replicas: Some(4),
            annotations: json!({}),
            status: json!({"observedGeneration": 1, "replicas": 4, "readyReplicas": 4}),
            ..State::default()
        };
        let server =
            Self { address: listener.local_addr().unwrap(), state: Arc::new(Mutex::new(state)) };
        let serving = server.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (server, tls) = (serving.clone(), tls.clone());
                thread::spawn(move || match tls {
                    Some(config) => {
                        let connection = ServerConnection::new(config).unwrap();
                        server.converse(StreamOwned::new(connection, stream));
                    }
                    None => server.converse(stream),
                });
            }
        });
        server
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// What was asked since the last time.
    pub(crate) fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.state().asked)
    }

    /// Writes a kubeconfig for it. Over TLS, it is trusted if `authority` has signed its certificate.
    pub(crate) fn kubeconfig(&self, path: &Path, authority: Option<&str>) {
        let scheme = if authority.is_some() { "https" } else { "http" };
        let mut cluster = json!({"server": format!("{scheme}://{}", self.address)});
        if let Some(pem) = authority {
            cluster["certificate-authority-data"] = STANDARD.encode(pem).into();
        }
        let config = json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "here",
            "clusters": [{"name": "here", "cluster": cluster}],
            "contexts": [{"name": "here", "context":
                {"cluster": "here", "user": "agent", "namespace": "shop"}}],
            "users": [{"name": "agent", "user": {"token": TOKEN}}]
        });
        std::fs::write(path, config.to_string()).unwrap();
    }

    /// Answers requests on one connection.
    fn converse(&self, stream: impl Read + Write) {
        let mut stream = BufReader::new(stream);
        while let Some(request) = Request::read(&mut stream) {
            let Some((status, body)) = self.answer(&request) else { return };
            let body = body.to_string();
            let head = format!(
                "HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
                body.len()
            );
            if stream.get_mut().write_all((head + &body).as_bytes()).is_err() {
                return;
            }
        }
    }

    /// `None` closes the connection.
    fn answer(&self, request: &Request) -> Option<(u16, Value)> {
        let mut state = self.state();
        state.asked.push(format!("{} {}", request.verb, request.path));
        let due = state.faults.iter().position(|(verb, _)| *verb == request.verb);
        match due.map(|at| state.faults.remove(at).1) {
            Some(Fault::Status(code)) => return Some(failure(code, "Injected")),
            Some(Fault::Gone) => return None,
            Some(Fault::Changed) => state.version += 1,
            Some(Fault::Slow(pause)) => {
                drop(state);
                thread::sleep(pause);
                state = self.state();
            }
            None => {}
        }
        Some(state.answer(request))
    }
}

impl State {
    fn answer(&mut self, request: &Request) -> (u16, Value) {
        if request.header("authorization") != Some(&format!("Bearer {TOKEN}")) {
            return failure(401, "Unauthorized");
        }
        let scale = format!("{}/scale", self.path);
        let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
        match request.verb.as_str() {
            "GET" if path == self.path => (200, self.object()),
            "GET" if path == scale => (200, self.scale()),
            "PATCH" if path == scale => self.patch(request, query),
            _ if path == self.path || path == scale => failure(405, "MethodNotAllowed"),
            _ => failure(404, "NotFound"),
        }
    }

    fn object(&self) -> Value {
        let mut object = json!({
            "apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {"name": "worker", "namespace": "shop", "annotations": self.annotations,
                "resourceVersion": self.version.to_string()},
            "spec": {}, "status": self.status
        });
        if let Some(replicas) = self.replicas {
            object["spec"]["replicas"] = replicas.into();
        }
        object
    }

    fn scale(&self) -> Value {
        json!({
            "apiVersion": "autoscaling/v1", "kind": "Scale",
            "metadata": {"name": "worker", "namespace": "shop",
                "resourceVersion": self.version.to_string()},
            "spec": {"replicas": self.replicas.unwrap_or(1)},
            "status": {"replicas": self.status["replicas"].as_i64().unwrap_or(0)}
        })
    }

    fn patch(&mut self, request: &Request, query: &str) -> (u16, Value) {
        if request.header("content-type") != Some("application/merge-patch+json") {
            return failure(415, "UnsupportedMediaType");
        }
        assert!(query.contains("fieldManager=scaleiq"), "{query}");
        let patch: Value = serde_json::from_slice(&request.body).unwrap();
        // It is a text, as all versions are.
        let version = patch["metadata"]["resourceVersion"].as_str();
        if version.and_then(|version| version.parse().ok()) != Some(self.version) {
            return failure(409, "Conflict");
        }
        self.replicas = Some(patch["spec"]["replicas"].as_i64().unwrap());
        self.version += 1;
        (200, self.scale())
    }
}

fn failure(code: u16, reason: &str) -> (u16, Value) {
    let status = json!({
        "apiVersion": "v1", "kind": "Status", "status": "Failure", "code": code, "reason": reason,
        "message": "as a test wants it"
    });
    (code, status)
}

struct Request {
    verb: String,
    path: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Request {
    fn read(from: &mut impl BufRead) -> Option<Self> {
        let mut line = String::new();
        from.read_line(&mut line).ok().filter(|read| *read > 0)?;
        let mut words = line.split(' ');
        let (verb, path) = (words.next()?.to_string(), words.next()?.to_string());
        let mut headers = Vec::new();
        loop {
            let mut line = String::new();
            from.read_line(&mut line).ok()?;
            let Some((name, value)) = line.trim_end().split_once(": ") else { break };
            headers.push((name.to_lowercase(), value.to_string()));
        }
        let mut request = Self { verb, path, headers, body: Vec::new() };
        let length = request.header("content-length").and_then(|length| length.parse().ok());
        request.body = vec![0; length.unwrap_or(0)];
        from.read_exact(&mut request.body).ok()?;
        Some(request)
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}
