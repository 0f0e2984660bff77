//! The processes that a hook starts, as one.

use nix::errno::Errno;
use nix::sys::signal::{Signal, killpg};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;
use std::time::Duration;
use tokio::process::Child;
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
    /// The group of a child that was started as its leader.
    pub(crate) fn led_by(child: &Child) -> Self {
        let id = child.id().and_then(|id| i32::try_from(id).ok());
        Self(id.map(Pid::from_raw))
    }

    /// Kills all of its processes that there are. The number of a group is given to no other process
    /// while any of it lives, and comes back only once all other numbers were used.
    pub(crate) fn kill(&self) {
        if let Some(group) = self.0 {
            // Gone is what it is meant to be.
            let _ = killpg(group, Signal::SIGKILL);
        }
    }

    /// Waits until a group that was killed is gone.
    pub(crate) async fn gone(mut self, program: &str) {
        let Some(group) = self.0.take() else { return };
        let begin = Instant::now();
        while is_there(group) {
            if begin.elapsed() > MAX_WAIT {
                tracing::error!("{program}: some of its processes cannot be killed");
                return;
            }
            sleep(LOOK_EVERY).await;
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Whether any process of the group is there. To be asked when no child is waited for elsewhere.
fn is_there(group: Pid) -> bool {
    // A process that has ended counts until its parent takes note, which for orphans is the agent.
    while let Ok(status) = waitpid(None, Some(WaitPidFlag::WNOHANG))
        && status != WaitStatus::StillAlive
    {}
    killpg(group, None) != Err(Errno::ESRCH)
}

/// Makes this process the parent of orphans that its children leave. As the first process of a container
/// it is so anyway; elsewhere there may be none that takes note of their end.
pub(crate) fn adopt_orphans() {
    // Without it another process does so, sooner or later.
    #[cfg(target_os = "linux")]
    let _ = nix::sys::prctl::set_child_subreaper(true);
}
