//! A process that was started with all that it starts, as one.

use super::children;
use nix::errno::Errno;
use nix::sys::signal::{Signal, killpg};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;
use std::io;
use std::time::Duration;
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep};

/// Time between two looks at a group that was killed.
const LOOK_EVERY: Duration = Duration::from_millis(2);
/// A group that was killed gets this long to be gone.
const MAX_WAIT: Duration = Duration::from_secs(1);

/// A child and its descendants, but for those that left its process group. Killed when dropped, such
/// as with the runtime.
#[derive(Debug)]
pub(crate) struct Group(Option<Pid>);

impl Group {
    /// Starts `command` as the leader of a group of its own. Its end is for [`Child::wait`] to see, and
    /// for nobody else in this process.
    ///
    /// # Errors
    /// If it cannot be started.
    pub(crate) fn spawn(command: &mut Command) -> io::Result<(Child, Self)> {
        let child = children::spawn(command.process_group(0))?;
        let id = child.id().and_then(|id| i32::try_from(id).ok());
        Ok((child, Self(id.map(Pid::from_raw))))
    }

    /// The group with this number, whose leader another process has started.
    pub(crate) fn left_by_another(id: u32) -> Self {
        Self(i32::try_from(id).ok().filter(|id| *id > 1).map(Pid::from_raw))
    }

    /// Asks all of its processes to end.
    pub(crate) fn terminate(&self) {
        self.signal(Signal::SIGTERM);
    }

    /// Kills all of its processes that there are.
    pub(crate) fn kill(&self) {
        self.signal(Signal::SIGKILL);
    }

    /// The number of a group is given to no other process while any of it lives, and comes back only once
    /// all other numbers were used.
    fn signal(&self, signal: Signal) {
        if let Some(group) = self.0 {
            // Gone is what it is meant to be.
            let _ = killpg(group, signal);
        }
    }

    /// Waits until a group that was killed is gone.
    pub(crate) async fn gone(self, program: &str) {
        let Some(group) = self.0 else { return };
        let begin = Instant::now();
        while is_there(group) {
            if begin.elapsed() > MAX_WAIT {
                tracing::error!("{program}: some of its processes cannot be killed");
                return;
            }
            sleep(LOOK_EVERY).await;
        }
        children::reap_strays();
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.kill();
        if let Some(leader) = self.0 {
            children::forget(leader);
        }
    }
}

/// Whether any process of the group is there. To be asked when its leader is waited for nowhere else.
fn is_there(group: Pid) -> bool {
    // A process that has ended counts until its parent takes note, which for orphans is this process. The
    // negative number means this group alone: other children are waited for by others.
    let of_the_group = Pid::from_raw(-group.as_raw());
    while let Ok(status) = waitpid(of_the_group, Some(WaitPidFlag::WNOHANG))
        && status != WaitStatus::StillAlive
    {}
    killpg(group, None) != Err(Errno::ESRCH)
}
