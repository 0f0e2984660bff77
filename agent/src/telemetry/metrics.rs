//! What the agent tells Prometheus.

use super::exposition::Exposition;
use super::figures::FigureMetrics;
use super::kinds::{Float, Labels};
use super::known::Known;
use crate::decide::figures::Figures;
use crate::decide::{Health, Mode, ModelId};
use crate::observe::{Refusal, SourceStatus, Warning, WarningKind};
use crate::platform::supervise::{Condition, Lifecycle};
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};
use scaleiq_core::decision::Decision;
use scaleiq_core::forecast::{Forecast, HORIZONS};
use scaleiq_core::invariant::Promise;
use scaleiq_core::policy::NetworkRole;
use scaleiq_core::sample::Sample;
use scaleiq_core::settings::Settings;
use scaleiq_core::units::{Jobs, UnixSeconds};
use serde::Serialize;
use std::fmt;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

/// What became of a decision at the actuator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Acted {
    /// Carried out.
    Done,
    /// It failed.
    Failed,
    /// Shadow mode or a dry run: it would have been carried out.
    Withheld,
    /// Stdout is blocked, and a newer one took its place.
    Superseded,
    /// Fewer jobs, and the journal could not be written: not carried out (promise J-1).
    Unrecorded,
}

impl Acted {
    const ALL: [Self; 5] =
        [Self::Done, Self::Failed, Self::Withheld, Self::Superseded, Self::Unrecorded];

    fn word(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Withheld => "withheld",
            Self::Superseded => "superseded",
            Self::Unrecorded => "unrecorded",
        }
    }
}

/// All metrics; cheap to clone.
#[derive(Clone, Debug)]
pub struct Metrics {
    registry: Arc<Mutex<Registry>>,
    last_sample_end: Arc<AtomicI64>,
    data_age_s: Float,
    jobs_wanted: Known<i64>,
    jobs_ready: Known<i64>,
    jobs_starting: Known<i64>,
    backlog: Known<f64>,
    rate: Known<f64>,
    forecast: Family<Labels<2>, Float>,
    expert_weights: Family<Labels<2>, Float>,
    network_weight: Family<Labels<1>, Float>,
    network_effect: Family<Labels<1>, Float>,
    /// Absent before the Q-network was asked.
    margin: Family<Labels<1>, Float>,
    network_can_act: Gauge,
    band: Family<Labels<2>, Float>,
    decisions: Family<Labels<2>, Counter>,
    guard_changes: Family<Labels<1>, Counter>,
    doubts: Family<Labels<1>, Counter>,
    samples: Counter,
    refused: Family<Labels<1>, Counter>,
    warned: Family<Labels<2>, Counter>,
    sources: Gauge,
    sources_silent: Gauge,
    /// What reads samples, if anything does.
    reader: Arc<OnceLock<Lifecycle>>,
    source_running: Known<i64>,
    source_restarts: Counter,
    clock_offset_s: Family<Labels<1>, Gauge>,
    connections_closed: Family<Labels<1>, Counter>,
    failures: Family<Labels<1>, Counter>,
    actuations: Family<Labels<1>, Counter>,
    failures_in_a_row: Gauge,
    violations: Family<Labels<1>, Counter>,
    jobs_applied: Known<i64>,
    applied_id: Known<i64>,
    recorded: Family<Labels<1>, Counter>,
    journal_failing: Gauge,
    journal_bytes: Known<i64>,
    model_loaded: Gauge,
    device_decides: Known<i64>,
    device_outages: Counter,
    figures: FigureMetrics,
    decision_s: Histogram,
    horizons_s: [u32; HORIZONS.len()],
}

