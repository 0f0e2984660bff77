//! Files of certificates, for servers that want files.

use super::authority::Authority;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// `ca.pem`, `server.pem` for the name `server.test`, `client.pem` for `client`, and their `*.key`.
pub(crate) struct Certificates(TempDir);

impl Certificates {
    /// Makes them, signed by an authority of their own.
    pub(crate) fn make() -> Self {
        let made = Self(tempfile::tempdir().unwrap());
        let authority = Authority::new();
        fs::write(made.file("ca.pem"), &authority.pem).unwrap();
        for (name, host) in [("server", "server.test"), ("client", "client")] {
            let identity = authority.issue(host);
            fs::write(made.file(&format!("{name}.pem")), &identity.cert).unwrap();
            let key = made.file(&format!("{name}.key"));
            fs::write(&key, &identity.key).unwrap();
            // PostgreSQL takes no key that others can read.
            fs::set_permissions(key, Permissions::from_mode(0o600)).unwrap();
        }
        made
    }

    /// The path of one of the files.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// The folder of all.
    pub(crate) fn folder(&self) -> &Path {
        self.0.path()
    }
}
