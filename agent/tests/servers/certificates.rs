//! Certificates of an authority of a test's own, made by openssl.

use super::require;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// `ca.pem`, `server.pem` for the name `server.test`, `client.pem` for `client`, and `*.key`.
pub(crate) struct Certificates(TempDir);

impl Certificates {
    /// Makes them; `None` if openssl is not installed, which is said.
    pub(crate) fn make() -> Option<Self> {
        let openssl = require("openssl", "openssl")?;
        let made = Self(tempfile::tempdir().unwrap());
        let run = |arguments: &str| {
            let words = arguments.split(' ');
            let output =
                Command::new(&openssl).args(words).current_dir(made.0.path()).output().unwrap();
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{arguments}: {said}");
        };
        let new = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2";
        run(&format!("{new} -subj /CN=authority -keyout ca.key -out ca.pem"));
        for (name, subject) in [("server", "server.test"), ("client", "client")] {
            run(&format!(
                "{new} -subj /CN={subject} -addext subjectAltName=DNS:{subject} -addext \
                 basicConstraints=critical,CA:FALSE -CA ca.pem -CAkey ca.key -keyout {name}.key \
                 -out {name}.pem"
            ));
        }
        Some(made)
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
