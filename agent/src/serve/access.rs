//! Who may ask what (promise X-1): a token for control endpoints, off loopback for metrics and pages
//! too, and on loopback only requests that were meant for it, so that no web page reaches the agent
//! through a rebound name.

use super::error::refuse;
use crate::config::Secret;
use axum::extract::{Request, State};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

/// The rules of one listener.
#[derive(Clone, Debug)]
pub struct Access {
    listen: SocketAddr,
    token: Option<Secret>,
}

impl Access {
    /// Rules for the listener at `listen`.
    #[must_use]
    pub fn new(listen: SocketAddr, token: Option<Secret>) -> Self {
        Self { listen, token }
    }

    /// Whether the request was meant for this listener. Off loopback names are the user's affair,
    /// and the token guards what matters.
    fn host_is_ours(&self, headers: &HeaderMap) -> bool {
        if !self.listen.ip().is_loopback() {
            return true;
        }
        let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or_default());
        let Some(host) = text(header::HOST) else { return false };
        // Another port of this machine is another site: its pages may not steer the agent.
        let origin_is_ours = |origin: &str| {
            origin.strip_prefix("http://").is_some_and(|authority| self.is_ours(authority, 80))
        };
        // A Host without a port is from a client that does not care.
        self.is_ours(host, self.listen.port()) && text(header::ORIGIN).is_none_or(origin_is_ours)
    }

    /// Whether `authority` (`host` or `host:port`) is this listener.
    fn is_ours(&self, authority: &str, default_port: u16) -> bool {
        let Ok(authority) = authority.parse::<Authority>() else { return false };
        let host = authority.host().trim_start_matches('[').trim_end_matches(']');
        let is_loopback = host.eq_ignore_ascii_case("localhost")
            || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
        is_loopback && authority.port_u16().unwrap_or(default_port) == self.listen.port()
    }

    fn has_token(&self, headers: &HeaderMap) -> bool {
        let Some(token) = &self.token else { return true };
        credentials(headers, b"Bearer ").is_some_and(|given| token.matches(given))
    }

    /// Whether metrics and pages may be seen. A browser cannot send a bearer token, so there it may
    /// be the password of any user; that is enough to look and not to control, since a browser would
    /// send it along with what other sites make it ask.
    fn may_look(&self, headers: &HeaderMap) -> bool {
        let Some(token) = &self.token else { return true };
        let password = || {
            let given = BASE64_STANDARD.decode(credentials(headers, b"Basic ")?).ok()?;
            let colon = given.iter().position(|byte| *byte == b':')?;
            Some(given.get(colon + 1..)?.to_vec())
        };
        self.listen.ip().is_loopback()
            || self.has_token(headers)
            || password().is_some_and(|given| token.matches(&given))
    }
}

/// What follows `scheme` in the Authorization header.
fn credentials<'a>(headers: &'a HeaderMap, scheme: &[u8]) -> Option<&'a [u8]> {
    let given = headers.get(header::AUTHORIZATION)?.as_bytes();
    let (begin, rest) = given.split_at_checked(scheme.len())?;
    begin.eq_ignore_ascii_case(scheme).then_some(rest)
}

/// Lets through what was meant for this listener.
pub(super) async fn check_host(
    State(access): State<Arc<Access>>,
    request: Request,
    next: Next,
) -> Response {
    if access.host_is_ours(request.headers()) {
        return next.run(request).await;
    }
    let message = "the Host or Origin header names another machine: ask 127.0.0.1 or localhost";
    refuse(StatusCode::FORBIDDEN, message)
}

/// Lets through who has the token.
pub(super) async fn check_token(
    State(access): State<Arc<Access>>,
    request: Request,
    next: Next,
) -> Response {
    if access.has_token(request.headers()) {
        return next.run(request).await;
    }
    let message = "the configured token is needed: Authorization: Bearer TOKEN";
    refuse(StatusCode::UNAUTHORIZED, message)
}

