//! The certificates of a door. Files that are written anew are read again for the next connection: what
//! issues certificates changes them every few weeks, and nobody restarts for that.

use crate::platform::tls::{certificates, in_file};
use rustls::crypto::ring;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;
use rustls::server::{NoClientAuth, WebPkiClientVerifier};
use rustls::{RootCertStore, ServerConfig};
use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

/// What is spoken inside of TLS, best first.
const PROTOCOLS: [&[u8]; 2] = [b"h2", b"http/1.1"];

/// By what the agent is known, and whom it lets in.
#[derive(Debug)]
pub(super) struct Certificate {
    files: Files,
    read: Mutex<Read>,
}

#[derive(Debug)]
struct Files {
    cert: PathBuf,
    key: PathBuf,
    /// `None` where anybody is let in.
    client_ca: Option<PathBuf>,
}

#[derive(Debug)]
struct Read {
    /// When the files were written.
    written: Vec<SystemTime>,
    config: Arc<ServerConfig>,
}

impl Certificate {
    /// Reads the files.
    ///
    /// # Errors
    /// If one cannot be read or is not what it should be; naming it.
    pub(super) fn read(
        cert: PathBuf,
        key: PathBuf,
        client_ca: Option<PathBuf>,
    ) -> io::Result<Self> {
        let files = Files { cert, key, client_ca };
        let read = Read { written: files.written(), config: Arc::new(files.read()?) };
        Ok(Self { files, read: Mutex::new(read) })
    }

    /// Returns what rustls needs for a connection. While files that were written anew cannot be used, as
    /// between the writing of two of them, those before count.
    pub(super) fn config(&self) -> Arc<ServerConfig> {
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        let written = self.files.written();
        if written != read.written {
            match self.files.read() {
                Ok(config) => {
                    tracing::info!("{} was read again", self.files.cert.display());
                    *read = Read { written, config: Arc::new(config) };
                }
                Err(error) => tracing::warn!("the certificate before is kept: {error}"),
            }
        }
        read.config.clone()
    }
}

impl Files {
    fn written(&self) -> Vec<SystemTime> {
        let files = [Some(&self.cert), Some(&self.key), self.client_ca.as_ref()];
        let written = |file: &PathBuf| fs::metadata(file).and_then(|about| about.modified());
        files.into_iter().flatten().filter_map(|file| written(file).ok()).collect()
    }

    fn read(&self) -> io::Result<ServerConfig> {
        let provider = Arc::new(ring::default_provider());
        let clients = match &self.client_ca {
            None => Arc::new(NoClientAuth),
            Some(path) => {
                let mut roots = RootCertStore::empty();
                for certificate in certificates(path)? {
                    roots.add(certificate).map_err(|why| in_file(path, &why))?;
                }
                let clients =
                    WebPkiClientVerifier::builder_with_provider(roots.into(), provider.clone());
                clients.build().map_err(|why| in_file(path, &why))?
            }
        };
        let key =
            PrivateKeyDer::from_pem_file(&self.key).map_err(|why| in_file(&self.key, &why))?;
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?
            .with_client_cert_verifier(clients)
            .with_single_cert(certificates(&self.cert)?, key)
            .map_err(|why| in_file(&self.cert, &why))?;
        config.alpn_protocols = PROTOCOLS.map(Vec::from).into();
        Ok(config)
    }
}
