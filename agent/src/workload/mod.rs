//! The loop: it alone owns the controller, and everything else asks it.
//!
//! It runs in a thread of its own, since an inference blocks for a millisecond. Requests come
//! through a bounded channel and are answered in order, so a decision belongs to exactly the
//! samples that came before it.

mod handle;
mod ingest;
mod prediction;
mod pulse;
mod recorder;
mod snapshot;
mod unread;

pub use handle::{Handle, NotReady};
pub use prediction::{HorizonRates, Prediction, StepEvents};
pub use recorder::Traced;
pub use snapshot::Snapshot;

use crate::decide::figures::Latencies;
use crate::decide::{Brain, ModelId, NO_MODEL};
use crate::journal::{Journal, Past};
use crate::observe::{Assumption, Intake, Trust};
use crate::platform::clock::Clock;
use crate::telemetry::Metrics;
use crate::text::word;
use handle::Request;
use pulse::Pulse;
use recorder::Recorder;
use scaleiq_core::decision::Decision;
use scaleiq_core::policy::{NetworkRole, Stage};
use scaleiq_core::sample::Sample;
use scaleiq_core::settings::Settings;
use scaleiq_core::situation::Blind;
use scaleiq_core::units::UnixSeconds;
use std::collections::VecDeque;
use std::io;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, watch};
use unread::Unread;

/// Requests that may wait.
const QUEUE: usize = 64;
/// Time between two lines that tell that no data come.
const WARN_EVERY: Duration = Duration::from_secs(60);
/// A sample that ends further ahead of our clock says nothing of the present.
const MAX_AHEAD_S: i64 = 300;

/// The running loop.
pub struct Control {
    brain: Box<dyn Brain>,
    settings: Settings,
    model: ModelId,
    metrics: Metrics,
    recorder: Recorder,
    /// Who is told what is new.
    audience: Box<dyn Fn(Snapshot) + Send>,
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
    warned: Option<Instant>,
}

