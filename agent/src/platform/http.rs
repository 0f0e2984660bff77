//! A client of what is asked over HTTP, and how it is configured. It follows no redirects, trusts whom it is
//! told to, and reads no answer without end.

use super::tls::TlsSettings;
use crate::config::{At, Fields, Kind, List, Parsed, Secret, Text, Token};
use crate::text;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue, LOCATION};
use reqwest::redirect::Policy;
use reqwest::{RequestBuilder, Response};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use std::io;
use std::time::Duration;

pub use reqwest::{Method, Url};

/// A connection that takes longer is none.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// No answer takes longer, whatever the limit of who asked.
const TIMEOUT: Duration = Duration::from_secs(60);
/// Largest answer that is read.
const MAX_BYTES: usize = 16 << 20;
/// So much of the answer to what was refused is told.
const MAX_TOLD_CHARS: usize = 200;
/// Most headers that can be configured.
const MAX_HEADERS: usize = 16;

/// Whom to ask, and as whom.
#[derive(Clone, Debug)]
pub struct HttpSettings {
    url: Url,
    credentials: Option<Credentials>,
    headers: Vec<(HeaderName, Secret)>,
    tls: TlsSettings,
}

#[derive(Clone, Debug)]
enum Credentials {
    Basic { username: String, password: Option<Secret> },
    Bearer(Secret),
}

impl HttpSettings {
    /// Its fields, in the section of the system that is asked; `url` is what `about` says.
    pub fn fields(f: &mut Fields<'_>, about: &'static str) -> Option<Self> {
        let url = f.required("url", about, Parsed(base));
        let secret = Token { min_chars: 1 };
        let username = f.optional("username", "name for basic authentication", Text);
        let password = f.optional("password", "password of `username`: ${env:NAME}", secret);
        let token = f.optional("token", "bearer token, instead of a name: ${env:NAME}", secret);
        let about = "more headers of each request: [\"X-Scope-OrgID: team\"]";
        let headers = f.optional("headers", about, List { of: Header, max: MAX_HEADERS });
        let tls = TlsSettings::fields(f)?;
        if let (Some(place), None) = (f.given("password"), f.given("username")) {
            f.problem(place, format!("`{}` needs `username` beside it", f.name("password")));
        }
        if let (Some(place), Some(_)) = (f.given("token"), f.given("username")) {
            let message = format!("`{}` and `username` are two ways for one", f.name("token"));
            f.problem(place, message);
        }
        let url = url?;
        if url.value.scheme() != "https" {
            TlsSettings::refuse_without(f, "https://");
        }
        let basic = username.map(|username| Credentials::Basic {
            username: username.value,
            password: password.map(|given| given.value),
        });
        let headers = headers.map_or_else(Vec::new, |given| given.value);
        Some(Self {
            url: url.value,
            credentials: basic.or_else(|| token.map(|token| Credentials::Bearer(token.value))),
            headers: headers.into_iter().map(|given| given.value).collect(),
            tls,
        })
    }

    /// Asks `url`, with this bearer token.
    #[must_use]
    pub fn of(url: Url, token: Option<Secret>) -> Self {
        let credentials = token.map(Credentials::Bearer);
        Self { url, credentials, headers: Vec::new(), tls: TlsSettings::default() }
    }

    /// Returns the address, which holds no secret.
    #[must_use]
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// Returns what is sound and may not be meant.
    #[must_use]
    pub fn note(&self) -> Option<String> {
        let is_near = matches!(self.url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
        let is_open = self.url.scheme() == "http" && !is_near;
        let has_secret = self.credentials.is_some() || !self.headers.is_empty();
        (is_open && has_secret)
            .then(|| format!("what proves who asks goes to {} unencrypted", self.url))
    }

    /// Makes a client, which connects when it is first used. It is called within a tokio runtime.
    ///
    /// # Errors
    /// What of the settings cannot be used, such as a certificate that is none.
    pub fn client(&self) -> io::Result<Client> {
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("scaleiq/", env!("CARGO_PKG_VERSION")))
            .redirect(Policy::none())
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(TIMEOUT)
            .default_headers(self.headers()?)
            .http1_only();
        let mut base = self.url.clone();
        if self.url.scheme() == "https" {
            builder = builder.tls_backend_preconfigured(self.tls.client()?);
        } else {
            // Without one of ours reqwest would read whom the system trusts, for nothing.
            builder = builder.tls_backend_preconfigured(TlsSettings::nobody()?);
        }
        #[cfg(unix)]
        if self.url.scheme() == UNIX {
            builder = builder.unix_socket(self.url.path());
            base = Url::parse("http://localhost").map_err(io::Error::other)?;
        }
        let http = builder.build().map_err(|why| io::Error::other(causes(why)))?;
        Ok(Client { http, base, credentials: self.credentials.clone(), name: self.url.to_string() })
    }

    fn headers(&self) -> io::Result<HeaderMap> {
        let mut headers = HeaderMap::new();
        for (name, secret) in &self.headers {
            let mut value = HeaderValue::from_str(secret.reveal()).map_err(io::Error::other)?;
            value.set_sensitive(true);
            headers.append(name, value);
        }
        Ok(headers)
    }
}

/// The scheme of a socket in the file system: `unix:///var/run/docker.sock`.
const UNIX: &str = "unix";

/// An address below which things are asked for.
fn base(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|why| format!("is no address: {why}"))?;
    if !["http", "https", UNIX].contains(&url.scheme()) {
        return Err("begins with neither http:// nor https://".into());
    }
    if url.scheme() == UNIX && cfg!(not(unix)) {
        return Err("is a kind of socket that this system does not have".into());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(
            "holds a name or password; `username` and `password` are fields of their own".into()
        );
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("has a `?` or `#`; what is asked for is added by the agent".into());
    }
    Ok(url)
}

/// A header, written `Name: value`.
#[derive(Clone, Copy, Debug)]
struct Header;

impl Kind for Header {
    type Value = (HeaderName, Secret);

    fn read(&self, at: &At<'_>) -> Option<Self::Value> {
        let secret = Token { min_chars: 1 }.read(at)?;
        let parts = secret.reveal().split_once(':').and_then(|(name, value)| {
            let (name, value) = (name.trim().parse().ok()?, value.trim());
            HeaderValue::from_str(value).ok().map(|_| (name, secret.part(value)))
        });
        // What was written is not told: it may be a token.
        parts.or_else(|| at.wrong("is no header: \"Name: value\""))
    }

    fn schema(&self) -> Map<String, Value> {
        Text.schema()
    }
}

/// Asks one system.
#[derive(Clone, Debug)]
pub struct Client {
    http: reqwest::Client,
    base: Url,
    credentials: Option<Credentials>,
    /// The address as it was configured.
    name: String,
}

/// Why there is no answer that can be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// Nobody answers, or the answer broke off.
    #[error("{0}")]
    Unreachable(String),
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
        matches!(self, Self::Unreachable(_) | Self::Status { code: 408 | 429 | 500.., .. })
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
        let request = self.http.request(method, url);
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
        let unreachable = |why| Failure::Unreachable(format!("{}: {}", self.name, causes(why)));
        let mut response = request.send().await.map_err(unreachable)?;
        let is_refusal = !response.status().is_success();
        let mut body = Vec::new();
        while let Some(part) = response.chunk().await.map_err(unreachable)? {
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

/// An error and what is behind it, on one line and without the address.
fn causes(error: reqwest::Error) -> String {
    text::causes(&error.without_url())
}
