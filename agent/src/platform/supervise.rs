//! Keeps a part of the agent running that may end or panic, and says how it is.

use super::backoff::Backoff;
use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;
use tokio::sync::{oneshot, watch};
use tokio::time::{Instant, sleep};

/// Pauses before a part is started again.
const PAUSES: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(30));
/// A part that ran for so long had begun well: what ends it then is another trouble.
const BEGUN: Duration = Duration::from_secs(60);

/// How a part is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Condition {
    /// It is being started.
    #[default]
    Starting,
    /// It does its work.
    Running,
    /// It waits for something that will come, such as a file.
    Waiting(String),
    /// It ended and is started again after a pause.
    Restarting(String),
    /// It came to its end, behind which there is nothing.
    Ended(String),
}

impl Condition {
    /// Whether it does its work.
    #[must_use]
    pub fn is_running(&self) -> bool {
        *self == Self::Running
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Starting => f.write_str("starting"),
            Self::Running => f.write_str("running"),
            Self::Waiting(why) => write!(f, "waiting: {why}"),
            Self::Restarting(why) => write!(f, "restarting: {why}"),
            Self::Ended(why) => write!(f, "ended: {why}"),
        }
    }
}

/// How a part is, how often it was started again, and how often it had to do without an answer, by kind;
/// cheap to clone. The part itself says when it waits and when it goes on.
#[derive(Clone, Debug, Default)]
pub struct Lifecycle {
    state: Arc<watch::Sender<(Condition, u64)>>,
    failures: Arc<Mutex<BTreeMap<&'static str, u64>>>,
}

impl Lifecycle {
    /// It is so now.
    pub fn set(&self, condition: Condition) {
        self.state.send_if_modified(|(now, _)| {
            let is_new = *now != condition;
            if is_new {
                *now = condition;
            }
            is_new
        });
    }

    /// Returns how it is.
    #[must_use]
    pub fn condition(&self) -> Condition {
        self.state.borrow().0.clone()
    }

    /// Returns how often it was started again.
    #[must_use]
    pub fn restarts(&self) -> u64 {
        self.state.borrow().1
    }

    /// It asked and got no answer that can be used.
    pub fn failed(&self, kind: &'static str) {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        *failures.entry(kind).or_default() += 1;
    }

    /// Returns how often it got no answer, by kind.
    #[must_use]
    pub fn failures(&self) -> BTreeMap<&'static str, u64> {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn restart(&self, why: String) {
        self.state.send_modify(|(condition, restarts)| {
            *condition = Condition::Restarting(why);
            *restarts += 1;
        });
    }
}

/// Runs the part `name` in a thread of its own, since it may block, until it comes to its end. When it
/// fails or panics it is run again, after a pause. `Ok` says why there is nothing more to do.
///
/// A thread that blocks when the process ends does not hold it up.
pub async fn supervise<F>(name: &'static str, lifecycle: Lifecycle, run: F)
where
    F: Fn() -> io::Result<String> + Clone + Send + 'static,
{
    let mut backoff = Backoff::new(PAUSES.0, PAUSES.1);
    loop {
        let begin = Instant::now();
        let why = match once(name, run.clone()).await {
            Ok(why) => {
                tracing::info!("the {name} has ended: {why}");
                return lifecycle.set(Condition::Ended(why));
            }
            Err(error) => error.to_string(),
        };
        if begin.elapsed() >= BEGUN {
            backoff.reset();
        }
        let pause = backoff.pause();
        tracing::error!("the {name} failed: {why}; again in {:.1} s", pause.as_secs_f32());
        lifecycle.restart(why);
        sleep(pause).await;
    }
}

/// Runs it once; a panic is an error like any other.
async fn once(
    name: &'static str,
    run: impl FnOnce() -> io::Result<String> + Send + 'static,
) -> io::Result<String> {
    let (done, ended) = oneshot::channel();
    thread::Builder::new().name(name.into()).spawn(move || {
        // Nobody listens once the process ends.
        let _ = done.send(run());
    })?;
    ended.await.unwrap_or_else(|_| Err(io::Error::other("it panicked: please report this")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};

    /// In virtual time: nobody waits for the pauses.
    #[tokio::test(start_paused = true)]
    async fn what_fails_or_panics_is_run_again_after_a_longer_pause_each_time() {
        let lifecycle = Lifecycle::default();
        let tries = Arc::new(AtomicU32::new(0));
        let counted = tries.clone();
        let run = move || match counted.fetch_add(1, Ordering::SeqCst) {
            0 | 2 => Err(io::Error::other("no such luck")),
            1 => panic!("as a parser may"),
            _ => Ok("all is read".into()),
        };
        let mut seen = lifecycle.state.subscribe();
        let begin = Instant::now();
        let running = tokio::spawn(supervise("test", lifecycle.clone(), run));
        let mut told = Vec::new();
        while !matches!(lifecycle.condition(), Condition::Ended(_)) {
            seen.changed().await.unwrap();
            told.push((seen.borrow_and_update().clone(), begin.elapsed()));
        }
        running.await.unwrap();
        let words: Vec<_> = told.iter().map(|((condition, _), _)| condition.to_string()).collect();
        assert_eq!(
            words,
            [
                "restarting: no such luck",
                "restarting: it panicked: please report this",
                "restarting: no such luck",
                "ended: all is read"
            ]
        );
        let pauses: Vec<_> = told.windows(2).map(|pair| pair[1].1 - pair[0].1).collect();
        for (pause, due_ms) in pauses.iter().zip([500, 1000, 2000]) {
            let due = Duration::from_millis(due_ms);
            assert!((due / 2..=due + Duration::from_millis(2)).contains(pause), "{pauses:?}");
        }
        assert_eq!((lifecycle.restarts(), tries.load(Ordering::SeqCst)), (3, 4));
    }
}
