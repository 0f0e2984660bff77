//! A client for one system.

use crate::config::Secret;
use crate::platform::tls::is_of_tls;
use crate::text::causes;
use reqwest::header::{HeaderValue, LOCATION};
use reqwest::{Method, RequestBuilder, Response, Url};
use serde::de::DeserializeOwned;
use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Largest answer that is read.
const MAX_BYTES: usize = 16 << 20;
/// So much of the answer to what was refused is told.
const MAX_TOLD_CHARS: usize = 200;

/// Asks one system.
#[derive(Clone, Debug)]
pub struct Client {
    /// Makes what speaks HTTP anew: files of certificates may be replaced.
    pub(super) make: Make,
    pub(super) http: Arc<Mutex<reqwest::Client>>,
    /// Below it things are asked for.
    pub(super) base: Url,
    pub(super) credentials: Option<Credentials>,
    /// The address as it was configured.
    pub(super) name: String,
}

/// Makes what speaks HTTP, with what files say now.
#[derive(Clone)]
pub(super) struct Make(pub(super) Arc<dyn Fn() -> io::Result<reqwest::Client> + Send + Sync>);

impl fmt::Debug for Make {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Make")
    }
}

/// What proves who asks.
#[derive(Clone, Debug)]
pub(super) enum Credentials {
    Basic { username: String, password: Option<Secret> },
    Bearer(Secret),
}

/// Why there is no answer that can be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// Nobody answers, or the answer broke off.
    #[error("{0}")]
    Unreachable(String),
    /// One of both does not trust the other's certificate.
    #[error("{0}")]
    Untrusted(String),
    /// The answer is a refusal.
    #[error("{what}")]
    Status {
        /// The code of HTTP.
        code: u16,
        /// For people.
        what: String,
    },
    /// The answer is not what it should be.
    #[error("{0}")]
    Invalid(String),
}

impl Failure {
    /// Whether the same request may do later.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        matches!(
            self,
            Self::Unreachable(_)
                | Self::Untrusted(_)
                | Self::Status { code: 408 | 429 | 500.., .. }
        )
    }
}

impl Client {
    /// Begins a request for what lies below the address: parts of a path, which may hold any character,
    /// and pairs of a query.
    pub fn request(&self, method: Method, path: &[&str], query: &[(&str, &str)]) -> RequestBuilder {
        let mut url = self.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let request = self.http().request(method, url);
        match &self.credentials {
            None => request,
            Some(Credentials::Bearer(token)) => request.bearer_auth(token.reveal()),
            Some(Credentials::Basic { username, password }) => {
                request.basic_auth(username, password.as_ref().map(Secret::reveal))
            }
        }
    }

    /// Returns the body of the answer.
    ///
    /// # Errors
    /// If there is none, if it is a refusal, or if it has no end.
    pub async fn send(&self, request: RequestBuilder) -> Result<Vec<u8>, Failure> {
        let failed = |why: reqwest::Error| self.failed(why.without_url());
        let mut response = request.send().await.map_err(failed)?;
        let is_refusal = !response.status().is_success();
        let mut body = Vec::new();
        while let Some(part) = response.chunk().await.map_err(failed)? {
            if is_refusal && body.len() > MAX_TOLD_CHARS * 4 {
                break;
            }
            if body.len() + part.len() > MAX_BYTES {
                let what = format!("{}: the answer has more than 16 MiB", self.name);
                return Err(Failure::Invalid(what));
            }
            body.extend_from_slice(&part);
        }
        match is_refusal {
            true => Err(self.refused(&response, &body)),
            false => Ok(body),
        }
    }

    /// Returns what the answer says in JSON.
    ///
    /// # Errors
    /// As [`Client::send`], and if it is no such JSON.
    pub async fn json<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, Failure> {
        let body = self.send(request).await?;
        let read = serde_json::from_slice(&body);
        read.map_err(|why| Failure::Invalid(format!("{}: no such answer: {why}", self.name)))
    }

    /// Why there is no answer. Where that is a certificate, files are read anew for the next request: they may have
    /// been replaced, as they are before one expires.
    fn failed(&self, why: reqwest::Error) -> Failure {
        let what = format!("{}: {}", self.name, causes(&why));
        if !is_of_tls(&why) {
            return Failure::Unreachable(what);
        }
        match (self.make.0)() {
            Ok(http) => {
                *self.http() = http;
                Failure::Untrusted(what)
            }
            Err(file) => Failure::Untrusted(format!("{what}; {file}")),
        }
    }

    fn http(&self) -> MutexGuard<'_, reqwest::Client> {
        self.http.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn refused(&self, response: &Response, body: &[u8]) -> Failure {
        let status = response.status();
        let told = match response.headers().get(LOCATION).map(HeaderValue::to_str) {
            Some(Ok(elsewhere)) if status.is_redirection() => {
                format!(" to {elsewhere}, which `url` may name")
            }
            _ => told(body),
        };
        let what = format!("{} answers {status}{told}", self.name);
        Failure::Status { code: status.as_u16(), what }
    }
}

/// The beginning of an answer, on one line.
fn told(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let text: String = text.chars().take(MAX_TOLD_CHARS).collect();
    let words: Vec<&str> = text.split(|c: char| c.is_whitespace() || c.is_control()).collect();
    let line = words.join(" ");
    if line.trim().is_empty() { String::new() } else { format!(": {}", line.trim()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::http::HttpSettings;
    use std::time::{Duration, Instant};
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::{TcpListener, TcpStream};

    /// Answers each request of a connection, and is about to close one that rested for 2 s when the next comes:
    /// that one is lost, as it is now and then with gunicorn.
    async fn answer(mut connection: TcpStream) -> io::Result<()> {
        let mut rests = Instant::now();
        let mut request = [0; 4096];
        while connection.read(&mut request).await? > 0 && rests.elapsed() < Duration::from_secs(2) {
            let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";
            connection.write_all(answer).await?;
            rests = Instant::now();
        }
        Ok(())
    }

    #[tokio::test]
    async fn a_connection_that_rested_is_not_used_again() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
        let client = HttpSettings::of(url, None).client().unwrap();
        let server = async {
            let mut connections = 0;
            while let Ok(accepted) =
                tokio::time::timeout(Duration::from_secs(3), listener.accept()).await
            {
                tokio::spawn(answer(accepted.unwrap().0));
                connections += 1;
            }
            connections
        };
        let asks = async {
            for rest_ms in [0, 2100, 0] {
                tokio::time::sleep(Duration::from_millis(rest_ms)).await;
                client.send(client.request(Method::GET, &[], &[])).await.unwrap();
            }
        };
        let (connections, ()) = tokio::join!(server, asks);
        // What is asked at once goes over one.
        assert_eq!(connections, 2);
    }
}
