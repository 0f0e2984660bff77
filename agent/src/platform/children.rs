//! The children of this process: those that are waited for, and orphans that came to it.
//!
//! Whoever starts a process here waits for its end, so nobody else may take note of that first. Orphans are
//! nobody's, and stay as zombies unless somebody does.

use nix::sys::wait::{WaitPidFlag, waitpid};
use nix::unistd::Pid;
use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::process::{Child, Command};

/// Children that somebody waits for.
static WAITED_FOR: Mutex<BTreeSet<Pid>> = Mutex::new(BTreeSet::new());

/// Starts a child that is waited for until it is forgotten.
pub(super) fn spawn(command: &mut Command) -> io::Result<Child> {
    // Held meanwhile: one that ends at once is no stray.
    let mut waited_for = waited_for();
    let child = command.spawn()?;
    waited_for.extend(child.id().and_then(|id| i32::try_from(id).ok()).map(Pid::from_raw));
    Ok(child)
}

/// Nobody waits for it any more.
pub(super) fn forget(child: Pid) {
    waited_for().remove(&child);
}

/// Makes this process the parent of orphans that its children leave. As the first process of a container
/// it is so anyway; elsewhere there may be none that takes note of their end.
pub(crate) fn adopt_orphans() {
    // Without it another process does so, sooner or later.
    #[cfg(target_os = "linux")]
    let _ = nix::sys::prctl::set_child_subreaper(true);
}

/// Takes note of the end of orphans that left the groups that they were started in.
pub(super) fn reap_strays() {
    let waited_for = waited_for();
    for stray in children().into_iter().filter(|child| !waited_for.contains(child)) {
        // One that runs on is asked for again another time.
        let _ = waitpid(stray, Some(WaitPidFlag::WNOHANG));
    }
}

/// Returns what the system lists of them: nothing where it lists none.
fn children() -> Vec<Pid> {
    let threads = fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let lists =
        threads.filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok());
    let ids = lists.flat_map(|list| {
        list.split_whitespace().filter_map(|id| id.parse().ok()).collect::<Vec<i32>>()
    });
    ids.map(Pid::from_raw).collect()
}

fn waited_for() -> MutexGuard<'static, BTreeSet<Pid>> {
    WAITED_FOR.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::super::group::Group;
    use super::*;
    use std::time::Duration;

    /// One thread of tokio waits for children here, while another reaps all that it may.
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn nobody_takes_the_end_of_a_child_from_whoever_waits_for_it() {
        adopt_orphans();
        let reaping = tokio::spawn(async {
            loop {
                reap_strays();
                tokio::time::sleep(Duration::from_micros(200)).await;
            }
        });
        for _ in 0..100 {
            let (mut child, group) =
                Group::spawn(Command::new("sh").args(["-c", "(exit 0) & exit 7"])).unwrap();
            assert_eq!(child.wait().await.unwrap().code(), Some(7));
            group.gone("sh").await;
        }
        reaping.abort();
        let (mut child, group) =
            Group::spawn(Command::new("setsid").args(["sh", "-c", "setsid sleep 0.05 & exit 0"]))
                .unwrap();
        child.wait().await.unwrap();
        group.gone("sh").await;
        while !children().is_empty() {
            reap_strays();
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}
