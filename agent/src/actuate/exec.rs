//! A command of the user's, run for each change.

use scaleiq_core::decision::Decision;
use std::io;
use std::process::Stdio;
use std::time::Duration;
use tokio::process::Command;
use tokio::time::timeout;

/// Stands for the number of jobs in arguments.
const PLACEHOLDER: &str = "{jobs}";

/// Runs `words` (program and arguments, no shell) with the decision in `SCALEIQ_JOBS`,
/// `SCALEIQ_HAVE` and `SCALEIQ_REASON`. Its stderr is ours; its stdout is dropped, since ours may
/// carry decisions.
///
/// # Errors
/// If it cannot be started, ends with another code than 0, or takes longer than `limit`; it is
/// killed then.
pub async fn run_hook(words: &[String], limit: Duration, decision: &Decision) -> io::Result<()> {
    let Some((program, arguments)) = words.split_first() else {
        return Err(io::Error::other("there is no command"));
    };
    let jobs = decision.jobs.to_string();
    let mut child = Command::new(program)
        .args(arguments.iter().map(|word| word.replace(PLACEHOLDER, &jobs)))
        .env("SCALEIQ_JOBS", &jobs)
        .env("SCALEIQ_HAVE", decision.have.to_string())
        .env("SCALEIQ_REASON", reason(decision))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| io::Error::new(error.kind(), format!("{program}: {error}")))?;
    match timeout(limit, child.wait()).await {
        Ok(status) => match status? {
            status if status.success() => Ok(()),
            status => Err(io::Error::other(format!("{program}: {status}"))),
        },
        Err(_) => {
            child.kill().await?;
            let message = format!("{program}: killed after {} s", limit.as_secs_f32());
            Err(io::Error::new(io::ErrorKind::TimedOut, message))
        }
    }
}

fn reason(decision: &Decision) -> String {
    match serde_json::to_value(decision.reason) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}
