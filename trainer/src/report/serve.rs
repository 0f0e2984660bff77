//! A page that is made anew whenever somebody on this machine looks at it.

use anyhow::{Context as _, Result, ensure};
use axum::Router;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse as _, Response};
use axum::routing::get;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

/// How soon it is seen that it should end.
const LOOK: Duration = Duration::from_millis(100);

/// Serves what `page` makes on `address`, which is this machine's own, until `stop` says so. `began` is told the
/// address: with port 0 the system chooses one.
///
/// # Errors
/// If others could reach the address, or it cannot be listened on.
pub fn serve(
    address: SocketAddr,
    page: impl Fn() -> Result<String> + Send + Sync + 'static,
    began: impl FnOnce(SocketAddr),
    stop: impl Fn() -> bool + Send + Sync + 'static,
) -> Result<()> {
    ensure!(
        address.ip().is_loopback(),
        "{address} can be reached by others, and the page has no password: take 127.0.0.1, and a tunnel \
         (ssh -L) from elsewhere"
    );
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind(address).await;
        let listener = listener.with_context(|| format!("listening on {address}"))?;
        began(listener.local_addr()?);
        let page = Arc::new(page);
        let answer = move |headers: HeaderMap| {
            let answer = answered(&headers, &*page);
            async { answer }
        };
        let ended = async move {
            while !stop() {
                tokio::time::sleep(LOOK).await;
            }
        };
        let server = axum::serve(listener, Router::new().route("/", get(answer)));
        Ok(server.with_graceful_shutdown(ended).await?)
    })
}

fn answered(headers: &HeaderMap, page: &dyn Fn() -> Result<String>) -> Response {
    // A page elsewhere may have its name lead here, and read along.
    if !headers.get(header::HOST).is_some_and(|host| is_this_machine(host.as_bytes())) {
        let why = "the Host header names another machine: ask 127.0.0.1 or localhost\n";
        return (StatusCode::MISDIRECTED_REQUEST, why).into_response();
    }
    match page() {
        Ok(page) => ([(header::CACHE_CONTROL, "no-store")], Html(page)).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, format!("{error:#}\n")).into_response(),
    }
}

fn is_this_machine(host: &[u8]) -> bool {
    let host = std::str::from_utf8(host).unwrap_or_default();
    let name = host.rsplit_once(':').filter(|(_, port)| port.parse::<u16>().is_ok());
    let name = name.map_or(host, |(name, _)| name).trim_matches(['[', ']']);
    name == "localhost" || name.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_is_known_by_its_own_names_alone() {
        for host in ["localhost", "localhost:80", "127.0.0.1:9186", "[::1]:9186", "127.0.0.9"] {
            assert!(is_this_machine(host.as_bytes()), "{host}");
        }
        for host in
            ["", "example.org", "127.0.0.1.example.org:9186", "localhost.example.org", "8.8.8.8"]
        {
            assert!(!is_this_machine(host.as_bytes()), "{host}");
        }
    }
}
