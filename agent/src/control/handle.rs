//! How the rest of the agent talks to the loop.

use super::{Prediction, Traced};
use crate::source::RefusedSample;
use scaleiq_core::sample::Sample;
use scaleiq_core::units::Jobs;
use tokio::sync::{mpsc, oneshot};

/// What the loop is asked.
#[derive(Debug)]
pub(super) enum Request {
    Ingest(Vec<Sample>, oneshot::Sender<Ingested>),
    Predict(oneshot::Sender<Result<Prediction, NotReady>>),
    Decide(oneshot::Sender<Result<Traced, NotReady>>),
    Ready(oneshot::Sender<Result<(), NotReady>>),
    Tick,
    Stop,
}

/// What became of the samples that were handed in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ingested {
    /// Samples taken.
    pub accepted: usize,
    /// Samples refused, for their time.
    pub refused: usize,
    /// Why the first of those was refused.
    pub first_error: Option<RefusedSample>,
    /// Jobs wanted now; `None` if nothing was taken.
    pub jobs: Option<Jobs>,
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
    /// The last sample lacks what a decision needs.
    #[error("the last sample lacks logged_events, unprocessed_events or jobs_ready")]
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
pub struct Handle(mpsc::Sender<Request>);

impl Handle {
    pub(super) fn new(sender: mpsc::Sender<Request>) -> Self {
        Self(sender)
    }

    /// Hands samples in, oldest first.
    ///
    /// # Errors
    /// If the loop has ended.
    pub async fn ingest(&self, samples: Vec<Sample>) -> Result<Ingested, NotReady> {
        self.ask(|reply| Request::Ingest(samples, reply)).await
    }

    /// As [`Handle::ingest`], from a thread that may block.
    ///
    /// # Errors
    /// If the loop has ended.
    pub fn ingest_blocking(&self, samples: Vec<Sample>) -> Result<Ingested, NotReady> {
        let (reply, answer) = oneshot::channel();
        let sent = self.0.blocking_send(Request::Ingest(samples, reply));
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

    /// Whether there is fresh data to decide on.
    ///
    /// # Errors
    /// Why not.
    pub async fn ready(&self) -> Result<(), NotReady> {
        self.ask(Request::Ready).await?
    }

    /// Lets the loop look at the clock: without samples it must notice that its data grows old.
    pub fn tick(&self) {
        // A full queue means that the loop is busy deciding anyway.
        let _ = self.0.try_send(Request::Tick);
    }

    /// Ends the loop behind what was asked before.
    pub async fn stop(&self) {
        // An error says that it has ended already.
        let _ = self.0.send(Request::Stop).await;
    }

    async fn ask<T>(
        &self,
        request: impl FnOnce(oneshot::Sender<T>) -> Request,
    ) -> Result<T, NotReady> {
        let (reply, answer) = oneshot::channel();
        self.0.send(request(reply)).await.map_err(|_| NotReady::Stopped)?;
        answer.await.map_err(|_| NotReady::Stopped)
    }
}
