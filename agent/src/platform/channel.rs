//! Connections to servers that are asked over gRPC.

use super::tls::{TlsSettings, is_of_tls};
use crate::text::causes;
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tonic::codegen::Service;
use tonic::codegen::http::uri::Scheme;
use tonic::transport::{Channel, Endpoint};

pub use tonic::transport::Uri;

/// A connection that takes longer is none.
const CONNECT: Duration = Duration::from_secs(5);
/// A server that does not answer a ping in so long is gone.
const PING: Duration = Duration::from_secs(20);

/// Reads an address: `https://host:port`, or `http://` without TLS.
///
/// # Errors
/// What is wrong with it, behind "which".
pub fn address(text: &str) -> Result<Uri, String> {
    let uri: Uri = text.parse().map_err(|why| format!("is no address: {why}"))?;
    if !matches!(uri.scheme_str(), Some("http" | "https")) {
        return Err("begins with neither http:// nor https://".into());
    }
    match uri.port_u16() {
        Some(_) => Ok(uri),
        None => Err("has no port: https://host:port".into()),
    }
}

/// Connects to `address`, by `tls` if that is `https`.
///
/// # Errors
/// If nobody answers, or not one who is trusted.
pub async fn connect(address: &Uri, tls: &TlsSettings) -> io::Result<Channel> {
    let connector = match address.scheme_str() {
        Some("https") => {
            let mut config = tls.client()?;
            config.alpn_protocols = vec![b"h2".to_vec()];
            Some(TlsConnector::from(Arc::new(config)))
        }
        _ => None,
    };
    // tonic is told `http`, since TLS is ours; the server is told what it is.
    let mut parts = address.clone().into_parts();
    parts.scheme = Some(Scheme::HTTP);
    let plain = Uri::from_parts(parts).map_err(io::Error::other)?;
    let endpoint = Endpoint::from(plain)
        .origin(address.clone())
        .connect_timeout(CONNECT)
        .http2_keep_alive_interval(PING)
        .keep_alive_timeout(PING)
        .keep_alive_while_idle(true);
    let connected = endpoint.connect_with_connector(Connector(connector)).await;
    connected.map_err(|error| match is_of_tls(&error) {
        true => io::Error::new(io::ErrorKind::PermissionDenied, causes(&error)),
        false => io::Error::other(causes(&error)),
    })
}

/// Makes connections, of TLS if there is something to make them with.
#[derive(Clone)]
struct Connector(Option<TlsConnector>);

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

impl Service<Uri> for Connector {
    type Response = TokioIo<Box<dyn Stream>>;
    type Error = io::Error;
    type Future = std::pin::Pin<Box<dyn Future<Output = io::Result<Self::Response>> + Send>>;

    fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> std::task::Poll<io::Result<()>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let connector = self.0.clone();
        Box::pin(async move {
            let host = uri.host().unwrap_or_default().trim_matches(['[', ']']).to_owned();
            let stream = TcpStream::connect((host.as_str(), uri.port_u16().unwrap_or(0))).await?;
            stream.set_nodelay(true)?;
            let io: Box<dyn Stream> = match connector {
                None => Box::new(stream),
                Some(connector) => {
                    let name = ServerName::try_from(host).map_err(io::Error::other)?;
                    Box::new(connector.connect(name, stream).await?)
                }
            };
            Ok(TokioIo::new(io))
        })
    }
}