impl Metrics {
    /// Metrics of one workload, all at zero.
    #[must_use]
    pub fn new(settings: &Settings, model: &ModelId, mode: Mode) -> Self {
        let metrics = Self {
            registry: Arc::new(Mutex::new(Registry::with_prefix("scaleiq"))),
            last_sample_end: Arc::new(AtomicI64::new(i64::MIN)),
            data_age_s: Float::default(),
            jobs_wanted: Known::default(),
            jobs_ready: Known::default(),
            jobs_starting: Known::default(),
            backlog: Known::default(),
            rate: Known::default(),
            forecast: Family::default(),
            expert_weights: Family::default(),
            network_weight: Family::default(),
            network_effect: Family::default(),
            margin: Family::default(),
            network_can_act: Gauge::default(),
            band: Family::default(),
            decisions: Family::default(),
            guard_changes: Family::default(),
            doubts: Family::default(),
            samples: Counter::default(),
            refused: Family::default(),
            warned: Family::default(),
            sources: Gauge::default(),
            sources_silent: Gauge::default(),
            reader: Arc::default(),
            source_running: Known::default(),
            source_restarts: Counter::default(),
            clock_offset_s: Family::default(),
            connections_closed: Family::default(),
            failures: Family::default(),
            actuations: Family::default(),
            failures_in_a_row: Gauge::default(),
            violations: Family::default(),
            jobs_applied: Known::default(),
            applied_id: Known::default(),
            recorded: Family::default(),
            journal_failing: Gauge::default(),
            journal_bytes: Known::default(),
            model_loaded: Gauge::default(),
            device_decides: Known::default(),
            device_outages: Counter::default(),
            figures: FigureMetrics::default(),
            // From 0.1 ms to 3 s.
            decision_s: Histogram::new(exponential_buckets(1e-4, 2.0, 16)),
            horizons_s: HORIZONS
                .map(|h| settings.interval.seconds().saturating_mul(h.try_into().unwrap_or(0))),
        };
        metrics.register(model, mode);
        // A series that appears with its first event has no increase that an alert could see.
        for refusal in Refusal::ALL {
            metrics.refused.get_or_create_owned(&[("reason", refusal.word().into())]);
        }
        for kind in WarningKind::OF_SAMPLES {
            metrics
                .warned
                .get_or_create_owned(&[("field", "".into()), ("kind", kind.word().into())]);
        }
        for closed in CLOSED {
            metrics.connections_closed.get_or_create_owned(&[("reason", closed.into())]);
        }
        for network in NETWORKS {
            metrics.failures.get_or_create_owned(&[("network", network.into())]);
        }
        for acted in Acted::ALL {
            metrics.actuations.get_or_create_owned(&[("result", acted.word().into())]);
        }
        for promise in Promise::ALL {
            metrics.violations.get_or_create_owned(&[("promise", promise.id().into())]);
        }
        for result in RECORDED {
            metrics.recorded.get_or_create_owned(&[("result", result.into())]);
        }
        metrics
    }

