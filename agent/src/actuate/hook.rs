//! A command of the user's, run for each change.

use super::actuator::{Actuator, ActuatorSettings, ActuatorVariant, Applying, Outcome, Tools};
use super::order::{Order, word};
use super::program;
use crate::config::{Number, Secret};
use crate::platform::group::Group;
use crate::platform::stop::Stop;
use std::ffi::OsString;
use std::io::{self, ErrorKind};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;
use tokio::process::{Child, Command};
use tokio::time::sleep;

/// A hook gets this long to end after the agent was asked to.
const GRACE: Duration = Duration::from_secs(3);

/// `actuator: {type: exec}`.
pub const EXEC: ActuatorVariant = ActuatorVariant {
    word: "exec",
    about: "a command is run for each change, one at a time and without a shell",
    example: "{type: exec, command: [kubectl, scale, deployment/worker, \"--replicas={jobs}\"]}",
    fields: |f| {
        let about = "a list of the program and its arguments, such as [./scale.sh, \"{jobs}\"]";
        let words = program::field(f, about);
        if let (Some(name), Some(place)) = (words.as_deref().and_then(stranger), f.given("command"))
        {
            let known = "known are {jobs}, {id} and {term}";
            f.problem(
                place,
                format!("`{}` has {name}, for which nothing stands: {known}", f.name("command")),
            );
        }
        let timeout_s = f.or("timeout_s", "seconds that it may run", Number(0.1..=600.0), 30.0);
        Some(Arc::new(Exec { words: words?, limit: Duration::from_secs_f32(timeout_s) }))
    },
};

/// What looks like a place for a value in one of `words`, and is none.
fn stranger(words: &[String]) -> Option<String> {
    let places = words.iter().flat_map(|word| word.split('{').skip(1));
    let names = places.filter_map(|place| place.split_once('}')).map(|(name, _)| name);
    let is_name =
        |name: &&str| !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase() || c == '_');
    let is_known = |name: &&str| ["jobs", "id", "term"].contains(name);
    names.filter(is_name).find(|name| !is_known(name)).map(|name| format!("{{{name}}}"))
}

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
        program::check(self.program())
    }

    fn build(&self, tools: Tools<'_>) -> io::Result<Box<dyn Actuator>> {
        Ok(Box::new(Hook::new(self.clone(), tools.secret, tools.stop)))
    }
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
    /// leave behind.
    fn new(exec: Exec, secret: Option<&Secret>, stop: Stop) -> Self {
        #[cfg(unix)]
        crate::platform::children::adopt_orphans();
        Self { exec, stop, withheld: program::withheld(secret) }
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
        let (mut child, group) = Group::spawn(&mut self.command(order)?)
            .map_err(|error| io::Error::new(error.kind(), format!("{program}: {error}")))?;
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
