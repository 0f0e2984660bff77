//! What a test needs of the machine, and whether it is there. Tests of other crates bring this in by its path.

use std::io::Write;
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
