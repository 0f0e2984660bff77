//! Whom to ask over HTTP, and as whom.

use super::client::{Client, Credentials, Make};
use crate::config::{At, Fields, Kind, List, Secret, Text, Token};
use crate::platform::tls::TlsSettings;
use crate::text::causes;
use reqwest::Url;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::redirect::Policy;
use serde_json::{Map, Value};
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A connection that takes longer is none.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// No answer takes longer, whatever the limit of who asked.
const TIMEOUT: Duration = Duration::from_secs(60);
/// A connection that rested longer is not used again. Servers close theirs after a while, and what reaches them
/// just then is lost: gunicorn after 2 s, uvicorn and Node.js after 5, which is how often many are asked.
const IDLE_TIMEOUT: Duration = Duration::from_secs(1);
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

impl HttpSettings {
    /// Its fields, in the section of the system that is asked; `url` is what `about` says.
    pub fn fields(f: &mut Fields<'_>, about: &'static str) -> Option<Self> {
        let url = f.required("url", about, Address);
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
        let base = match self.url.scheme() {
            UNIX => Url::parse("http://localhost").map_err(io::Error::other)?,
            _ => self.url.clone(),
        };
        let settings = self.clone();
        Ok(Client {
            make: Make(Arc::new(move || settings.http())),
            http: Arc::new(Mutex::new(self.http()?)),
            base,
            credentials: self.credentials.clone(),
            name: self.url.to_string(),
        })
    }

    /// What speaks HTTP, with what files say now.
    fn http(&self) -> io::Result<reqwest::Client> {
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("scaleiq/", env!("CARGO_PKG_VERSION")))
            .redirect(Policy::none())
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(TIMEOUT)
            .pool_idle_timeout(IDLE_TIMEOUT)
            .default_headers(self.headers()?)
            .http1_only();
        if self.url.scheme() == "https" {
            builder = builder.tls_backend_preconfigured(self.tls.client()?);
        } else {
            // Without one of ours reqwest would read whom the system trusts, for nothing.
            builder = builder.tls_backend_preconfigured(TlsSettings::nobody()?);
        }
        #[cfg(unix)]
        if self.url.scheme() == UNIX {
            builder = builder.unix_socket(self.url.path());
        }
        builder.build().map_err(|why| io::Error::other(causes(&why)))
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

/// An address, as [`base`] takes it.
#[derive(Clone, Copy, Debug)]
struct Address;

impl Kind for Address {
    type Value = Url;

    fn read(&self, at: &At<'_>) -> Option<Url> {
        let text = Text.read(at)?;
        // What may hold a password is not told.
        let told = if text.contains('@') { "an address" } else { &text };
        base(&text).or_else(|why| at.wrong(&format!("is `{told}`, which {why}")).ok_or(())).ok()
    }

    fn schema(&self) -> Map<String, Value> {
        Text.schema()
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config;
    use std::path::Path;

    fn read(text: &str) -> Result<HttpSettings, String> {
        let section = |f: &mut Fields<'_>| HttpSettings::fields(f, "an address");
        let read = config::read(text, Path::new(""), |_| None, section);
        read.map_err(|problems| problems[0].message.clone())
    }

    #[test]
    fn what_contradicts_itself_or_gives_a_secret_away_is_told() {
        for (text, words) in [
            ("url: far:1", "neither http:// nor https://"),
            ("url: http://me:hidden@far", "fields of their own"),
            ("url: http://far/?a=b", "added by the agent"),
            ("url: http://far\npassword: hidden", "needs `username` beside it"),
            ("url: http://far\nusername: me\ntoken: hidden", "two ways for one"),
            ("url: http://far\nca_file: ca.pem", "of no use without https://"),
            ("url: https://far\nca_file: ca.pem\nverify: none", "of no use with `verify: none`"),
            ("url: https://far\ncert_file: me.pem", "needs `key_file` beside it"),
            ("url: http://far\nheaders: [hidden]", "is no header"),
        ] {
            let message = read(text).unwrap_err();
            assert!(message.contains(words), "{message}");
            assert!(!message.contains("hidden"), "{message}");
        }
    }

    #[test]
    fn secrets_are_not_shown_and_are_noted_where_they_go_unencrypted() {
        let text =
            |url| format!("url: {url}\nusername: me\npassword: hidden\nheaders: [\"A: hidden\"]");
        let far = read(&text("http://far")).unwrap();
        assert!(!format!("{far:?}").contains("hidden"));
        assert!(far.note().unwrap().contains("unencrypted"));
        for safe in ["https://far", "http://localhost:1", "http://127.0.0.1:1"] {
            assert_eq!(read(&text(safe)).unwrap().note(), None, "{safe}");
        }
    }
}
