//! Where REST, metrics and dashboard are, as it is configured.

use crate::config::{Fields, Parsed, Secret, Token};
use anyhow::bail;
use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};

/// Shortest token.
const TOKEN_CHARS: usize = 16;
/// Where the agent listens if nothing else is set.
const ADDRESS: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 9184);

/// Where the agent listens, and who may ask.
#[derive(Clone, Debug)]
pub struct Listen {
    /// The address.
    pub address: SocketAddr,
    /// Bearer token of the control endpoints; off loopback it guards metrics and pages too.
    pub token: Option<Secret>,
}

impl Listen {
    /// The settings `listen` and `token`. Promise X-1: off loopback there has to be a token.
    pub fn fields(f: &mut Fields<'_>) -> Self {
        let about = "address of REST, metrics and dashboard; off loopback a token is needed";
        let address = f.optional("listen", about, Parsed(address));
        let token = f.optional(
            "token",
            "bearer token of POST /ingest, /predict and /decide, such as ${env:SCALEIQ_TOKEN}",
            Token { min_chars: TOKEN_CHARS },
        );
        if let Some(given) = &address
            && !given.value.ip().is_loopback()
            && f.given("token").is_none()
        {
            let message = format!(
                "`listen` is {}, which others can reach: set `token` (such as \
                 ${{env:SCALEIQ_TOKEN}}), or listen on 127.0.0.1",
                given.value
            );
            f.problem(given.place, message);
        }
        Self {
            address: address.map_or(ADDRESS, |given| given.value),
            token: token.map(|given| given.value),
        }
    }

    /// Takes the address.
    ///
    /// # Errors
    /// If it cannot be taken, with what to do.
    pub fn bind(&self) -> anyhow::Result<TcpListener> {
        let address = self.address;
        let listener = match TcpListener::bind(address) {
            Ok(listener) => listener,
            Err(error) if error.kind() == ErrorKind::AddrInUse => bail!(
                "cannot listen on {address}: the address is in use, perhaps by another agent. Stop it, \
                 or set another one in the configuration, such as `listen: 127.0.0.1:9185`"
            ),
            Err(error) => {
                bail!("cannot listen on {address}: {error}; set `listen` in the configuration")
            }
        };
        listener.set_nonblocking(true)?;
        Ok(listener)
    }
}

fn address(text: &str) -> Result<SocketAddr, String> {
    let hint = "is no IP address with a port, such as 127.0.0.1:9184 or [::1]:9184";
    text.parse().map_err(|_| hint.into())
}
