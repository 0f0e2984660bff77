//! A command of the user's, run for each change.

use super::order::{Order, word};
use crate::config::Secret;
use crate::platform::group::{Group, adopt_orphans};
use crate::platform::stop::Stop;
use std::env;
use std::ffi::{OsStr, OsString};
use std::io::{self, ErrorKind};
use std::process::Stdio;
use std::time::Duration;
use tokio::process::{Child, Command};
use tokio::time::sleep;

/// A hook gets this long to end after the agent was asked to.
const GRACE: Duration = Duration::from_secs(3);
/// Variables that begin so are the agent's own, and passed on only if they are meant for hooks.
const OWN_PREFIX: &[u8] = b"SCALEIQ_";

/// A program with its arguments, run without a shell.
#[derive(Clone, Debug)]
pub struct Hook {
    words: Vec<String>,
    limit: Duration,
    /// Variables of the agent's environment that are not passed on.
    withheld: Vec<OsString>,
}

impl Hook {
    /// Runs `words` for no longer than `limit` each time, and never tells it `secret`. From now on this
    /// process is the parent of what hooks leave behind, and may have no other children than hooks.
    #[must_use]
    pub fn new(words: Vec<String>, limit: Duration, secret: Option<&Secret>) -> Self {
        adopt_orphans();
        let is_withheld = |name: &OsStr, value: &OsStr| {
            name.as_encoded_bytes().starts_with(OWN_PREFIX)
                || secret.is_some_and(|secret| secret.is_in(name, value))
        };
        let variables = env::vars_os().filter(|(name, value)| is_withheld(name, value));
        let withheld = variables.map(|(name, _)| name).collect();
        Self { words, limit, withheld }
    }

    /// Runs the command once, for `order`, which it is told in its environment and in the
    /// placeholders of its arguments. Its stderr is the agent's; its stdout is dropped.
    ///
    /// When this returns, whatever the reason, the command's whole process group has ended: nothing of
    /// it changes the number of jobs behind the back of a later order.
    ///
    /// # Errors
    /// If it cannot be started, ends with another code than 0, or had to be killed: after its time
    /// limit, or `GRACE` after the agent was asked to end.
    pub async fn run(&self, order: &Order, stop: &Stop) -> io::Result<()> {
        let program = self.words.first().map_or("", String::as_str);
        let mut child = self
            .command(order)?
            .spawn()
            .map_err(|error| io::Error::new(error.kind(), format!("{program}: {error}")))?;
        let group = Group::led_by(&child);
        let done = self.wait(&mut child, stop).await;
        group.kill();
        // Whoever leads a group that was killed cannot go on for long.
        let ended = child.wait().await;
        group.gone(program).await;
        match done {
            Ok(()) => match ended? {
                status if status.success() => Ok(()),
                status => Err(io::Error::other(format!("{program}: {status}"))),
            },
            Err(why) => {
                Err(io::Error::new(ErrorKind::TimedOut, format!("{program}: killed {why}")))
            }
        }
    }

    fn command(&self, order: &Order) -> io::Result<Command> {
        let Some((program, arguments)) = self.words.split_first() else {
            return Err(io::Error::other("there is no command"));
        };
        let mut command = Command::new(program);
        command
            .args(arguments.iter().map(|argument| order.fill_in(argument)))
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        #[cfg(unix)]
        command.process_group(0);
        for name in &self.withheld {
            command.env_remove(name);
        }
        command
            .env("SCALEIQ_JOBS", order.decision.jobs.to_string())
            .env("SCALEIQ_HAVE", order.decision.have.to_string())
            .env("SCALEIQ_REASON", word(&order.decision.reason))
            .env("SCALEIQ_TERM", order.term.to_string())
            .env("SCALEIQ_ID", order.id.to_string());
        Ok(command)
    }

    /// Waits until the child ends; an error says why it must.
    async fn wait(&self, child: &mut Child, stop: &Stop) -> Result<(), String> {
        tokio::select! {
            // An error comes back where the child is waited for again.
            _ = child.wait() => Ok(()),
            () = sleep(self.limit) => Err(format!("after {} s", self.limit.as_secs_f32())),
            () = stop.after(GRACE) => Err("since the agent is stopping".into()),
        }
    }
}