impl Control {
    /// Starts the loop, with a brain that was told the `past` of `journal`, if there is one.
    /// Samples are placed in time by whom `trust` names. Decisions come out of the receiver; the loop
    /// ends when told to stop.
    ///
    /// # Errors
    /// If the system gives no thread.
    pub fn start(
        brain: Box<dyn Brain>,
        settings: Settings,
        model: ModelId,
        (journal, past): (Option<Journal>, Option<Past>),
        trust: Trust,
        metrics: Metrics,
        audience: impl Fn(Snapshot) + Send + 'static,
    ) -> io::Result<(Handle, watch::Receiver<Option<Traced>>, JoinHandle<()>)> {
        let (sender, receiver) = mpsc::channel(QUEUE);
        let (decisions, decided) = watch::channel(None);
        let (last_sample, last) = past.map_or((None, None), |p| (Some(p.sample), p.decision));
        let recorder = Recorder::new(journal, last, metrics.clone());
        let last_end = last_sample.map(|sample| sample.end);
        if let Some(end) = last_end {
            metrics.resumed(end);
        }
        let clock = Clock::after(last_end);
        let counted = metrics.clone();
        let pulse = Pulse::default();
        let control = Self {
            brain,
            settings,
            model,
            metrics,
            recorder,
            audience: Box::new(audience),
            decisions,
            clock: clock.clone(),
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
        let beat = pulse.clone();
        let thread = thread.spawn(move || control.run(receiver, &beat))?;
        Ok((Handle::new(sender, clock, pulse, counted), decided, thread))
    }

    fn run(mut self, mut requests: mpsc::Receiver<Request>, pulse: &Pulse) {
        loop {
            pulse.beat();
            // While a body is read, whoever asks is answered in between.
            let request = if self.unread.is_empty() {
                requests.blocking_recv().map_or(Request::Stop, |request| request)
            } else {
                requests.try_recv().unwrap_or(Request::Nothing)
            };
            let now = self.clock.now().ours;
            // Who asked may have gone meanwhile; then the answer is of no use to anyone.
            match request {
                Request::Ingest(samples, reply) => self.begin(samples, reply),
                Request::Predict(reply) => {
                    let _ = reply.send(self.predict(now));
                }
                Request::Decide(reply) => {
                    let _ = reply.send(self.answer(now));
                }
                Request::Ready(reply) => {
                    let _ = reply.send(self.fresh(now).map(|()| self.notes()));
                }
                // Before the first sample there is nothing to hold on to.
                Request::Tick if self.last_sample.is_none() => {}
                Request::Tick => {
                    self.decide(now);
                    self.warn(now);
                }
                Request::Nothing => {}
                Request::Stop => break,
            }
            self.read_on();
        }
    }

    /// Tells again and again that data are missing: whoever looks at the log later must see it.
    fn warn(&mut self, now: UnixSeconds) {
        let Err(blind) = self.fresh(now) else { return };
        if self.warned.is_none_or(|warned| warned.elapsed() >= WARN_EVERY) {
            self.warned = Some(Instant::now());
            tracing::warn!("cannot decide: {blind}");
        }
    }

    /// Decides, records, and then makes known what is new.
    fn decide(&mut self, now: UnixSeconds) -> Traced {
        let stale = self.brain.blind(now) == Some(Blind::Stale);
        if let Some(held) = self.held.as_ref().filter(|_| stale) {
            return held.clone();
        }
        let begin = Instant::now();
        let decision = self.brain.decide(now);
        if let Some(observed_in) = self.observed_in.take() {
            let took = observed_in + begin.elapsed();
            self.latencies.push(took);
            self.metrics.decided_in(took);
        }
        let receipt = self.recorder.decision(&decision, stale);
        let last = self.decisions.borrow().as_ref().map(|last| last.decision.clone());
        let repeated = last.as_ref().is_some_and(|last| repeats(last, &decision));
        let device = self.brain.device();
        if let Some(health) = device {
            self.metrics.device(health);
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
        if !repeated {
            self.publish(last.as_ref(), &traced);
        }
        traced
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
        self.metrics.decided(decision, failures);
        if let Some(sample) = &self.last_sample {
            let situation = self.brain.situation(decision.at);
            let figures = self.brain.figures();
            self.metrics.figures(&figures);
            let mut snapshot = Snapshot::new(sample, situation.as_ref(), decision.clone());
            snapshot.virtual_sample = self.brain.virtual_sample().copied();
            snapshot.figures = Some(figures);
            snapshot.latency = self.latencies.quantiles();
            snapshot.input_sha256 = traced.input_sha256;
            if std::mem::take(&mut self.forecast_is_new) {
                snapshot.forecast = self.brain.forecast().cloned();
            }
            (self.audience)(snapshot);
        }
        self.decisions.send_replace(Some(traced.clone()));
    }

    fn answer(&mut self, now: UnixSeconds) -> Result<Traced, NotReady> {
        if self.last_sample.is_none() {
            return Err(NotReady::NoSample);
        }
        Ok(self.decide(now))
    }

    fn fresh(&self, now: UnixSeconds) -> Result<(), NotReady> {
        let Some(sample) = &self.last_sample else { return Err(NotReady::NoSample) };
        let ahead_s = sample.end.since(now);
        if ahead_s > MAX_AHEAD_S {
            return Err(NotReady::Future { ahead_s });
        }
        match self.brain.blind(now) {
            None => Ok(()),
            Some(Blind::Missing) => Err(NotReady::Missing),
            Some(Blind::Stale) => Err(NotReady::Stale {
                age_s: now.since(sample.end),
                stale_after_s: self.settings.stale_after_s,
            }),
        }
    }

    fn predict(&self, now: UnixSeconds) -> Result<Prediction, NotReady> {
        match self.fresh(now) {
            // The forecast needs arrivals alone.
            Ok(()) | Err(NotReady::Missing) => {}
            Err(error) => return Err(error),
        }
        let forecast = self
            .brain
            .forecast()
            .ok_or_else(|| NotReady::NoForecast { interval_s: self.settings.interval.seconds() })?;
        // A device keeps its forecasts to itself.
        let model = if self.brain.device().is_some() { NO_MODEL } else { &self.model.name };
        Ok(Prediction::new(model, forecast))
    }
}

/// Whether `next` says nothing that `last` did not say.
fn repeats(last: &Decision, next: &Decision) -> bool {
    let same = (last.jobs, last.stage) == (next.jobs, next.stage);
    same && (last.epoch == next.epoch || next.stage == Stage::Hold)
}
