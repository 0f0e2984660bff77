//! Processes of a pool whose keeper is gone: a worker dies with its keeper, and what it has started does not.

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

/// The variable by which each process of a pool is known: the pool's folder.
pub(super) const POOL: &str = "SCALEIQ_POOL";
/// The variable in which a worker finds its number.
pub(super) const NUMBER: &str = "SCALEIQ_WORKER";
/// Time between two looks at those that were killed.
const LOOK_EVERY: Duration = Duration::from_millis(2);
/// They get this long to be gone.
const MAX_WAIT: Duration = Duration::from_secs(1);

/// Kills the processes of the pool in `folder`, however deep and in whatever group they are: only for who keeps it
/// alone. Where the system lists no processes there are none.
pub(super) fn kill_all(folder: &Path) {
    kill_those_with(&[pool(folder)]);
}

/// Kills what workers with the number `index` have left behind: only for who has taken their place.
pub(super) fn kill_of(index: u32, folder: &Path) {
    kill_those_with(&[pool(folder), format!("{NUMBER}={index}").into_bytes()]);
}

/// The variable that every process of a worker of `folder` has.
fn pool(folder: &Path) -> Vec<u8> {
    [POOL.as_bytes(), b"=", folder.as_os_str().as_bytes()].concat()
}

fn kill_those_with(variables: &[Vec<u8>]) {
    let begin = Instant::now();
    loop {
        let orphans = processes(variables);
        if orphans.is_empty() {
            return;
        }
        if begin.elapsed() > MAX_WAIT {
            tracing::error!("{} processes of workers cannot be killed", orphans.len());
            return;
        }
        for orphan in orphans {
            tracing::warn!(process = orphan.as_raw(), "killed: a worker had left it behind");
            // Gone is what it is meant to be.
            let _ = kill(orphan, Signal::SIGKILL);
        }
        // They may have started others meanwhile.
        thread::sleep(LOOK_EVERY);
    }
}

/// Processes that have all of these variables, as far as this user may know.
fn processes(variables: &[Vec<u8>]) -> Vec<Pid> {
    let has_all = |process: &fs::DirEntry| {
        let environment = fs::read(process.path().join("environ")).unwrap_or_default();
        let has = |wanted: &Vec<u8>| environment.split(|byte| *byte == 0).any(|has| has == wanted);
        variables.iter().all(has)
    };
    let listed = fs::read_dir("/proc").into_iter().flatten().flatten();
    let numbered = listed.filter_map(|entry| {
        let id = entry.file_name().to_str()?.parse().ok()?;
        has_all(&entry).then(|| Pid::from_raw(id))
    });
    numbered.collect()
}
