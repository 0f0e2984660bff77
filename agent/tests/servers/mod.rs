//! Real servers for tests, an agent beside them, and a source whose samples are collected.
//!
//! A test brings it in by `#[path = "servers/mod.rs"] mod servers;`.
// Each test is a program of its own, and none of them uses all of this.
#![allow(dead_code, unused_imports)]

#[path = "../certificates/mod.rs"]
pub(crate) mod authority;
mod blind;
mod certificates;
#[path = "../run/http.rs"]
pub(crate) mod http;
mod server;
mod stand_in;
mod watched;

pub(crate) use blind::{Act, holds_while_blind};
pub(crate) use certificates::Certificates;
pub(crate) use server::{Place, Server};
pub(crate) use stand_in::{Asked, StandIn};
pub(crate) use watched::{Watched, events};

use std::io::Write;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};

/// Folders of programs that are not in everybody's `PATH`.
const BESIDE_PATH: [&str; 3] = ["/usr/local/sbin", "/usr/sbin", "/sbin"];
/// Debian keeps PostgreSQL's programs here, in a folder for each version.
const POSTGRESQL: &str = "/usr/lib/postgresql";

/// A check that needs something of the machine: in CI it must run, elsewhere its absence is said, past the
/// test harness, which keeps to itself what a test prints that passes.
pub(crate) fn cannot_run(what: &str) {
    let required = std::env::var_os("SCALEIQ_REQUIRE_ALL").is_some();
    assert!(!required, "{what} (SCALEIQ_REQUIRE_ALL is set)");
    let _ = writeln!(std::io::stderr(), "\n*** NOT RUN: {what} ***\n");
}

/// Where `program` of Debian's `package` is; `None` if it is not installed, which is said.
pub(crate) fn require(program: &str, package: &str) -> Option<PathBuf> {
    let found = find(program);
    if found.is_none() {
        cannot_run(&format!("{program} is not installed (apt-get install {package})"));
    }
    found
}

fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let versions = Path::new(POSTGRESQL).read_dir().into_iter().flatten().flatten();
    std::env::split_paths(&path)
        .chain(BESIDE_PATH.map(PathBuf::from))
        .chain(versions.map(|version| version.path().join("bin")))
        .map(|folder| folder.join(program))
        .find(|path| path.is_file())
}

/// A port that nobody listened on a moment ago.
pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.local_addr().unwrap().port()
}
