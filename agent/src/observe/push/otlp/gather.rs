//! The shares of all exporters in one reading. Each pushes at its own times, so a reading is made when all have
//! spoken since the last: what lacks the share of one would look as if less had come.

use super::contract::{ExportMetricsServiceRequest, KeyValue, Metric, Resource};
use super::exporter::Exporter;
use super::mapping::{Mapping, Role, text};
use crate::observe::queue::{Amount, QueueReading};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Most exporters that are remembered.
const MAX_EXPORTERS: usize = 512;
/// Shortest time between two readings.
const ROUND: Duration = Duration::from_secs(1);
/// Attributes of a resource that tell one exporter from another, best first.
const IDENTITIES: [&str; 5] =
    ["service.instance.id", "k8s.pod.uid", "k8s.pod.name", "container.id", "host.name"];

/// What all exporters have pushed.
#[derive(Debug)]
pub(super) struct Gatherer {
    mapping: Mapping,
    /// Whether the exporters that process are the jobs.
    counts_jobs: bool,
    begun: Instant,
    round: Instant,
    heard: Option<Instant>,
    exporters: BTreeMap<String, Exporter>,
    arrived: f64,
    processed: f64,
    work_s: f64,
    worked: f64,
}

impl Gatherer {
    /// Nobody has pushed anything by `now`.
    pub(super) fn new(mapping: Mapping, counts_jobs: bool, now: Instant) -> Self {
        Self {
            mapping,
            counts_jobs,
            begun: now,
            round: now,
            heard: None,
            exporters: BTreeMap::new(),
            arrived: 0.0,
            processed: 0.0,
            work_s: 0.0,
            worked: 0.0,
        }
    }

    /// Takes what was pushed at `now`; gives the number of points for which there is no room.
    pub(super) fn take(&mut self, request: &ExportMetricsServiceRequest, now: Instant) -> usize {
        let mut rejected = 0;
        for told in &request.resource_metrics {
            let attributes = told.resource.as_ref().map_or(&[][..], |r: &Resource| &r.attributes);
            if !self.mapping.is_ours(attributes) {
                continue;
            }
            let metrics = told.scope_metrics.iter().flat_map(|scope| &scope.metrics);
            let is_used = |metric: &&Metric| self.mapping.roles(&metric.name).next().is_some();
            let metrics: Vec<&Metric> = metrics.filter(is_used).collect();
            if metrics.is_empty() {
                continue;
            }
            let name = name(attributes);
            if !self.exporters.contains_key(&name) && !self.make_room(now) {
                rejected += metrics.len();
                continue;
            }
            let exporter = self.exporters.entry(name).or_default();
            let gain = exporter.take(&metrics, &self.mapping, self.begun, now);
            self.arrived += gain.arrived;
            self.processed += gain.processed;
            self.work_s += gain.work_s;
            self.worked += gain.worked;
            rejected += gain.rejected;
            self.heard = Some(now);
            if gain.resets > 0 {
                tracing::info!("{} totals of an exporter began anew", gain.resets);
            }
        }
        rejected
    }

    /// Forgets one that is gone, if none more fits; says whether one fits.
    fn make_room(&mut self, now: Instant) -> bool {
        if self.exporters.len() >= MAX_EXPORTERS {
            let gone = self.exporters.iter().filter(|(_, exporter)| !exporter.counts(now));
            let oldest = gone.max_by_key(|(_, exporter)| exporter.silence(now));
            let Some(name) = oldest.map(|(name, _)| name.clone()) else { return false };
            self.exporters.remove(&name);
        }
        true
    }

    /// Time since anybody was heard of; `None` if nobody was.
    pub(super) fn silence(&self, now: Instant) -> Option<Duration> {
        self.heard.map(|heard| now.duration_since(heard))
    }

    /// Returns what is known at `now`, if all whose share counts have spoken since the last reading.
    pub(super) fn reading(&mut self, now: Instant) -> Option<QueueReading> {
        let mut counted: Vec<&mut Exporter> =
            self.exporters.values_mut().filter(|exporter| exporter.counts(now)).collect();
        let is_complete = !counted.is_empty() && counted.iter().all(|e| e.has_spoken());
        if !is_complete || now.duration_since(self.round) < ROUND {
            return None;
        }
        self.round = now;
        let total = |role, total| match counted.iter().any(|exporter| exporter.tells(role)) {
            true => Amount::Total(total),
            false => Amount::Unknown,
        };
        let arrived = total(Role::Arrived, self.arrived);
        let processed = total(Role::Processed, self.processed);
        let works = |exporter: &&&mut Exporter| {
            exporter.tells(Role::Processed) || exporter.tells(Role::Work)
        };
        let jobs = counted.iter().filter(works).count();
        let mut waiting = None;
        for exporter in &mut counted {
            let tells = exporter.tells(Role::Waiting);
            match (tells, exporter.end_round(now)) {
                (false, _) => {}
                (true, Some(level)) => {
                    waiting = Some(waiting.unwrap_or(Some(0.0)).map(|w| w + level))
                }
                (true, None) => waiting = Some(None),
            }
        }
        let work_s = std::mem::take(&mut self.work_s);
        let worked = std::mem::take(&mut self.worked);
        Some(QueueReading {
            arrived,
            processed,
            waiting: waiting.flatten(),
            work_ms: (worked > 0.0).then(|| work_s / worked * 1000.0),
            jobs_ready: self.counts_jobs.then_some(jobs as f64),
            ..QueueReading::default()
        })
    }
}

/// What an exporter calls itself.
fn name(attributes: &[KeyValue]) -> String {
    let of = |name: &str| attributes.iter().find(|a| a.key == name).map(text);
    let service = of("service.name").unwrap_or_default();
    let instance = IDENTITIES.iter().find_map(|name| of(name)).unwrap_or_default();
    format!("{service}/{instance}")
}