/// Lets through who may look.
pub(super) async fn check_view(
    State(access): State<Arc<Access>>,
    request: Request,
    next: Next,
) -> Response {
    if access.may_look(request.headers()) {
        return next.run(request).await;
    }
    let message = "the configured token is needed: Authorization: Bearer TOKEN, or in a browser as \
                   the password of any user";
    let challenge = [(header::WWW_AUTHENTICATE, "Basic realm=\"ScaleIQ\", charset=\"UTF-8\"")];
    (challenge, refuse(StatusCode::UNAUTHORIZED, message)).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderName;

    fn headers<const N: usize>(list: [(HeaderName, &str); N]) -> HeaderMap {
        list.into_iter().map(|(name, value)| (name, value.parse().unwrap())).collect()
    }

    #[test]
    fn on_loopback_only_loopback_names_are_ours() {
        let access = Access::new("127.0.0.1:9184".parse().unwrap(), None);
        let host = |host| access.host_is_ours(&headers([(header::HOST, host)]));
        for good in ["127.0.0.1:9184", "localhost:9184", "LOCALHOST", "[::1]:9184", "127.0.0.2"] {
            assert!(host(good), "{good}");
        }
        let bad = ["evil.example:9184", "127.0.0.1.evil.example", "10.0.0.1:9184", "localhost:80"];
        for bad in bad.into_iter().chain(["", "localhost.evil", "[::1", "evil@"]) {
            assert!(!host(bad), "{bad}");
        }
        assert!(!access.host_is_ours(&HeaderMap::new()));
    }

    #[test]
    fn pages_from_elsewhere_are_refused() {
        let access = Access::new("127.0.0.1:9184".parse().unwrap(), None);
        let origin = |origin| {
            access.host_is_ours(&headers([
                (header::HOST, "localhost:9184"),
                (header::ORIGIN, origin),
            ]))
        };
        assert!(origin("http://localhost:9184") && origin("http://127.0.0.1:9184"));
        for bad in ["null", "http://localhost", "http://localhost:3000", "https://evil.example"] {
            assert!(!origin(bad), "{bad}");
        }
    }

    #[test]
    fn a_token_is_compared_in_full() {
        let secret = Secret::new("0123456789abcdef".into());
        let access = Access::new("0.0.0.0:9184".parse().unwrap(), Some(secret));
        let with = |value| access.has_token(&headers([(header::AUTHORIZATION, value)]));
        assert!(with("Bearer 0123456789abcdef") && with("bearer 0123456789abcdef"));
        for bad in ["Bearer 0123456789abcde", "Basic 0123456789abcdef", "0123456789abcdef", ""] {
            assert!(!with(bad), "{bad}");
        }
        assert!(!access.has_token(&HeaderMap::new()));
        assert!(access.host_is_ours(&HeaderMap::new()), "off loopback any name will do");
    }
    #[test]
    fn off_loopback_looking_needs_the_token_too() {
        let secret = || Some(Secret::new("0123456789abcdef".into()));
        let access = Access::new("0.0.0.0:9184".parse().unwrap(), secret());
        let with = |value: &str| access.may_look(&headers([(header::AUTHORIZATION, value)]));
        let basic = |text: &str| format!("Basic {}", BASE64_STANDARD.encode(text));
        assert!(with("Bearer 0123456789abcdef") && with(&basic("me:0123456789abcdef")));
        for bad in [basic("0123456789abcdef"), basic("0123456789abcdef:"), "Basic ???".into()] {
            assert!(!with(&bad), "{bad}");
        }
        assert!(!access.may_look(&HeaderMap::new()));
        let password = headers([(header::AUTHORIZATION, basic("me:0123456789abcdef").as_str())]);
        assert!(!access.has_token(&password), "a page may look and not control");
        let access = Access::new("127.0.0.1:9184".parse().unwrap(), secret());
        assert!(access.may_look(&HeaderMap::new()));
    }
}