    fn register(&self, model: &ModelId, mode: Mode) {
        let m = self.clone();
        let mut r = self.registry.lock().unwrap_or_else(PoisonError::into_inner);
        let about = Info::new([
            ("version", env!("CARGO_PKG_VERSION").to_string()),
            ("model", model.name.clone()),
            ("model_sha256", model.sha256.clone().unwrap_or_default()),
            ("mode", mode.word().to_string()),
        ]);
        r.register("agent", "This agent", about);
        r.register("jobs_wanted", "Jobs that should run, by the last decision", m.jobs_wanted);
        r.register("jobs_ready", "Jobs that work, by the last sample", m.jobs_ready);
        r.register("jobs_starting", "Jobs that were asked for and are not up", m.jobs_starting);
        r.register("backlog_events", "Backlog at the end of the last sample", m.backlog);
        r.register("arrival_rate", "Arrivals in the last sample, in events per second", m.rate);
        let help =
            "Forecast arrivals in events per second, by seconds ahead and level of the quantile";
        r.register("forecast_rate", help, m.forecast);
        let help = "Weight of each expert in the forecast, by seconds ahead; `baseline` stands in for a \
                    network that is not there or failed";
        r.register("expert_weight", help, m.expert_weights);
        let help = "Weight of the network in the forecast that was decided on, by seconds ahead; 0 if \
                    the experts were alone";
        r.register("forecast_network_weight", help, m.network_weight);
        let help = "Share of the median forecast that would be missing without the network, by seconds \
                    ahead";
        r.register("forecast_network_effect", help, m.network_effect);
        let help = "By how much the Q-network valued its best multiplier above the plan, and what is \
                    needed to act, when it was last asked";
        r.register("network_margin", help, m.margin);
        let help =
            "1 if the model's Q-network may move the plan, 0 if it cannot act or there is none";
        r.register("network_can_act", help, m.network_can_act);
        let help = "Distance of a quantile from the mixture, in mean absolute errors";
        r.register("forecast_band", help, m.band);
        r.register("decisions", "Decisions, by rung of the ladder and reason", m.decisions);
        r.register("guard_changes", "Changes of a proposal by a constraint", m.guard_changes);
        r.register("doubts", "Samples not taken as they were read, by what was doubted", m.doubts);
        r.register("samples", "Samples taken", m.samples);
        r.register("sample_errors", "Samples refused, by reason", m.refused);
        let help =
            "Fields of samples not taken as they were told, and what else to heed about them";
        r.register("sample_warnings", help, m.warned);
        r.register("sources", "Senders whose samples are summed", m.sources);
        r.register("sources_silent", "Senders whose share is missing", m.sources_silent);
        let help = "1 while what reads samples does its work, 0 while it waits or is restarted";
        r.register("source_running", help, m.source_running);
        let help = "Times that what reads samples failed and was started again";
        r.register("source_restarts", help, m.source_restarts);
        let help = "Seconds added to the times of a sender, by its name";
        r.register_with_unit("source_clock_offset", help, Unit::Seconds, m.clock_offset_s);
        let help = "Connections closed before they asked anything, to make room or for time";
        r.register("connections_closed", help, m.connections_closed);
        r.register("model_failures", "Inferences that failed, by network", m.failures);
        let help = "1 if what decides is what is configured, 0 if its model cannot be used";
        r.register("model_loaded", help, m.model_loaded);
        r.register("actuations", "Changes handed to the actuator, by result", m.actuations);
        let help = "Failures of the actuator since it last succeeded";
        r.register("actuator_failures_in_a_row", help, m.failures_in_a_row);
        let help = "Decisions that broke a promise, by its number: see docs/promises.md";
        r.register("promise_violations", help, m.violations);
        let help = "Jobs that were last carried out";
        r.register("jobs_applied", help, m.jobs_applied);
        let help = "Identifier of the decision last carried out";
        r.register("applied_decision_id", help, m.applied_id);
        let help = "Writes to the journal: durable before anything was done, or failed";
        r.register("journal_writes", help, m.recorded);
        let help = "1 while the journal cannot be written, and jobs are not taken away";
        r.register("journal_failing", help, m.journal_failing);
        r.register("journal_bytes", "Size of the journal", m.journal_bytes);
        // Without a device there is none that could be lost.
        if model.is_device() {
            let help = "1 if the device made the last decision, 0 if the plan here stood in for it";
            r.register("device_decides", help, m.device_decides);
            r.register("device_outages", "Times that the device was lost", m.device_outages);
        }
        m.figures.register(&mut r);
        let help = "Time from a sample to the decision on it";
        r.register_with_unit("decision_duration", help, Unit::Seconds, m.decision_s);
        let help = "Age of the last sample; +Inf before the first";
        r.register_with_unit("data_age", help, Unit::Seconds, m.data_age_s);
    }

    /// A sample was taken.
    pub(super) fn sample_taken(&self, sample: &Sample) {
        self.samples.inc();
        self.last_sample_end.store(sample.end.0, Ordering::Relaxed);
        if let Some(ready) = sample.jobs_ready {
            self.jobs_ready.set(ready.0.into());
        }
        if let Some(starting) = sample.jobs_starting {
            self.jobs_starting.set(starting.0.into());
        }
        if let Some(backlog) = sample.backlog_events.known() {
            self.backlog.set(backlog.into());
        }
        if let Some(arrivals) = sample.arrivals_events.known() {
            self.rate.set(f64::from(arrivals) / f64::from(sample.interval_s.max(1)));
        }
    }

    /// The journal ends with a sample that ended then.
    pub(super) fn resumed(&self, end: UnixSeconds) {
        self.last_sample_end.store(end.0, Ordering::Relaxed);
    }

    /// A sample was refused.
    pub(super) fn sample_refused(&self, refusal: Refusal) {
        self.refused.get_or_create(&[("reason", refusal.word().into())]).inc();
    }

    /// Something of a sample was not taken as it was told.
    pub(super) fn sample_warned(&self, warning: &Warning) {
        // Names that nobody knows may be any, and there is no end of them.
        let field = match (&warning.field, warning.kind) {
            (_, WarningKind::Unknown | WarningKind::Unused) => "other",
            (field, _) => field.as_deref().unwrap_or_default(),
        };
        let labels = [("field", field.to_string()), ("kind", warning.kind.word().into())];
        self.warned.get_or_create(&labels).inc();
    }

