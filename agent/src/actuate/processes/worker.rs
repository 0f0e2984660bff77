//! The life of one worker: a process group that is started, asked to end, and killed.

use super::orphans::{NUMBER, POOL, kill_of};
use super::plan::Plan;
use crate::platform::group::Group;
use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use tokio::process::{Child, Command};
use tokio::sync::oneshot;
use tokio::time::timeout;

/// A worker that runs.
pub(super) struct Worker {
    child: Child,
    group: Group,
    /// Its place, which its own processes hold, too.
    place: File,
}

impl Worker {
    /// Starts the worker `index` in its `place`. It is killed with this process: see [`become_worker`]. What one
    /// before it has left there, such as one whose keeper was killed, is ended first.
    pub(super) fn start(plan: &Plan, index: u32, place: File) -> io::Result<Self> {
        kill_of(index, &plan.folder);
        let mut command = Command::new(own_program()?);
        command
            .arg0("agent")
            .args(["pool-worker", "--keeper", &std::process::id().to_string(), "--"])
            .args(&plan.words)
            .env(NUMBER, index.to_string())
            .env(POOL, &plan.folder)
            // The lock lasts for as long as any process of the worker has it open.
            .stdin(Stdio::from(place.try_clone()?))
            // Stdout of this process is its line to the agent.
            .stdout(Stdio::from(io::stderr().as_fd().try_clone_to_owned()?));
        let (child, group) = Group::spawn(&mut command)?;
        Ok(Self { child, group, place })
    }

    /// Returns the number of its process group.
    pub(super) fn group(&self) -> Option<u32> {
        self.child.id()
    }

    /// Waits until it ends by itself or, once `drain` is told or dropped, until it has ended: killed if it
    /// goes on after `grace`. Nothing of it is left then.
    pub(super) async fn live(
        mut self,
        drain: oneshot::Receiver<()>,
        grace: Duration,
    ) -> io::Result<ExitStatus> {
        tokio::select! {
            // An error comes back where it is waited for again.
            _ = self.child.wait() => {}
            _ = drain => {
                self.group.terminate();
                if timeout(grace, self.child.wait()).await.is_err() {
                    tracing::warn!("a worker did not end within {} s: killed", grace.as_secs_f32());
                }
            }
        }
        self.group.kill();
        let ended = self.child.wait().await;
        self.group.gone("a worker").await;
        drop(self.place);
        ended
    }
}

/// Becomes the worker of these words, to be killed by the system as soon as `keeper` ends, which is this
/// process' parent. It returns only if that fails.
pub fn become_worker(keeper: u32, words: &[String]) -> io::Error {
    #[cfg(target_os = "linux")]
    if let Err(error) = nix::sys::prctl::set_pdeathsig(nix::sys::signal::Signal::SIGKILL) {
        return error.into();
    }
    // It may have ended before.
    if std::os::unix::process::parent_id() != keeper {
        return io::Error::other("whoever keeps the pool has ended");
    }
    let Some((program, arguments)) = words.split_first() else {
        return io::Error::other("there is no command");
    };
    let error = std::process::Command::new(program).args(arguments).exec();
    io::Error::new(error.kind(), format!("{program}: {error}"))
}

/// Returns this program, also if its file was replaced meanwhile.
pub(super) fn own_program() -> io::Result<PathBuf> {
    match cfg!(target_os = "linux") {
        true => Ok("/proc/self/exe".into()),
        false => std::env::current_exe(),
    }
}
