//! A door: an address at which others call the agent over gRPC, who may, and within which bounds.

mod accept;
mod certificate;
mod serve;

pub use serve::{Opened, open};

use crate::config::{Fields, File, Parsed, Section, Switch};
use anyhow::{Context, bail};
use certificate::Certificate;
use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;

/// Where others call, and who may.
#[derive(Clone, Debug)]
pub struct Door {
    /// The address.
    pub address: SocketAddr,
    tls: Option<Tls>,
}

/// By what the agent is known, and whom it lets in.
#[derive(Clone, Debug)]
struct Tls {
    cert: PathBuf,
    key: PathBuf,
    client_ca: Option<PathBuf>,
}

impl Door {
    /// The fields of doors that have all but the address in common: of each the name of that field, what it
    /// is, and where it is by default. Promise X-1: off loopback whoever calls has to show a certificate.
    pub fn fields<const N: usize>(
        f: &mut Fields<'_>,
        addresses: [(&'static str, &'static str, SocketAddr); N],
    ) -> [Self; N] {
        let given = addresses
            .map(|(name, about, default)| (name, f.optional(name, about, Parsed(parse)), default));
        let about = "TLS: by what the agent is known, and whom it lets in";
        let tls = f.optional("tls", about, Section(Tls::fields)).map(|given| given.value);
        let about = "`true`: off loopback anybody is let in, without a certificate";
        let is_insecure = f.or("insecure", about, Switch, false);
        let asks_clients = tls.as_ref().is_some_and(|tls| tls.client_ca.is_some());
        let is_guarded = is_insecure || asks_clients || f.failed("tls");
        given.map(|(name, given, default)| {
            if let Some(given) = given.as_ref().filter(|given| !given.value.ip().is_loopback())
                && !is_guarded
            {
                let message = format!(
                    "`{}` is {}, which others can reach: set `tls` with `client_ca_file`, so that only \
                     whom that signed is let in, or listen on 127.0.0.1; `insecure: true` lets anybody in",
                    f.name(name),
                    given.value
                );
                f.problem(given.place, message);
            }
            Self { address: given.map_or(default, |given| given.value), tls: tls.clone() }
        })
    }

    /// Returns whether the files of its certificates can be used.
    ///
    /// # Errors
    /// Which cannot, and why.
    pub fn check(&self) -> io::Result<()> {
        self.certificate().map(|_| ())
    }

    /// Returns where it is and who may come, for people.
    #[must_use]
    pub fn describe(&self) -> String {
        let who = match &self.tls {
            None => "without TLS",
            Some(Tls { client_ca: None, .. }) => "TLS, for anybody",
            Some(Tls { client_ca: Some(_), .. }) => "TLS, for those with a certificate",
        };
        format!("{}, {who}", self.address)
    }

    /// Takes the address.
    ///
    /// # Errors
    /// If it cannot be taken, with what to do; `field` names what is to be changed.
    pub fn bind(&self, field: &str) -> anyhow::Result<TcpListener> {
        let address = self.address;
        let listener = match TcpListener::bind(address) {
            Ok(listener) => listener,
            Err(error) if error.kind() == ErrorKind::AddrInUse => bail!(
                "cannot listen on {address}: the address is in use. Stop who uses it, or set another \
                 one as `{field}` in the configuration"
            ),
            Err(error) => bail!("cannot listen on {address}: {error}; set `{field}`"),
        };
        listener.set_nonblocking(true).context("cannot prepare the socket")?;
        Ok(listener)
    }

    fn certificate(&self) -> io::Result<Option<Arc<Certificate>>> {
        let Some(Tls { cert, key, client_ca }) = &self.tls else { return Ok(None) };
        let certificate = Certificate::read(cert.clone(), key.clone(), client_ca.clone())?;
        Ok(Some(Arc::new(certificate)))
    }
}

impl Tls {
    fn fields(f: &mut Fields<'_>) -> Option<Self> {
        let about =
            "certificate by which the agent is known, with those between it and its CA (PEM)";
        let cert = f.required("cert_file", about, File);
        let key = f.required("key_file", "key of `cert_file` (PEM)", File);
        let about =
            "who has to have signed the certificate of whoever calls (PEM); else anybody may";
        let client_ca = f.optional("client_ca_file", about, File);
        Some(Self {
            cert: cert?.value,
            key: key?.value,
            client_ca: client_ca.map(|given| given.value),
        })
    }
}

fn parse(text: &str) -> Result<SocketAddr, String> {
    let hint = "is no IP address with a port, such as 127.0.0.1:6000 or [::1]:6000";
    text.parse().map_err(|_| hint.into())
}
