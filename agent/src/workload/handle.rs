//! How the rest of the agent talks to the loop.

use super::pulse::Pulse;
use super::{Prediction, Traced};
use crate::observe::{Closed, Ingested, Inlet, Refusal, Told};
use crate::platform::clock::Clock;
use crate::telemetry::Metrics;
use scaleiq_core::units::UnixSeconds;
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
    metrics: Metrics,
}

impl Handle {
    pub(super) fn new(
        sender: mpsc::Sender<Request>,
        clock: Clock,
        pulse: Pulse,
        metrics: Metrics,
    ) -> Self {
        Self { sender, clock, pulse, metrics }
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

    /// Something was handed in that is no sample: it is counted.
    pub fn unread(&self, refusal: Refusal) {
        self.metrics.sample_refused(refusal);
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

impl Inlet for Handle {
    fn ingest(&self, samples: Vec<Told>) -> Result<Ingested, Closed> {
        let (reply, answer) = oneshot::channel();
        let sent = self.sender.blocking_send(Request::Ingest(samples, reply));
        sent.map_err(|_| Closed)?;
        answer.blocking_recv().map_err(|_| Closed)
    }

    fn unread(&self, refusal: Refusal) {
        self.unread(refusal);
    }
}
