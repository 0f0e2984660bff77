//! The loop: it alone owns the controller. Samples go in, and everything else comes out.
//!
//! It runs in a thread of its own, since an inference blocks for a millisecond, a disk for as long as it
//! takes to make a decision durable, and a device for seconds. Samples come through a bounded channel
//! and are answered in order, so a decision belongs to exactly the samples that came before it. What is
//! known is published as a [`View`], and what happens as [`Event`]s: who reads never waits for the loop.

mod event;
mod handle;
mod ingest;
mod prediction;
mod pulse;
mod recorder;
mod snapshot;
mod unread;
mod view;

pub use event::{Audience, Event, Subscriber};
pub use handle::{Handle, InForce, NotReady};
pub use prediction::{HorizonRates, Prediction, StepEvents};
pub use recorder::Traced;
pub use snapshot::Snapshot;
pub use view::View;

use crate::decide::figures::Latencies;
use crate::decide::{Brain, ModelId, NO_MODEL};
use crate::journal::{Journal, Past};
use crate::observe::{Assumption, Intake, Trust};
use crate::platform::clock::Clock;
use crate::text::word;
use handle::Request;
use pulse::Pulse;
use recorder::Recorder;
use scaleiq_core::decision::Decision;
use scaleiq_core::invariant::{self, Promise};
use scaleiq_core::policy::{NetworkRole, Stage};
use scaleiq_core::sample::Sample;
use scaleiq_core::settings::Settings;
use scaleiq_core::situation::{Blind, Situation};
use scaleiq_core::units::UnixSeconds;
use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, watch};
use unread::Unread;

/// Requests that may wait.
const QUEUE: usize = 64;
/// Time between two lines that tell that no data come.
const WARN_EVERY: Duration = Duration::from_secs(60);

/// The running loop.
pub struct Control {
    brain: Box<dyn Brain>,
    settings: Settings,
    model: ModelId,
    recorder: Recorder,
    promises: invariant::Watch,
    /// Who is told what happens.
    audience: Audience,
    view: watch::Sender<Arc<View>>,
    decisions: watch::Sender<Option<Traced>>,
    clock: Clock,
    intake: Intake,
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

/// What a loop begins with.
pub struct Beginning {
    /// What decides. It was told the `past`.
    pub brain: Box<dyn Brain>,
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
        let Beginning { brain, settings, model, journal, past, trust, clock, audience } = beginning;
        let (sender, receiver) = mpsc::channel(QUEUE);
        let (decisions, decided) = watch::channel(None);
        let (last_sample, last) = past.map_or((None, None), |p| (Some(p.sample), p.decision));
        let last_end = last_sample.map(|sample| sample.end);
        if let Some(end) = last_end {
            audience.tell(Event::Resumed(end));
        }
        let view = View::new(settings.stale_after_s, settings.interval.seconds());
        let (view, seen) = watch::channel(Arc::new(view));
        let pulse = Pulse::new(clock.clone());
        let handle = Handle::new(sender, seen, clock.clone(), pulse.clone(), audience.clone());
        let control = Self {
            brain,
            settings,
            model,
            recorder: Recorder::new(journal, last, audience.clone()),
            promises: invariant::Watch::default(),
            audience,
            view,
            decisions,
            clock,
            intake: Intake::new(trust, last_end),
            assumption: Assumption::default(),
            unread: VecDeque::new(),
            last_sample,
            held: None,
            forecast_is_new: false,
            latencies: Latencies::default(),
            observed_in: None,
            warned: None,
        };
        let thread = thread::Builder::new().name("control".into());
        let thread = thread.spawn(move || control.run(receiver, &pulse))?;
        Ok(Started { handle, decisions: decided, thread })
    }

