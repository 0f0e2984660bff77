//! The agent's end of the line to the keeper.

use super::places::Places;
use super::plan::{Plan, Report, Seen};
use super::worker::own_program;
use crate::actuate::actuator::{Actuator, Applying, Outcome};
use crate::actuate::order::Order;
use crate::platform::backoff::Backoff;
use crate::platform::children::adopt_orphans;
use crate::platform::group::Group;
use scaleiq_core::units::Jobs;
use std::ffi::OsString;
use std::io;
use std::process::Stdio;
use std::thread::{self, JoinHandle};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{ChildStdin, Command};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};

/// Pauses before a keeper that failed is started again.
const PAUSES: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(10));
/// A keeper that ran for so long had begun well.
const BEGUN: Duration = Duration::from_secs(60);
/// A keeper takes note of a number within this.
const TIMEOUT: Duration = Duration::from_secs(5);
/// Beyond the workers' grace a keeper needs no longer to end.
const SPARE: Duration = Duration::from_secs(1);

/// Tells the keeper what is wanted, and has it run.
#[derive(Debug)]
pub(super) struct Link {
    places: Places,
    /// `None` once the pool is to end.
    wanted: Option<watch::Sender<u32>>,
    seen: Seen,
    thread: Option<JoinHandle<()>>,
}

impl Link {
    /// Starts the keeper, and tells it the number that was wanted last, and no less than `fewest`: a queue that
    /// its workers make themselves is not there before them. It does not see the variables `withheld`, nor do workers. From now on this process is the parent of workers whose keeper is killed.
    pub(super) fn start(
        plan: Plan,
        places: Places,
        withheld: Vec<OsString>,
        fewest: Jobs,
        seen: Seen,
    ) -> io::Result<Self> {
        adopt_orphans();
        let (wanted, told) = watch::channel(places.wanted().unwrap_or(0).max(fewest.0));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let line = Line { plan, withheld, wanted: told, seen: seen.clone() };
        let thread = thread::Builder::new().name("pool".into());
        let thread = Some(thread.spawn(move || runtime.block_on(line.hold()))?);
        Ok(Self { places, wanted: Some(wanted), seen, thread })
    }

    async fn want(&self, jobs: u32) -> io::Result<()> {
        if let Err(error) = self.places.keep_wanted(jobs) {
            tracing::warn!(
                "{}: {error}: a restart will not know the number of workers",
                self.places.folder().display()
            );
        }
        let Some(wanted) = &self.wanted else {
            return Err(io::Error::other("the pool has ended"));
        };
        wanted.send_replace(jobs);
        let mut seen = self.seen.subscribe();
        let is_taken = |report: &Option<Report>| report.as_ref().is_some_and(|r| r.wanted == jobs);
        let Ok(Ok(report)) = timeout(TIMEOUT, seen.wait_for(is_taken)).await else {
            return Err(io::Error::other("the keeper of the worker processes does not answer"));
        };
        match report.as_ref().filter(|report| report.failing > 0) {
            Some(Report { failing, last_end, .. }) => Err(io::Error::other(format!(
                "{failing} of {jobs} workers end again and again, the last one with: {}",
                last_end.as_deref().unwrap_or("unknown")
            ))),
            None => Ok(()),
        }
    }
}

impl Actuator for Link {
    fn apply<'a>(&'a mut self, order: &'a Order) -> Applying<'a> {
        Box::pin(async { self.want(order.decision.jobs.0).await.map(|()| Outcome::Done) })
    }

    /// Waits until all workers are drained.
    fn finish(&mut self) {
        self.wanted = None;
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the pool's thread panicked: please report this");
        }
    }
}

/// What the thread behind a [`Link`] needs.
struct Line {
    plan: Plan,
    withheld: Vec<OsString>,
    wanted: watch::Receiver<u32>,
    seen: Seen,
}

impl Line {
    /// Has a keeper run until none is wanted.
    async fn hold(mut self) {
        let mut backoff = Backoff::new(PAUSES.0, PAUSES.1);
        loop {
            let begin = Instant::now();
            let ended = self.talk().await;
            let left = self.seen.send_replace(None);
            let Err(error) = ended else { return };
            if begin.elapsed() >= BEGUN {
                backoff.reset();
            }
            // Its workers were killed with it. What they had started is ours now.
            for id in left.into_iter().flat_map(|report| report.groups) {
                let group = Group::left_by_another(id);
                group.kill();
                group.gone("a worker").await;
            }
            let pause = backoff.pause();
            tracing::error!(
                "the keeper of the worker processes failed: {error}; again in {:.1} s",
                pause.as_secs_f32()
            );
            sleep(pause).await;
        }
    }

    /// Talks to one keeper until that fails, or none is wanted and all workers are drained.
    async fn talk(&mut self) -> io::Result<()> {
        let mut command = Command::new(own_program()?);
        command.arg0("agent").arg("pool-keeper").stdin(Stdio::piped()).stdout(Stdio::piped());
        for name in &self.withheld {
            command.env_remove(name);
        }
        // A group of its own, so that Ctrl-C in a terminal is for the agent alone.
        let (mut child, _group) = Group::spawn(&mut command)?;
        let (Some(mut stdin), Some(stdout)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(io::Error::other("it has no stdin or stdout"));
        };
        let mut reports = BufReader::new(stdout).lines();
        tell(&mut stdin, &serde_json::to_string(&self.plan)?).await?;
        self.wanted.mark_changed();
        loop {
            tokio::select! {
                changed = self.wanted.changed() => {
                    if changed.is_err() {
                        break;
                    }
                    let jobs = *self.wanted.borrow_and_update();
                    tell(&mut stdin, &jobs.to_string()).await?;
                }
                line = reports.next_line() => match line? {
                    Some(line) => {
                        self.seen.send_replace(Some(serde_json::from_str(&line)?));
                    }
                    None => {
                        let status = child.wait().await?;
                        return Err(io::Error::other(format!("it ended: {status}")));
                    }
                },
            }
        }
        // It drains the workers when its line ends.
        drop(stdin);
        if timeout(self.plan.grace + SPARE, child.wait()).await.is_err() {
            tracing::warn!("worker processes are still there: killing them");
        }
        Ok(())
    }
}

/// Writes one line.
async fn tell(stdin: &mut ChildStdin, line: &str) -> io::Result<()> {
    stdin.write_all(format!("{line}\n").as_bytes()).await
}
