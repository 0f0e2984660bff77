//! What the agent tells Prometheus.

use super::decisions::DecisionMetrics;
use super::figures::FigureMetrics;
use super::limits::LimitMetrics;
use super::outcomes::{ActuationResult, OutcomeMetrics};
use super::samples::SampleMetrics;
use crate::decide::figures::ForecastFigures;
use crate::decide::{Mode, ModelId};
use crate::platform::supervise::{Condition, Lifecycle};
use crate::workload::{Event, Subscriber};
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;
use scaleiq_core::invariant::Promise;
use scaleiq_core::policy::NetworkRole;
use scaleiq_core::settings::Settings;
use scaleiq_core::units::{JobLimits, Jobs, UnixSeconds};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// All metrics of a workload; cheap to clone.
#[derive(Clone, Debug)]
pub struct Metrics {
    registry: Arc<Mutex<Registry>>,
    samples: SampleMetrics,
    decisions: DecisionMetrics,
    outcomes: OutcomeMetrics,
    figures: FigureMetrics,
    limits: LimitMetrics,
}

impl Metrics {
    /// Metrics of one workload, all at zero. Beside those of others each has its name as a label.
    #[must_use]
    pub fn new(settings: &Settings, model: &ModelId, mode: Mode, workload: Option<&str>) -> Self {
        let label = workload.map(|name| ("workload".into(), name.to_string().into()));
        let registry = Registry::with_prefix_and_labels("scaleiq", label.into_iter());
        let metrics = Self {
            registry: Arc::new(Mutex::new(registry)),
            samples: SampleMetrics::default(),
            decisions: DecisionMetrics::new(settings.interval),
            outcomes: OutcomeMetrics::default(),
            figures: FigureMetrics::default(),
            limits: LimitMetrics::default(),
        };
        metrics.register(model, mode, settings.limits);
        metrics
    }

    fn register(&self, model: &ModelId, mode: Mode, limits: JobLimits) {
        let mut r = self.registry.lock().unwrap_or_else(PoisonError::into_inner);
        let about = Info::new([
            ("version", env!("CARGO_PKG_VERSION").to_string()),
            ("model", model.name.clone()),
            ("model_sha256", model.sha256.clone().unwrap_or_default()),
            ("mode", mode.word().to_string()),
        ]);
        r.register("agent", "This agent", about);
        self.samples.register(&mut r);
        self.decisions.register(&mut r, model);
        self.outcomes.register(&mut r);
        self.figures.register(&mut r);
        self.limits.register(&mut r, limits);
    }

    /// Samples are read by the part of this lifecycle; the first that is told counts.
    pub fn read_by(&self, lifecycle: Lifecycle) {
        self.samples.read_by(lifecycle);
    }

    /// The pool is looked at by the part of this lifecycle; the first that is told counts.
    pub fn pool_by(&self, lifecycle: Lifecycle) {
        self.samples.pool_by(lifecycle);
    }

    /// Whether the model that is configured could be loaded.
    pub fn model_loaded(&self, loaded: bool) {
        self.decisions.set_model_loaded(loaded);
    }

    /// The part that the model's Q-network has in decisions.
    pub fn network_role(&self, role: NetworkRole) {
        self.decisions.network_role(role);
    }

    /// A promise was seen to be broken.
    pub fn broken(&self, promise: Promise) {
        self.decisions.broken(promise);
    }

    /// The actuator was at work.
    pub fn acted(&self, acted: ActuationResult) {
        self.outcomes.acted(acted);
    }

    /// The decision `id` was carried out, for `jobs`.
    pub fn applied(&self, id: u64, jobs: Jobs) {
        self.outcomes.applied(id, jobs);
    }

    /// What tells whether all is well at `now`.
    #[must_use]
    pub fn signs(&self, now: UnixSeconds) -> Signs {
        Signs {
            data_age_s: self.samples.age_s(now),
            actuator_failures: self.outcomes.failures(),
            actuator_error: self.outcomes.error(),
            has_journal: self.outcomes.has_journal(),
            journal_fails: self.outcomes.journal_fails(),
            model_loaded: self.decisions.is_model_loaded(),
            source: self.samples.reader(),
            pool: self.samples.pool(),
            broken: self.decisions.all_broken(),
        }
    }

    /// How forecasts of the first horizon did in the last week; `None` before that is known.
    #[must_use]
    pub fn forecasts(&self) -> Option<ForecastFigures> {
        self.figures.forecasts()
    }

    /// Everything as text in OpenMetrics.
    ///
    /// # Errors
    /// If a metric cannot be written.
    pub fn text(&self, now: UnixSeconds) -> Result<String, fmt::Error> {
        // One at a time: two that bring the same counter up to date would count twice.
        let registry = self.registry.lock().unwrap_or_else(PoisonError::into_inner);
        self.samples.refresh(now);
        let mut text = String::new();
        encode(&mut text, &registry)?;
        Ok(text)
    }
}

impl Subscriber for Metrics {
    fn take(&self, event: Event<'_>) {
        match event {
            Event::Resumed(end) => self.samples.resumed(end),
            Event::Taken(sample) => self.samples.taken(sample),
            Event::Refused(refusal) => self.samples.refused(refusal),
            Event::Warned(warning) => self.samples.warned(warning),
            Event::Sources(sources) => self.samples.sources(sources),
            Event::Forecast(forecast) => self.decisions.forecast_made(forecast),
            Event::Decided { decision, failures } => self.decisions.decided(decision, failures),
            Event::DecidedIn(took) => self.decisions.decided_in(took),
            Event::Moment(snapshot) => snapshot.figures.iter().for_each(|f| self.figures.tell(f)),
            Event::Device(health) => self.decisions.device(health),
            Event::Recorded { durable } => self.outcomes.recorded(durable),
            Event::JournalSize(bytes) => self.outcomes.journal_size(bytes),
            Event::Carried(carried) => self.outcomes.carried(carried),
            Event::Limits(in_force) => self.limits.set(in_force),
            Event::Broken(promise) => self.decisions.broken(promise),
        }
    }
}

/// What tells whether all is well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signs {
    /// Age of the last sample; `None` before the first.
    pub data_age_s: Option<i64>,
    /// Failures of the actuator since it last succeeded,
    pub actuator_failures: i64,
    /// since when, and why; `None` while it works.
    pub actuator_error: Option<(UnixSeconds, String)>,
    /// Whether there is a journal.
    pub has_journal: bool,
    /// Whether it could not be written the last time.
    pub journal_fails: bool,
    /// Whether what decides is what is configured.
    pub model_loaded: bool,
    /// How what reads samples is; `None` where they are posted.
    pub source: Option<Condition>,
    /// How what looks at the pool is; `None` where nothing does.
    pub pool: Option<Condition>,
    /// How often each promise was seen to be broken.
    pub broken: [(Promise, u64); Promise::ALL.len()],
}