    fn run(mut self, mut requests: mpsc::Receiver<Request>, pulse: &Pulse) {
        // What is known from the journal is decided on at once.
        self.look();
        loop {
            pulse.beat();
            let request = if self.unread.is_empty() {
                requests.blocking_recv().unwrap_or(Request::Stop)
            } else {
                requests.try_recv().unwrap_or(Request::Nothing)
            };
            match request {
                Request::Ingest(samples, reply) => self.begin(samples, reply),
                Request::Tick => self.look(),
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
    fn warn(&mut self, now: UnixSeconds) {
        let Err(blind) = self.view.borrow().fresh(now) else { return };
        let elapsed = self.clock.elapsed();
        if self.warned.is_none_or(|warned| elapsed.saturating_sub(warned) >= WARN_EVERY) {
            self.warned = Some(elapsed);
            tracing::warn!("cannot decide: {blind}");
        }
    }

    /// Decides, records, and then makes known what is new.
    fn decide(&mut self, now: UnixSeconds) -> Traced {
        let stale = self.brain.blind(now) == Some(Blind::Stale);
        if let Some(held) = self.held.as_ref().filter(|_| stale) {
            return held.clone();
        }
        let situation = self.brain.situation(now);
        let begin = Instant::now();
        let decision = self.brain.decide(now);
        if let Some(observed_in) = self.observed_in.take() {
            let took = observed_in + begin.elapsed();
            self.latencies.push(took);
            self.audience.tell(Event::DecidedIn(took));
        }
        let receipt = self.recorder.decision(&decision, stale);
        let last = self.decisions.borrow().as_ref().map(|last| last.decision.clone());
        if last.as_ref() != Some(&decision) {
            self.watch(&decision, situation.as_ref());
        }
        let repeated = last.as_ref().is_some_and(|last| repeats(last, &decision));
        let device = self.brain.device();
        if let Some(health) = device {
            self.audience.tell(Event::Device(health));
        }
        let stood_in = device.is_some_and(|health| !health.decides);
        let (model, network_role) = match stood_in {
            true => (ModelId::none(), NetworkRole::Absent),
            false => (self.model.clone(), self.brain.network_role()),
        };
        let is_held = stale && decision.stage == Stage::Hold;
        let traced = Traced {
            decision,
            input_sha256: receipt.map(|receipt| receipt.inputs),
            recorded: receipt.map(|receipt| receipt.durable),
            model,
            network_role,
        };
        // What the disk had no room for is to be tried again.
        self.held = (is_held && traced.recorded != Some(false)).then(|| traced.clone());
        self.show(&traced);
        if !repeated {
            self.publish(last.as_ref(), &traced);
        }
        traced
    }

    /// Publishes what is known now, for those who read.
    fn show(&self, traced: &Traced) {
        let last = self.view.borrow().clone();
        let sample_end = self.last_sample.map(|sample| sample.end);
        let is_missing = sample_end.and_then(|end| self.brain.blind(end)) == Some(Blind::Missing);
        let prediction = match self.brain.forecast() {
            Some(forecast) if self.forecast_is_new || last.prediction.is_none() => {
                // A device keeps its forecasts to itself.
                let here = self.brain.device().is_none();
                let model = if here { &self.model.name } else { NO_MODEL };
                Some(Arc::new(Prediction::new(model, forecast)))
            }
            Some(_) => last.prediction.clone(),
            None => None,
        };
        let (decision, notes) = (Some(traced.clone()), self.notes(&traced.decision));
        let view = View { sample_end, is_missing, decision, prediction, notes, ..*last };
        self.view.send_replace(Arc::new(view));
    }

    /// Holds a new decision to the promises. What a device knows is not known here, so of what it
    /// decides only the limits can be told.
    fn watch(&mut self, decision: &Decision, situation: Option<&Situation>) {
        let broken = if self.brain.device().is_some() {
            (!invariant::is_within_limits(decision.jobs, &self.settings)).then_some(Promise::Bounds)
        } else {
            self.promises.check(decision, self.last_sample.as_ref(), situation, &self.settings)
        };
        if let Some(promise) = broken {
            self.broken(promise, decision);
        }
    }

    fn broken(&self, promise: Promise, of: &impl fmt::Debug) {
        self.audience.tell(Event::Broken(promise));
        tracing::error!("promise {} is broken: please report this: {of:?}", promise.id());
    }

    fn publish(&mut self, last: Option<&Decision>, traced: &Traced) {
        let decision = &traced.decision;
        if last.is_none_or(|l| (l.jobs, l.stage) != (decision.jobs, decision.stage)) {
            tracing::info!(
                jobs = decision.jobs.0,
                have = decision.have.0,
                stage = word(&decision.stage),
                margin = decision.preference.map(|preference| preference.margin),
                forecast = decision.forecast.map(|basis| basis.source.words()),
                network_weight = decision.forecast.map(|basis| basis.network_weight[0]),
                "{}",
                decision.reason.sentence()
            );
        }
        // Without networks there is nothing that could fail.
        let has_networks = self.model.sha256.is_some();
        let failures = if has_networks { self.brain.failures() } else { [0, 0] };
        self.audience.tell(Event::Decided { decision, failures });
        if let Some(sample) = &self.last_sample {
            let situation = self.brain.situation(decision.at);
            let figures = self.brain.figures();
            let mut snapshot = Snapshot::new(sample, situation.as_ref(), decision.clone());
            snapshot.virtual_sample = self.brain.virtual_sample().copied();
            snapshot.figures = Some(figures);
            snapshot.latency = self.latencies.quantiles();
            snapshot.input_sha256 = traced.input_sha256;
            if std::mem::take(&mut self.forecast_is_new) {
                snapshot.forecast = self.brain.forecast().cloned();
            }
            self.audience.tell(Event::Moment(&snapshot));
        }
        self.decisions.send_replace(Some(traced.clone()));
    }
}

/// Whether `next` says nothing that `last` did not say.
fn repeats(last: &Decision, next: &Decision) -> bool {
    let same = (last.jobs, last.stage) == (next.jobs, next.stage);
    same && (last.epoch == next.epoch || next.stage == Stage::Hold)
}
