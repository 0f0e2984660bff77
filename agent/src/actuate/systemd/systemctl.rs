//! Runs `systemctl`.

use crate::platform::group::Group;
use std::ffi::OsString;
use std::io::{self, ErrorKind};
use std::process::Stdio;
use std::time::Duration;
use tokio::process::Command;
use tokio::time::timeout;

/// It asks and returns, and waits for no unit.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Of what it complains about, so much is told.
const MAX_TOLD: usize = 500;

/// How `systemctl` is run.
#[derive(Clone, Debug)]
pub(super) struct Systemctl {
    /// Program and first arguments; at least one word.
    pub(super) words: Vec<String>,
    /// Variables of the agent's environment that it does not see.
    pub(super) withheld: Vec<OsString>,
}

impl Systemctl {
    /// Runs it once, and returns what it prints.
    ///
    /// # Errors
    /// If it is not there, complains, or does not end.
    pub(super) async fn run(&self, arguments: &[&str]) -> io::Result<String> {
        let Some((program, first)) = self.words.split_first() else {
            return Err(io::Error::other("there is no command"));
        };
        let mut command = Command::new(program);
        command.args(first).args(["--no-pager", "--no-ask-password"]).args(arguments);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        for name in &self.withheld {
            command.env_remove(name);
        }
        let named = |error: io::Error| io::Error::new(error.kind(), format!("{program}: {error}"));
        // The group is killed when this is given up.
        let (child, _group) = Group::spawn(&mut command).map_err(named)?;
        let done = timeout(TIMEOUT, child.wait_with_output()).await;
        let Ok(output) = done else {
            let what = format!("{program}: no answer within {} s", TIMEOUT.as_secs());
            return Err(io::Error::new(ErrorKind::TimedOut, what));
        };
        let output = output.map_err(named)?;
        if output.status.success() {
            return String::from_utf8(output.stdout).map_err(io::Error::other);
        }
        let told = String::from_utf8_lossy(&output.stderr);
        let told: String = told.trim().chars().take(MAX_TOLD).collect();
        let verb = arguments.first().unwrap_or(&"");
        Err(io::Error::other(format!("{program} {verb}: {}: {told}", output.status)))
    }
}
