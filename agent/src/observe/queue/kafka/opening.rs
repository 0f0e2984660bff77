//! Opens a connection: TCP, TLS, what the broker knows, and who asks.

use super::address::Address;
use super::connection::{Connection, Stream, broken};
use super::failure::{Failure, check};
use super::protocol::{
    ApiVersions, FindCoordinator, ListOffsets, Metadata, OffsetFetch, Question, SaslAuthenticate,
};
use super::sasl::{Login, log_in};
use crate::observe::probe::ProbeError;
use crate::platform::tls::TlsSettings;
use rustls::pki_types::ServerName;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

/// A broker that does not let the agent in within so long is passed over, so that others are asked in time.
const TIMEOUT: Duration = Duration::from_secs(3);

/// How the brokers of a cluster are reached.
#[derive(Clone, Debug)]
pub(super) struct Access {
    pub(super) tls: Option<TlsSettings>,
    pub(super) login: Option<Login>,
}

/// Opens a connection to the broker at `address`.
///
/// # Errors
/// If nobody is there, or it does not let the agent in.
pub(super) async fn open(address: &Address, access: &Access) -> Result<Connection, Failure> {
    match timeout(TIMEOUT, opened(address, access)).await {
        Ok(opened) => opened,
        Err(_) => {
            let what = format!("{address} lets nobody in within {} s", TIMEOUT.as_secs());
            Err(ProbeError::Unreachable(what).into())
        }
    }
}

async fn opened(address: &Address, access: &Access) -> Result<Connection, Failure> {
    let tcp = TcpStream::connect((address.host.as_str(), address.port)).await;
    // Its partitions may be led by another broker in a moment.
    let tcp = tcp.map_err(|why| Failure::passing(format!("{address}: {why}")))?;
    let stream: Box<dyn Stream> = match &access.tls {
        None => Box::new(tcp),
        Some(tls) => Box::new(secured(tcp, tls, address).await?),
    };
    let mut connection = Connection::new(stream, address.clone());
    knows_all(&mut connection, access.login.is_some()).await?;
    if let Some(login) = &access.login {
        log_in(&mut connection, login).await?;
    }
    Ok(connection)
}

async fn secured(
    tcp: TcpStream,
    tls: &TlsSettings,
    address: &Address,
) -> Result<impl Stream + use<>, Failure> {
    let client = tls.client().map_err(|why| ProbeError::Invalid(why.to_string()))?;
    let name = ServerName::try_from(address.host.clone())
        .map_err(|why| ProbeError::Invalid(format!("{address}: {why}")))?;
    let secured = TlsConnector::from(Arc::new(client)).connect(name, tcp).await;
    secured.map_err(|why| broken(&why, address))
}

/// Fails if the broker does not know what it is to be asked.
async fn knows_all(connection: &mut Connection, logs_in: bool) -> Result<(), Failure> {
    let answer = connection.ask(&ApiVersions).await?;
    let peer = connection.peer();
    check(answer.error, || format!("{peer}: ApiVersions"))?;
    let login = logs_in.then_some(needs::<SaslAuthenticate<'_>>());
    for (key, version, name) in [
        needs::<Metadata<'_>>(),
        needs::<FindCoordinator<'_>>(),
        needs::<OffsetFetch<'_>>(),
        needs::<ListOffsets<'_>>(),
    ]
    .into_iter()
    .chain(login)
    {
        let mut known = answer.known.iter();
        if !known.any(|(known, min, max)| *known == key && (*min..=*max).contains(&version)) {
            let what = format!("{peer} does not know version {version} of {name}, as Kafka 1 to 4");
            return Err(ProbeError::Invalid(what).into());
        }
    }
    Ok(())
}

fn needs<Q: Question>() -> (i16, i16, &'static str) {
    (Q::KEY, Q::VERSION, Q::NAME)
}
