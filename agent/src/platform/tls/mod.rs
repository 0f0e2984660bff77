//! How a server is reached over TLS: who may have signed its certificate, and by which the agent is known.
//! Every source and actuator that knows TLS has these fields.

mod verifier;

use crate::config::{Choice, Fields, File, Parsed};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::Verifier;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use verifier::{Anybody, Named};

/// Whether certificates are checked, by its words.
const VERIFY: Choice<bool> = Choice(&[("full", true), ("none", false)]);

/// Whom to trust and as whom to come. Files are read for each new client, not before.
#[derive(Clone, Debug, Default)]
pub struct TlsSettings {
    /// Who may have signed the server's certificate; `None`: whom the system trusts.
    ca: Option<PathBuf>,
    /// Certificate and key of the agent.
    identity: Option<(PathBuf, PathBuf)>,
    /// The name on the server's certificate, where it is not its address.
    server_name: Option<ServerName<'static>>,
    /// Whoever answers is taken for the server.
    trusts_anybody: bool,
}

impl TlsSettings {
    /// Its fields, in the section of the system that is reached.
    pub fn fields(f: &mut Fields<'_>) -> Option<Self> {
        let about =
            "who may have signed the server's certificate (PEM); else whom the system trusts";
        let ca = f.optional("ca_file", about, File);
        let cert = f.optional("cert_file", "certificate by which the agent is known (PEM)", File);
        let key = f.optional("key_file", "key of `cert_file` (PEM)", File);
        let about = "name on the server's certificate, where it is not its address";
        let server_name = f.optional("server_name", about, Parsed(server_name));
        let about = "`none`: whoever answers is taken for the server, which is for trials only";
        let is_verified = f.or("verify", about, VERIFY, true);
        for (given, other) in [("cert_file", "key_file"), ("key_file", "cert_file")] {
            if let (Some(place), None) = (f.given(given), f.given(other)) {
                f.problem(place, format!("`{}` needs `{other}` beside it", f.name(given)));
            }
        }
        for name in ["ca_file", "server_name"] {
            if let (Some(place), false) = (f.given(name), is_verified) {
                let message = format!("`{}` is of no use with `verify: none`", f.name(name));
                f.problem(place, message);
            }
        }
        Some(Self {
            ca: ca.map(|given| given.value),
            identity: cert.zip(key).map(|(cert, key)| (cert.value, key.value)),
            server_name: server_name.map(|given| given.value),
            trusts_anybody: !is_verified,
        })
    }

    /// Says that the fields are of no use without what `needed` is, such as `https://`.
    pub fn refuse_without(f: &Fields<'_>, needed: &str) {
        for name in Self::NAMES {
            if let Some(place) = f.given(name) {
                f.problem(place, format!("`{}` is of no use without {needed}", f.name(name)));
            }
        }
    }

    /// Names of the fields, for those who must not have them.
    pub const NAMES: [&'static str; 5] =
        ["ca_file", "cert_file", "key_file", "server_name", "verify"];

    /// Returns what rustls needs for a client.
    ///
    /// # Errors
    /// If a file cannot be read or is not what it should be; naming it.
    pub fn client(&self) -> io::Result<ClientConfig> {
        let provider = Arc::new(ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?
            .dangerous()
            .with_custom_certificate_verifier(self.verifier(provider)?);
        let Some((cert, key)) = &self.identity else {
            return Ok(builder.with_no_client_auth());
        };
        let private = PrivateKeyDer::from_pem_file(key).map_err(|why| in_file(key, &why))?;
        let config = builder.with_client_auth_cert(certificates(cert)?, private);
        config.map_err(|why| in_file(cert, &why))
    }

    /// Returns what trusts nobody, for a client that needs no TLS.
    ///
    /// # Errors
    /// If the library is built without a version of TLS.
    pub fn nobody() -> io::Result<ClientConfig> {
        let provider = Arc::new(ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?;
        Ok(builder.with_root_certificates(RootCertStore::empty()).with_no_client_auth())
    }

    fn verifier(&self, provider: Arc<CryptoProvider>) -> io::Result<Arc<dyn ServerCertVerifier>> {
        if self.trusts_anybody {
            return Ok(Arc::new(Anybody(provider)));
        }
        let inner: Arc<dyn ServerCertVerifier> = match &self.ca {
            None => Arc::new(Verifier::new(provider).map_err(|why| {
                io::Error::other(format!("{why}; `ca_file` may name the server's"))
            })?),
            Some(path) => {
                let mut roots = RootCertStore::empty();
                for certificate in certificates(path)? {
                    roots.add(certificate).map_err(|why| in_file(path, &why))?;
                }
                let built =
                    WebPkiServerVerifier::builder_with_provider(roots.into(), provider).build();
                built.map_err(|why| in_file(path, &why))?
            }
        };
        Ok(match &self.server_name {
            Some(name) => Arc::new(Named { inner, name: name.clone() }),
            None => inner,
        })
    }
}

/// How rustls begins to tell of an alert, with which the other one refuses a connection.
const ALERT: &str = "received fatal alert: ";

/// Whether certificates are why there is no connection.
#[must_use]
pub fn is_of_tls(error: &(dyn std::error::Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        // Where an alert comes while a request is sent, HTTP/2 keeps nothing of the error but its words.
        if error.is::<rustls::Error>() || error.to_string().starts_with(ALERT) {
            return true;
        }
        // One of the system's holds another one, of which it tells no more than the source.
        next = match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    false
}

fn server_name(text: &str) -> Result<ServerName<'static>, String> {
    let name = ServerName::try_from(text.to_owned());
    name.map_err(|_| "is neither a host name nor an address".into())
}

/// The certificates in a file; at least one.
pub(super) fn certificates(path: &Path) -> io::Result<Vec<CertificateDer<'static>>> {
    let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect);
    let read: Vec<_> = read.map_err(|why| in_file(path, &why))?;
    match read.is_empty() {
        true => Err(in_file(path, &"there is no certificate in it")),
        false => Ok(read),
    }
}

/// An error that names the file.
pub(super) fn in_file(path: &Path, why: &impl std::fmt::Display) -> io::Error {
    io::Error::other(format!("{}: {why}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustls::AlertDescription;

    #[test]
    fn an_alert_is_known_by_itself_and_by_its_words() {
        let alert = rustls::Error::AlertReceived(AlertDescription::DecryptError);
        let words = io::Error::new(io::ErrorKind::InvalidData, alert.to_string());
        assert!(is_of_tls(&words), "{words}");
        assert!(is_of_tls(&io::Error::new(io::ErrorKind::InvalidData, alert)));
        assert!(!is_of_tls(&io::Error::new(io::ErrorKind::InvalidData, "no such frame")));
    }
}
