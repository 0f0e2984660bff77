//! A run told to MLflow while it is trained: a thread reads what the run writes into its folder, so training
//! neither waits for the server nor knows of it.

use super::sending::Sending;
use crate::config::{Config, MlflowConfig};
use crate::experiment::run::Run;
use anyhow::Result;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// Time between two looks at the folder, and the longest one while the server does not answer.
const EVERY: Duration = Duration::from_secs(5);
const SELDOM: Duration = Duration::from_secs(60);

/// How a run ended, or where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It was trained to its end.
    Finished,
    /// It was stopped, and can go on.
    Stopped,
    /// It failed.
    Failed,
}

impl Status {
    fn word(self) -> &'static str {
        match self {
            Self::Finished => "FINISHED",
            Self::Stopped => "KILLED",
            Self::Failed => "FAILED",
        }
    }
}

/// A run that is told while it is trained. One that is dropped without its end has failed.
#[derive(Debug)]
pub struct Mirror {
    end: Sender<Status>,
    thread: Option<JoinHandle<()>>,
}

impl Mirror {
    /// Begins to tell a run; nothing where the settings name no server.
    #[must_use]
    pub fn begin(run: &Run, config: &Config) -> Option<Self> {
        let settings = config.mlflow.clone()?;
        let (end, ended) = mpsc::channel();
        let (run, config) = (run.clone(), config.clone());
        let follow = move || {
            let mut sending = Sending::new(&settings, &run, &config);
            let (mut wait, mut warned) = (EVERY, false);
            loop {
                match sending.send() {
                    Ok(()) => (wait, warned) = (EVERY, false),
                    Err(error) => {
                        if !warned {
                            eprintln!("WARN {error:#}; training goes on, and it is tried again");
                        }
                        (wait, warned) = ((2 * wait).min(SELDOM), true);
                    }
                }
                let status = match ended.recv_timeout(wait) {
                    Err(RecvTimeoutError::Timeout) => continue,
                    Ok(status) => status,
                    Err(RecvTimeoutError::Disconnected) => Status::Failed,
                };
                if let Err(error) = sending.end(status.word()) {
                    let folder = run.dir().display();
                    eprintln!("WARN {error:#}; `trainer mlflow {folder}` sends what it lacks");
                }
                return;
            }
        };
        let thread = thread::Builder::new().name("mlflow".into()).spawn(follow);
        match thread {
            Ok(thread) => Some(Self { end, thread: Some(thread) }),
            Err(error) => {
                eprintln!("WARN no thread for MLflow: {error}; the run is not told to it");
                None
            }
        }
    }

    /// Tells the rest, and waits for that as long as one answer may take, or two.
    pub fn end(mut self, status: Status) {
        // The thread is there until it was told the end.
        let _ = self.end.send(status);
        self.wait();
    }

    fn wait(&mut self) {
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Drop for Mirror {
    fn drop(&mut self) {
        // A run that was ended has no thread any more.
        let _ = self.end.send(Status::Failed);
        self.wait();
    }
}

/// Tells a run that is over, or stands still, to a server: all that it lacks.
///
/// # Errors
/// If the server does not answer, or refuses it.
pub fn send(run: &Run, config: &Config, settings: &MlflowConfig, status: Status) -> Result<()> {
    let mut sending = Sending::new(settings, run, config);
    sending.end(status.word())
}
