//! What samples tell, and how they come, for Prometheus.

use super::kinds::{Float, Labels};
use super::known::Known;
use crate::observe::{Refusal, SourceStatus, Warning, WarningKind};
use crate::platform::supervise::{Condition, Lifecycle};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};
use scaleiq_core::sample::Sample;
use scaleiq_core::units::UnixSeconds;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, OnceLock};

/// The end of a sample that never came.
const NEVER: i64 = i64::MIN;

/// What samples tell, and how they come.
#[derive(Clone, Debug)]
pub(super) struct SampleMetrics {
    last_end: Arc<AtomicI64>,
    data_age_s: Float,
    jobs_ready: Known<i64>,
    jobs_starting: Known<i64>,
    backlog: Known<f64>,
    rate: Known<f64>,
    taken: Counter,
    refused: Family<Labels<1>, Counter>,
    warned: Family<Labels<2>, Counter>,
    sources: Gauge,
    sources_silent: Gauge,
    clock_offset_s: Family<Labels<1>, Gauge>,
    /// What reads samples, if anything does.
    reader: Arc<OnceLock<Lifecycle>>,
    source_running: Known<i64>,
    source_restarts: Counter,
    source_failures: Family<Labels<1>, Counter>,
    /// What looks at the pool, if anything does.
    pool: Arc<OnceLock<Lifecycle>>,
    pool_running: Known<i64>,
    pool_failures: Family<Labels<1>, Counter>,
}

impl Default for SampleMetrics {
    fn default() -> Self {
        Self {
            last_end: Arc::new(AtomicI64::new(NEVER)),
            data_age_s: Float::default(),
            jobs_ready: Known::default(),
            jobs_starting: Known::default(),
            backlog: Known::default(),
            rate: Known::default(),
            taken: Counter::default(),
            refused: Family::default(),
            warned: Family::default(),
            sources: Gauge::default(),
            sources_silent: Gauge::default(),
            clock_offset_s: Family::default(),
            reader: Arc::default(),
            source_running: Known::default(),
            source_restarts: Counter::default(),
            source_failures: Family::default(),
            pool: Arc::default(),
            pool_running: Known::default(),
            pool_failures: Family::default(),
        }
    }
}

impl SampleMetrics {
    /// Registers them. A series that appears with its first event has no increase that an alert could
    /// see, so those that count are there from the start.
    pub(super) fn register(&self, r: &mut Registry) {
        let m = self.clone();
        r.register("jobs_ready", "Jobs that work, by the last sample", m.jobs_ready);
        r.register("jobs_starting", "Jobs that were asked for and are not up", m.jobs_starting);
        r.register("backlog_events", "Backlog at the end of the last sample", m.backlog);
        r.register("arrival_rate", "Arrivals in the last sample, in events per second", m.rate);
        r.register("samples", "Samples taken", m.taken);
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
        let help = "Looks at the source that gave no sample, by kind";
        r.register("source_failures", help, m.source_failures);
        let help = "1 while what tells of the pool does its work, 0 while it waits or is restarted";
        r.register("pool_running", help, m.pool_running);
        let help = "Looks at the pool that told nothing, by kind";
        r.register("pool_failures", help, m.pool_failures);
        let help = "Seconds added to the times of a sender, by its name";
        r.register_with_unit("source_clock_offset", help, Unit::Seconds, m.clock_offset_s);
        let help = "Age of the last sample; +Inf before the first";
        r.register_with_unit("data_age", help, Unit::Seconds, m.data_age_s);
        for refusal in Refusal::ALL {
            self.refused.get_or_create_owned(&[("reason", refusal.word().into())]);
        }
        for kind in WarningKind::OF_SAMPLES {
            self.warned.get_or_create_owned(&[("field", "".into()), ("kind", kind.word().into())]);
        }
    }

    /// A sample was taken.
    pub(super) fn taken(&self, sample: &Sample) {
        self.taken.inc();
        self.resumed(sample.end);
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
        self.last_end.store(end.0, Ordering::Relaxed);
    }

    /// A sample was refused.
    pub(super) fn refused(&self, refusal: Refusal) {
        self.refused.get_or_create(&[("reason", refusal.word().into())]).inc();
    }

    /// Something of a sample was not taken as it was told.
    pub(super) fn warned(&self, warning: &Warning) {
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

    /// Samples are read by the part of this lifecycle; the first that is told counts.
    pub(super) fn read_by(&self, lifecycle: Lifecycle) {
        let _ = self.reader.set(lifecycle);
    }

    /// The pool is looked at by the part of this lifecycle; the first that is told counts.
    pub(super) fn pool_by(&self, lifecycle: Lifecycle) {
        let _ = self.pool.set(lifecycle);
    }

    /// How what looks at the pool is; `None` where nothing does.
    pub(super) fn pool(&self) -> Option<Condition> {
        self.pool.get().map(Lifecycle::condition)
    }

    /// How what reads samples is; `None` where they are posted.
    pub(super) fn reader(&self) -> Option<Condition> {
        self.reader.get().map(Lifecycle::condition)
    }

    /// Age of the last sample at `now`, in seconds; `None` before the first.
    pub(super) fn age_s(&self, now: UnixSeconds) -> Option<i64> {
        let end = self.last_end.load(Ordering::Relaxed);
        (end != NEVER).then(|| now.since(UnixSeconds(end)))
    }

    /// Brings up to date what changes by itself.
    pub(super) fn refresh(&self, now: UnixSeconds) {
        self.data_age_s.set(self.age_s(now).map_or(f64::INFINITY, |age_s| age_s as f64));
        if let Some(reader) = self.reader.get() {
            self.source_running.set(reader.condition().is_running().into());
            let counted = self.source_restarts.get();
            self.source_restarts.inc_by(reader.restarts().saturating_sub(counted));
            count(&self.source_failures, reader);
        }
        if let Some(pool) = self.pool.get() {
            self.pool_running.set(pool.condition().is_running().into());
            count(&self.pool_failures, pool);
        }
    }
}

/// Brings the counters of failures up to those of `lifecycle`.
fn count(failures: &Family<Labels<1>, Counter>, lifecycle: &Lifecycle) {
    for (kind, all) in lifecycle.failures() {
        let counter = failures.get_or_create_owned(&[("kind", kind.into())]);
        counter.inc_by(all.saturating_sub(counter.get()));
    }
}
