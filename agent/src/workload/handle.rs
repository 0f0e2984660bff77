//! How the rest of the agent talks to the loop.

use super::heartbeat::Heartbeat;
use super::{Audience, Event, NotReady, Prediction, Traced, View};
use crate::decide::limits::{Draft, Override, Refused};
use crate::journal::Carried;
use crate::observe::{Closed, Ingested, Inlet, Refusal, Reported};
use crate::platform::clock::Clock;
use scaleiq_core::units::UnixSeconds;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::timeout;

/// A reader waits no longer than this for the loop to decide that a number is held.
const TIME_LIMIT: Duration = Duration::from_millis(20);

/// What the loop is asked.
#[derive(Debug)]
pub(super) enum Request {
    Ingest(Vec<Reported>, oneshot::Sender<Ingested>),
    Tick,
    SetOverride(Draft, oneshot::Sender<Result<Override, Refused>>),
    EndOverride(u64, oneshot::Sender<Option<Override>>),
    Carried(Carried),
    /// Nobody asks anything now.
    Nothing,
    Stop,
}

/// The decision in force.
#[derive(Clone, Debug, PartialEq)]
pub struct InForce {
    /// The decision, and what it can be traced back to.
    pub traced: Traced,
    /// Whether the data that it rests on have grown too old meanwhile: the number is held.
    pub is_stale: bool,
}

/// Hands samples to the loop, and reads what it has published; cheap to clone.
#[derive(Clone, Debug)]
pub struct Handle {
    sender: mpsc::Sender<Request>,
    view: watch::Receiver<Arc<View>>,
    clock: Clock,
    heartbeat: Heartbeat,
    audience: Audience,
    /// Samples are taken no more.
    closed: Arc<AtomicBool>,
}

impl Handle {
    pub(super) fn new(
        sender: mpsc::Sender<Request>,
        view: watch::Receiver<Arc<View>>,
        clock: Clock,
        heartbeat: Heartbeat,
        audience: Audience,
    ) -> Self {
        Self { sender, view, clock, heartbeat, audience, closed: Arc::default() }
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
        (!self.sender.is_closed()).then(|| self.heartbeat.age())
    }

    /// Hands samples in, oldest first. They are read a few at a time, and answered once what was
    /// decided on them is recorded.
    ///
    /// # Errors
    /// If the agent is stopping.
    pub async fn ingest(&self, samples: Vec<Reported>) -> Result<Ingested, NotReady> {
        if self.is_closed() {
            return Err(NotReady::Stopped);
        }
        self.ask(|reply| Request::Ingest(samples, reply)).await
    }

    /// A person sets what `draft` asks for.
    ///
    /// # Errors
    /// If the agent is stopping; within that, if it makes no sense.
    pub async fn set_override(&self, draft: Draft) -> Result<Result<Override, Refused>, NotReady> {
        self.ask(|reply| Request::SetOverride(draft, reply)).await
    }

    /// A person ends the override `id`; `None` if there is none.
    ///
    /// # Errors
    /// If the agent is stopping.
    pub async fn end_override(&self, id: u64) -> Result<Option<Override>, NotReady> {
        self.ask(|reply| Request::EndOverride(id, reply)).await
    }

    async fn ask<T>(
        &self,
        request: impl FnOnce(oneshot::Sender<T>) -> Request,
    ) -> Result<T, NotReady> {
        let (reply, answer) = oneshot::channel();
        self.sender.send(request(reply)).await.map_err(|_| NotReady::Stopped)?;
        answer.await.map_err(|_| NotReady::Stopped)
    }

    /// An order was carried out, or failed: it is recorded, unless the loop is so busy that it has no room.
    pub fn carried(&self, carried: Carried) {
        let _ = self.sender.try_send(Request::Carried(carried));
    }

    /// Something was handed in that is no sample: it is counted.
    pub fn unread(&self, refusal: Refusal) {
        self.audience.tell(Event::Refused(refusal));
    }

    /// Returns what was published last.
    #[must_use]
    pub fn view(&self) -> Arc<View> {
        self.view.borrow().clone()
    }

    /// Returns what changes whenever something is published.
    #[must_use]
    pub fn views(&self) -> watch::Receiver<Arc<View>> {
        self.view.clone()
    }

    /// The forecast from the present state.
    ///
    /// # Errors
    /// If nothing is known yet, or what is known is too old.
    pub fn predict(&self) -> Result<Arc<Prediction>, NotReady> {
        self.view().predict(self.now())
    }

    /// The decision in force. Where the data have grown stale since it was made, the loop is given a
    /// moment to decide that its number is held; a loop that a disk or a device holds up is not waited
    /// for.
    ///
    /// # Errors
    /// If nothing was ever observed, or nothing was decided yet.
    pub async fn decide(&self) -> Result<InForce, NotReady> {
        let mut view = self.view.clone();
        if !self.view().is_current(self.now()) {
            self.tick();
            let current = view.wait_for(|view| view.is_current(self.now()));
            // What is known is answered in any case.
            let _ = timeout(TIME_LIMIT, current).await;
        }
        let (view, now) = (self.view(), self.now());
        view.sample_end.ok_or(NotReady::NoSample)?;
        let traced = view.decision.clone().ok_or(NotReady::NoDecision)?;
        Ok(InForce { is_stale: !view.is_current(now), traced })
    }

    /// Whether there are fresh data to decide on; gives what should be known all the same.
    ///
    /// # Errors
    /// Why not.
    pub fn ready(&self) -> Result<Vec<String>, NotReady> {
        if self.is_closed() {
            return Err(NotReady::Stopped);
        }
        let view = self.view();
        view.fresh(self.now()).map(|()| view.notes.clone())
    }

    /// Takes no more samples from now on.
    pub fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
    }

    /// Whether samples are taken no more.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Relaxed) || self.sender.is_closed()
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
}

impl Inlet for Handle {
    fn ingest(&self, samples: Vec<Reported>) -> Result<Ingested, Closed> {
        if self.is_closed() {
            return Err(Closed);
        }
        let (reply, answer) = oneshot::channel();
        let sent = self.sender.blocking_send(Request::Ingest(samples, reply));
        sent.map_err(|_| Closed)?;
        answer.blocking_recv().map_err(|_| Closed)
    }

    fn is_closed(&self) -> bool {
        self.is_closed()
    }

    fn unread(&self, refusal: Refusal) {
        self.unread(refusal);
    }
}