    /// These are all the senders there are.
    pub(super) fn sources(&self, sources: &[SourceStatus]) {
        let all = i64::try_from(sources.len()).unwrap_or(i64::MAX);
        if all < self.sources.get() {
            self.clock_offset_s.clear();
        }
        for source in sources {
            let labels = [("source", source.name.clone())];
            self.clock_offset_s.get_or_create(&labels).set(source.shift_s);
        }
        self.sources.set(all);
        let silent = sources.iter().filter(|source| source.silent).count();
        self.sources_silent.set(i64::try_from(silent).unwrap_or(i64::MAX));
    }

    /// A connection was closed: to make room for another, or since it had lasted too long.
    pub fn connection_closed(&self, for_room: bool) {
        let [room, time] = CLOSED;
        let reason = if for_room { room } else { time };
        self.connections_closed.get_or_create_owned(&[("reason", reason.into())]).inc();
    }

    /// A decision was made; `failures` are totals of the forecaster and the policy.
    pub(super) fn decided(&self, decision: &Decision, failures: [u32; 2]) {
        self.jobs_wanted.set(decision.jobs.0.into());
        let labels = [("stage", word(&decision.stage)), ("reason", word(&decision.reason))];
        self.decisions.get_or_create(&labels).inc();
        for change in &decision.changes {
            self.guard_changes.get_or_create(&[("constraint", word(&change.by))]).inc();
        }
        for doubt in decision.doubts.iter() {
            self.doubts.get_or_create(&[("doubt", word(&doubt))]).inc();
        }
        for (network, total) in NETWORKS.into_iter().zip(failures) {
            let counter = self.failures.get_or_create_owned(&[("network", network.into())]);
            counter.inc_by(u64::from(total).saturating_sub(counter.get()));
        }
        if let Some(preference) = &decision.preference {
            for (what, value) in [("seen", preference.margin), ("needed", preference.needed)] {
                self.margin.get_or_create(&[("margin", what.into())]).set(value.into());
            }
        }
        if let Some(basis) = &decision.forecast {
            for (horizon, seconds) in self.horizons_s.iter().enumerate() {
                let labels = [("ahead_s", seconds.to_string())];
                let (weight, effect) =
                    (basis.network_weight[horizon], basis.network_effect[horizon]);
                self.network_weight.get_or_create(&labels).set(weight.into());
                self.network_effect.get_or_create(&labels).set(effect.into());
            }
        }
        let Some(outlook) = &decision.outlook else { return };
        for (seconds, rates) in self.horizons_s.iter().zip(outlook.horizons) {
            for (quantile, rate) in ["0.1", "0.5", "0.9"].into_iter().zip(rates) {
                let labels = [("ahead_s", seconds.to_string()), ("level", quantile.into())];
                self.forecast.get_or_create(&labels).set(rate.into());
            }
        }
    }

