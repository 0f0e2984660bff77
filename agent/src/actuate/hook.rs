//! A command of the user's, run for each change.

use super::actuator::{Actuator, ActuatorSettings, ActuatorVariant, Applying, Outcome, Tools};
use super::order::{Order, word};
use crate::config::{List, Number, Secret, Text};
use crate::platform::group::{Group, adopt_orphans};
use crate::platform::stop::Stop;
use std::env;
use std::ffi::{OsStr, OsString};
use std::io::{self, ErrorKind};
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;
use tokio::process::{Child, Command};
use tokio::time::sleep;

/// A hook gets this long to end after the agent was asked to.
const GRACE: Duration = Duration::from_secs(3);
/// Variables that begin so are the agent's own, and passed on only if they are meant for hooks.
const OWN_PREFIX: &[u8] = b"SCALEIQ_";

/// `actuator: {type: exec}`.
pub const EXEC: ActuatorVariant = ActuatorVariant {
    word: "exec",
    about: "a command is run for each change, one at a time and without a shell",
    example: "{type: exec, command: [kubectl, scale, deployment/worker, \"--replicas={jobs}\"]}",
    fields: |f| {
        let about = "a list of the program and its arguments, such as [./scale.sh, \"{jobs}\"]";
        let command = f.required("command", about, List { of: Text, max: usize::MAX });
        let timeout_s = f.or("timeout_s", "seconds that it may run", Number(0.1..=600.0), 30.0);
        let command = command?;
        if command.value.is_empty() {
            f.problem(command.place, format!("`{}` is empty: {about}", f.name("command")));
        }
        let words = command.value.into_iter().map(|word| word.value).collect();
        Some(Arc::new(Exec { words, limit: Duration::from_secs_f32(timeout_s) }))
    },
};

/// A command, as it is configured.
#[derive(Clone, Debug)]
struct Exec {
    /// Program and arguments; at least one word.
    words: Vec<String>,
    limit: Duration,
}

impl Exec {
    fn program(&self) -> &str {
        self.words.first().map_or("", String::as_str)
    }
}

impl ActuatorSettings for Exec {
    fn describe(&self) -> String {
        format!("{:?}, up to {} s", self.program(), self.limit.as_secs_f32())
    }

    fn check(&self) -> Result<(), String> {
        match is_there(self.program()) {
            true => Ok(()),
            false => Err(format!("`actuator.command`: there is no program {:?}", self.program())),
        }
    }

    fn build(&self, tools: Tools<'_>) -> io::Result<Box<dyn Actuator>> {
        Ok(Box::new(Hook::new(self.clone(), tools.secret, tools.stop)))
    }
}

/// Whether a program can be found as the system would.
fn is_there(program: &str) -> bool {
    if program.contains('/') {
        return Path::new(program).is_file();
    }
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

/// A program with its arguments, run without a shell.
#[derive(Clone, Debug)]
struct Hook {
    exec: Exec,
    stop: Stop,
    /// Variables of the agent's environment that are not passed on.
    withheld: Vec<OsString>,
}

impl Hook {
    /// Runs `exec` and never tells it `secret`. From now on this process is the parent of what hooks
    /// leave behind, and may have no other children than hooks.
    fn new(exec: Exec, secret: Option<&Secret>, stop: Stop) -> Self {
        adopt_orphans();
        let is_withheld = |name: &OsStr, value: &OsStr| {
            name.as_encoded_bytes().starts_with(OWN_PREFIX)
                || secret.is_some_and(|secret| secret.is_in(name, value))
        };
        let variables = env::vars_os().filter(|(name, value)| is_withheld(name, value));
        let withheld = variables.map(|(name, _)| name).collect();
        Self { exec, stop, withheld }
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
    async fn run(&self, order: &Order) -> io::Result<()> {
        let program = self.exec.program();
        let mut child = self
            .command(order)?
            .spawn()
            .map_err(|error| io::Error::new(error.kind(), format!("{program}: {error}")))?;
        let group = Group::led_by(&child);
        let done = self.wait(&mut child).await;
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
        let Some((program, arguments)) = self.exec.words.split_first() else {
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
            .env("SCALEIQ_CURRENT_JOBS", order.decision.current_jobs.to_string())
            .env("SCALEIQ_REASON", word(&order.decision.reason))
            .env("SCALEIQ_TERM", order.term.to_string())
            .env("SCALEIQ_ID", order.id.to_string());
        Ok(command)
    }

    /// Waits until the child ends; an error says why it must.
    async fn wait(&self, child: &mut Child) -> Result<(), String> {
        tokio::select! {
            // An error comes back where the child is waited for again.
            _ = child.wait() => Ok(()),
            () = sleep(self.exec.limit) => {
                Err(format!("after {} s", self.exec.limit.as_secs_f32()))
            },
            () = self.stop.after(GRACE) => Err("since the agent is stopping".into()),
        }
    }
}

impl Actuator for Hook {
    fn apply<'a>(&'a mut self, order: &'a Order) -> Applying<'a> {
        Box::pin(async move { self.run(order).await.map(|()| Outcome::Done) })
    }
}
