//! The loop: it alone owns the controller. Samples go in, and everything else comes out.
//!
//! It runs in a thread of its own, since an inference blocks for a millisecond, a disk for as long as it
//! takes to make a decision durable, and a device for seconds. Samples come through a bounded channel
//! and are answered in order, so a decision belongs to exactly the samples that came before it. What is
//! known is published as a [`View`], and what happens as [`Event`]s: who reads never waits for the loop.

mod begin;
mod decide;
mod event;
mod handle;
mod heartbeat;
mod ingest;
mod lacking;
mod learned;
mod limits;
mod not_ready;
mod prediction;
mod recorder;
mod snapshot;
mod unread;
mod view;

pub use begin::{Beginning, Started};
pub use event::{Audience, Event, Subscriber};
pub use handle::{Handle, InForce};
pub use learned::Learned;
pub use not_ready::NotReady;
pub use prediction::{HorizonRates, Prediction, StepEvents};
pub use recorder::Traced;
pub use snapshot::Snapshot;
pub use view::View;

use crate::decide::figures::Latencies;
use crate::decide::limits::{LimitsInForce, OverrideStore, Overrides, Schedule};
use crate::decide::{Decider, ModelId};
use crate::observe::pool::PoolWatch;
use crate::observe::{Assumption, Intake};
use crate::platform::clock::Clock;
use handle::Request;
use heartbeat::Heartbeat;
use recorder::Recorder;
use scaleiq_core::invariant;
use scaleiq_core::sample::Sample;
use scaleiq_core::settings::Settings;
use scaleiq_core::units::{JobLimits, UnixSeconds};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use unread::Unread;

/// Time between two lines that tell that no data come.
const WARN_EVERY: Duration = Duration::from_secs(60);

/// The running loop.
pub struct Control {
    decider: Box<dyn Decider>,
    settings: Settings,
    model: ModelId,
    recorder: Recorder,
    promises: invariant::Watch,
    /// Who is told what happens.
    audience: Audience,
    view: watch::Sender<Arc<View>>,
    decisions: watch::Sender<Option<Traced>>,
    clock: Clock,
    /// Limits as they are configured,
    configured: JobLimits,
    /// as they are at certain hours,
    schedule: Schedule,
    /// as they are now,
    limits: LimitsInForce,
    /// and what people set by hand, with the place where that is kept.
    overrides: Overrides,
    store: OverrideStore,
    intake: Intake,
    pool: PoolWatch,
    assumption: Assumption,
    /// Bodies that are being read, a few samples at a time.
    unread: VecDeque<Unread>,
    last_sample: Option<Sample>,
    /// What is held while nothing new is known: it was decided and recorded once.
    held: Option<Traced>,
    /// A forecast was made since it was last made known.
    forecast_is_new: bool,
    latencies: Latencies,
    /// How long the last sample took to be taken in; `None` once it was decided on.
    observed_in: Option<Duration>,
    /// When it was last told that no data come.
    warned: Option<Duration>,
}

impl Control {
    fn run(mut self, mut requests: mpsc::Receiver<Request>, heartbeat: &Heartbeat) {
        loop {
            heartbeat.beat();
            let request = if self.unread.is_empty() {
                requests.blocking_recv().unwrap_or(Request::Stop)
            } else {
                requests.try_recv().unwrap_or(Request::Nothing)
            };
            match request {
                Request::Ingest(samples, reply) => self.begin(samples, reply),
                Request::Tick => self.look(),
                // Who asked may have gone meanwhile.
                Request::SetOverride(draft, reply) => {
                    let _ = reply.send(self.set_override(draft));
                }
                Request::EndOverride(id, reply) => {
                    let _ = reply.send(self.end_override(id));
                }
                Request::Carried(carried) => {
                    self.recorder.carried(&carried);
                    self.audience.tell(Event::Carried(&carried));
                }
                Request::Nothing => {}
                Request::Stop => break,
            }
            self.read_on();
        }
        // Of bodies that are cut off, what was taken is decided on; who sent them sends them again.
        if self.unread.iter().any(|body| body.observed) {
            self.look();
        }
    }

    /// Looks at the clock: without samples, data grow old.
    fn look(&mut self) {
        // Before the first sample there is nothing to hold on to.
        if self.last_sample.is_some() {
            let now = self.clock.now().ours;
            self.decide(now);
            self.warn(now);
        }
    }

    /// Tells again and again that data are missing: whoever looks at the log later must see it.
    pub(super) fn warn(&mut self, now: UnixSeconds) {
        let Err(blind) = self.view.borrow().fresh(now) else { return };
        let elapsed = self.clock.elapsed();
        if self.warned.is_none_or(|warned| elapsed.saturating_sub(warned) >= WARN_EVERY) {
            self.warned = Some(elapsed);
            tracing::warn!("cannot decide: {blind}");
        }
    }
}
