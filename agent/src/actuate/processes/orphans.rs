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
/// Time between two looks at those that were killed.
const LOOK_EVERY: Duration = Duration::from_millis(2);
/// They get this long to be gone.
const MAX_WAIT: Duration = Duration::from_secs(1);

/// Kills the processes of the pool in `folder`, however deep and in whatever group they are. Only for who keeps it
/// alone. Where the system lists no processes there are none.
pub(super) fn kill_all(folder: &Path) {
    let begin = Instant::now();
    loop {
        let orphans = processes(folder);
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

/// Processes that have [`POOL`] from a worker of `folder`, as far as this user may know.
fn processes(folder: &Path) -> Vec<Pid> {
    let mine = [POOL.as_bytes(), b"=", folder.as_os_str().as_bytes()].concat();
    let is_mine = |process: &fs::DirEntry| {
        let variables = fs::read(process.path().join("environ")).unwrap_or_default();
        variables.split(|byte| *byte == 0).any(|variable| variable == mine)
    };
    let listed = fs::read_dir("/proc").into_iter().flatten().flatten();
    let numbered = listed.filter_map(|entry| {
        let id = entry.file_name().to_str()?.parse().ok()?;
        is_mine(&entry).then(|| Pid::from_raw(id))
    });
    numbered.collect()
}
