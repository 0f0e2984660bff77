//! How the rest of the agent talks to the loop.

use super::pulse::Pulse;
use super::{Prediction, Traced};
use crate::clock::Clock;
use crate::source::{Refusal, RefusedSample, Told, Warning};
use scaleiq_core::units::{Jobs, UnixSeconds};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

/// What the loop is asked.
#[derive(Debug)]
pub(super) enum Request {
    Ingest(Vec<Told>, oneshot::Sender<Ingested>),
    Predict(oneshot::Sender<Result<Prediction, NotReady>>),
    Decide(oneshot::Sender<Result<Traced, NotReady>>),
    Ready(oneshot::Sender<Result<Vec<String>, NotReady>>),
    Tick,
    /// Nobody asks anything now.
    Nothing,
    Stop,
}

/// Refused samples, and warnings, that an answer tells of each.
const TOLD: usize = 20;

/// What became of the samples that were handed in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ingested {
    /// Samples taken.
    pub accepted: usize,
    /// Samples that had been taken before.
    pub duplicates: usize,
    /// Samples refused for another reason.
    pub refused: usize,
    /// The first that were refused or taken before, with their numbers from 1 up.
    pub errors: Vec<(usize, RefusedSample)>,
    /// What was not taken as it was told, in all.
    pub warned: usize,
    /// The first of that, with the samples' numbers.
    pub warnings: Vec<(usize, Warning)>,
    /// Jobs wanted now; `None` before the first decision.
    pub jobs: Option<Jobs>,
}

impl Ingested {
    /// A sample was not taken.
    pub fn refuse(&mut self, number: usize, refused: RefusedSample) {
        match refused.refusal {
            Refusal::Duplicate => self.duplicates += 1,
            _ => self.refused += 1,
        }
        if self.errors.len() < TOLD {
            self.errors.push((number, refused));
        }
    }

    /// Something was not taken as it was told.
    pub fn warn(&mut self, number: usize, warning: Warning) {
        self.warned += 1;
        if self.warnings.len() < TOLD {
            self.warnings.push((number, warning));
        }
    }
}

/// Why there is no answer yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotReady {
    /// Nothing was observed.
    #[error("no sample has come yet")]
    NoSample,
    /// What was observed is too old.
    #[error("the last sample is {age_s} s old, and stale_after_s is {stale_after_s}")]
    Stale {
        /// Its age.
        age_s: i64,
        /// The oldest that is good for a decision.
        stale_after_s: u32,
    },
    /// What was observed is from the future.
    #[error(
        "the last sample is {ahead_s} s ahead of this machine's clock: one of the two is wrong"
    )]
    Future {
        /// By how much.
        ahead_s: i64,
    },
    /// The last sample lacks what a decision needs.
    #[error(
        "the last sample lacks logged_events, unprocessed_events, or jobs_ready that was told within the \
         hour"
    )]
    Missing,
    /// No whole interval was observed.
    #[error("no interval of {interval_s} s with known logged_events is complete yet")]
    NoForecast {
        /// The model's interval.
        interval_s: u32,
    },
    /// The loop has ended.
    #[error("the agent is stopping")]
    Stopped,
}

/// Asks the loop; cheap to clone.
#[derive(Clone, Debug)]
pub struct Handle {
    sender: mpsc::Sender<Request>,
    clock: Clock,
    pulse: Pulse,
}

impl Handle {
    pub(super) fn new(sender: mpsc::Sender<Request>, clock: Clock, pulse: Pulse) -> Self {
        Self { sender, clock, pulse }
    }

    /// The present moment by the loop's clock.
    #[must_use]
    pub fn now(&self) -> UnixSeconds {
        self.clock.now().ours
    }

    /// Time since the loop last came round, which it does at each tick at the latest; `None` if it has
    /// ended.
    #[must_use]
    pub fn silence(&self) -> Option<Duration> {
        (!self.sender.is_closed()).then(|| self.pulse.age())
    }

    /// Hands samples in, oldest first. They are read a few at a time, between what others ask.
    ///
    /// # Errors
    /// If the loop has ended.
    pub async fn ingest(&self, samples: Vec<Told>) -> Result<Ingested, NotReady> {
        self.ask(|reply| Request::Ingest(samples, reply)).await
    }

    /// As [`Handle::ingest`], from a thread that may block.
    ///
    /// # Errors
    /// If the loop has ended.
    pub fn ingest_blocking(&self, samples: Vec<Told>) -> Result<Ingested, NotReady> {
        let (reply, answer) = oneshot::channel();
        let sent = self.sender.blocking_send(Request::Ingest(samples, reply));
        sent.map_err(|_| NotReady::Stopped)?;
        answer.blocking_recv().map_err(|_| NotReady::Stopped)
    }

    /// The forecast from the present state.
    ///
    /// # Errors
    /// If nothing is known yet, or what is known is too old.
    pub async fn predict(&self) -> Result<Prediction, NotReady> {
        self.ask(Request::Predict).await?
    }

    /// The decision of the present epoch.
    ///
    /// # Errors
    /// If nothing was ever observed.
    pub async fn decide(&self) -> Result<Traced, NotReady> {
        self.ask(Request::Decide).await?
    }

    /// Whether there is fresh data to decide on; gives what should be known all the same.
    ///
    /// # Errors
    /// Why not.
    pub async fn ready(&self) -> Result<Vec<String>, NotReady> {
        self.ask(Request::Ready).await?
    }

    /// Lets the loop look at the clock: without samples it must notice that its data grows old.
    pub fn tick(&self) {
        // A full queue means that the loop is busy deciding anyway.
        let _ = self.sender.try_send(Request::Tick);
    }

    /// Ends the loop behind what was asked before.
    pub async fn stop(&self) {
        // An error says that it has ended already.
        let _ = self.sender.send(Request::Stop).await;
    }

    async fn ask<T>(
        &self,
        request: impl FnOnce(oneshot::Sender<T>) -> Request,
    ) -> Result<T, NotReady> {
        let (reply, answer) = oneshot::channel();
        self.sender.send(request(reply)).await.map_err(|_| NotReady::Stopped)?;
        answer.await.map_err(|_| NotReady::Stopped)
    }
}
