//! How the loop begins.

use super::handle::Handle;
use super::heartbeat::Heartbeat;
use super::recorder::Recorder;
use super::{Audience, Control, Event, Traced, View};
use crate::decide::figures::Latencies;
use crate::decide::limits::{LimitsInForce, OverrideStore, Schedule};
use crate::decide::{Decider, ModelId};
use crate::journal::{Journal, Past};
use crate::observe::pool::PoolWatch;
use crate::observe::{Assumption, Intake, Trust};
use crate::platform::clock::Clock;
use scaleiq_core::invariant;
use scaleiq_core::settings::Settings;
use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use tokio::sync::{mpsc, watch};

/// Requests that may wait.
const QUEUE: usize = 64;

/// What a loop begins with.
pub struct Beginning {
    /// What decides. It was told the `past`.
    pub decider: Box<dyn Decider>,
    /// The settings in force.
    pub settings: Settings,
    /// Which model decides.
    pub model: ModelId,
    /// Where samples and decisions are recorded.
    pub journal: Option<Journal>,
    /// What was recorded before.
    pub past: Option<Past>,
    /// Whose clock places samples in time.
    pub trust: Trust,
    /// Limits at certain hours.
    pub schedule: Schedule,
    /// Where overrides are kept.
    pub store: OverrideStore,
    /// The pool, for samples that do not tell of it.
    pub pool: PoolWatch,
    /// The agent's clock.
    pub clock: Clock,
    /// Who is told what happens.
    pub audience: Audience,
}

/// A loop that was started.
#[derive(Debug)]
pub struct Started {
    /// The way to it.
    pub handle: Handle,
    /// Decisions come out here; it is closed when the loop ends.
    pub decisions: watch::Receiver<Option<Traced>>,
    /// It ends when told to stop.
    pub thread: JoinHandle<()>,
}

impl Control {
    /// Starts the loop.
    ///
    /// # Errors
    /// If the system gives no thread.
    pub fn start(beginning: Beginning) -> io::Result<Started> {
        let Beginning {
            decider,
            settings,
            model,
            journal,
            past,
            trust,
            pool,
            schedule,
            store,
            clock,
            audience,
        } = beginning;
        let (sender, receiver) = mpsc::channel(QUEUE);
        let (decisions, decided) = watch::channel(None);
        let (last_sample, last) = past.map_or((None, None), |p| (Some(p.sample), p.decision));
        let last_end = last_sample.map(|sample| sample.end);
        if let Some(end) = last_end {
            audience.tell(Event::Resumed(end));
        }
        let view = View::new(settings.stale_after_s, settings.interval.seconds(), settings.limits);
        let (view, seen) = watch::channel(Arc::new(view));
        let heartbeat = Heartbeat::new(clock.clone());
        let handle = Handle::new(sender, seen, clock.clone(), heartbeat.clone(), audience.clone());
        let mut control = Self {
            decider,
            settings,
            model,
            recorder: Recorder::new(journal, last, audience.clone()),
            promises: invariant::Watch::default(),
            audience,
            view,
            decisions,
            clock,
            intake: Intake::new(trust, last_end),
            pool,
            configured: settings.limits,
            limits: LimitsInForce::configured(settings.limits),
            schedule,
            overrides: store.load(),
            store,
            assumption: Assumption::default(),
            unread: VecDeque::new(),
            last_sample,
            held: None,
            forecast_is_new: false,
            latencies: Latencies::default(),
            observed_in: None,
            warned: None,
        };
        control.keep_limits(control.clock.now().ours);
        // What is known from the journal is decided on before anybody can ask.
        control.look();
        let thread = thread::Builder::new().name("control".into());
        let thread = thread.spawn(move || control.run(receiver, &heartbeat))?;
        Ok(Started { handle, decisions: decided, thread })
    }
}