    /// A forecast was made.
    pub(super) fn forecast_made(&self, forecast: &Forecast) {
        let Some(makeup) = &forecast.makeup else { return };
        for (horizon, seconds) in self.horizons_s.iter().enumerate() {
            let labels = |name: &'static str, value: &str| {
                [("ahead_s", seconds.to_string()), (name, value.to_string())]
            };
            for (expert, weight) in forecast.expert_weights(horizon).into_iter().flatten() {
                let gauge = self.expert_weights.get_or_create_owned(&labels("expert", expert));
                gauge.set(weight.into());
            }
            for (quantile, distance) in ["0.1", "0.9"].into_iter().zip(makeup.band[horizon]) {
                self.band.get_or_create_owned(&labels("level", quantile)).set(distance.into());
            }
        }
    }

    /// A decision took so long.
    pub(super) fn decided_in(&self, took: Duration) {
        self.decision_s.observe(took.as_secs_f64());
    }

    /// This is how it goes.
    pub(super) fn figures(&self, figures: &Figures) {
        self.figures.tell(figures);
    }

    /// Samples are read by the part of this lifecycle; the first that is told counts.
    pub fn read_by(&self, lifecycle: Lifecycle) {
        let _ = self.reader.set(lifecycle);
    }

    /// Whether the model that is configured could be loaded.
    pub fn model_loaded(&self, loaded: bool) {
        self.model_loaded.set(loaded.into());
    }

    /// The part that the model's Q-network has in decisions.
    pub fn network_role(&self, role: NetworkRole) {
        self.network_can_act.set((role == NetworkRole::CanAct).into());
    }

    /// How the device fares that decides.
    pub(super) fn device(&self, health: Health) {
        self.device_decides.set(health.decides.into());
        let counted = self.device_outages.get();
        self.device_outages.inc_by(health.outages.saturating_sub(counted));
    }

    /// The actuator was at work.
    pub fn acted(&self, acted: Acted) {
        self.actuations.get_or_create(&[("result", acted.word().into())]).inc();
        match acted {
            Acted::Failed => {
                self.failures_in_a_row.inc();
            }
            Acted::Done => {
                self.failures_in_a_row.set(0);
            }
            Acted::Withheld | Acted::Superseded | Acted::Unrecorded => {}
        }
    }

    /// The decision `id` was carried out, for `jobs`.
    pub fn applied(&self, id: u64, jobs: Jobs) {
        self.applied_id.set(i64::try_from(id).unwrap_or(i64::MAX));
        self.jobs_applied.set(jobs.0.into());
    }

    /// A promise was seen to be broken.
    pub fn broken(&self, promise: Promise) {
        self.violations.get_or_create_owned(&[("promise", promise.id().into())]).inc();
    }

    /// The journal was written, or could not be.
    pub(super) fn recorded(&self, durable: bool) {
        let [done, failed] = RECORDED;
        let result = if durable { done } else { failed };
        self.recorded.get_or_create_owned(&[("result", result.into())]).inc();
        self.journal_failing.set((!durable).into());
    }

    /// The journal has so many bytes.
    pub(super) fn journal_size(&self, bytes: u64) {
        self.journal_bytes.set(i64::try_from(bytes).unwrap_or(i64::MAX));
    }

    /// What tells whether all is well at `now`.
    #[must_use]
    pub fn signs(&self, now: UnixSeconds) -> Signs {
        let end = self.last_sample_end.load(Ordering::Relaxed);
        Signs {
            data_age_s: (end != i64::MIN).then(|| now.since(UnixSeconds(end))),
            actuator_failures: self.failures_in_a_row.get(),
            has_journal: self.journal_bytes.get().is_some(),
            journal_fails: self.journal_failing.get() != 0,
            model_loaded: self.model_loaded.get() != 0,
            source: self.reader.get().map(Lifecycle::condition),
            broken: Promise::ALL.map(|promise| {
                let count =
                    self.violations.get_or_create_owned(&[("promise", promise.id().into())]);
                (promise, count.get())
            }),
        }
    }

    /// Everything as text in `format`.
    ///
    /// # Errors
    /// If a metric cannot be written.
    pub fn text(&self, now: UnixSeconds, format: Exposition) -> Result<String, fmt::Error> {
        let age_s = match self.last_sample_end.load(Ordering::Relaxed) {
            i64::MIN => f64::INFINITY,
            end => now.since(UnixSeconds(end)) as f64,
        };
        self.data_age_s.set(age_s);
        if let Some(reader) = self.reader.get() {
            self.source_running.set(reader.condition().is_running().into());
            let counted = self.source_restarts.get();
            self.source_restarts.inc_by(reader.restarts().saturating_sub(counted));
        }
        let mut text = String::new();
        encode(&mut text, &self.registry.lock().unwrap_or_else(PoisonError::into_inner))?;
        Ok(format.of(text))
    }
}

/// What tells whether all is well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signs {
    /// Age of the last sample; `None` before the first.
    pub data_age_s: Option<i64>,
    /// Failures of the actuator since it last succeeded.
    pub actuator_failures: i64,
    /// Whether there is a journal.
    pub has_journal: bool,
    /// Whether it could not be written the last time.
    pub journal_fails: bool,
    /// Whether what decides is what is configured.
    pub model_loaded: bool,
    /// How what reads samples is; `None` where they are posted.
    pub source: Option<Condition>,
    /// How often each promise was seen to be broken.
    pub broken: [(Promise, u64); Promise::ALL.len()],
}

/// Why connections are closed.
const CLOSED: [&str; 2] = ["room", "time"];
/// What becomes of a record.
const RECORDED: [&str; 2] = ["done", "failed"];
/// The networks that can fail.
const NETWORKS: [&str; 2] = ["forecaster", "policy"];

/// The word by which a closed enum is known in decisions, too.
fn word(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        _ => "unknown".into(),
    }
}
