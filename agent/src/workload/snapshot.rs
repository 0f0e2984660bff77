//! What is made known with each decision.

use super::Learned;
use crate::decide::figures::{Figures, Latency};
use crate::journal::Digest;
use scaleiq_core::decision::Decision;
use scaleiq_core::estimation::Estimate;
use scaleiq_core::forecast::Forecast;
use scaleiq_core::sample::Sample;
use scaleiq_core::units::{Jobs, UnixSeconds};

/// One moment: what was seen, and what was decided on it.
#[derive(Clone, Debug, PartialEq)]
pub struct Snapshot {
    /// End of the sample.
    pub at: UnixSeconds,
    /// Arrivals in events per second.
    pub arrivals_per_s: Option<f32>,
    /// Backlog at the end of the sample.
    pub backlog_events: Option<f32>,
    /// Wait of an event that arrives in the real pool now.
    pub wait_s: Option<f32>,
    /// Jobs that work.
    pub ready: Option<Jobs>,
    /// Jobs asked for and not up yet.
    pub starting: Option<Jobs>,
    /// Jobs that the present rate keeps fully busy.
    pub need_jobs: Option<f32>,
    /// What is measured of the pool, by the present estimate.
    pub learned: Option<Learned>,
    /// The decision.
    pub decision: Decision,
    /// Hash over all that it followed from.
    pub input_sha256: Option<Digest>,
    /// The forecast that it was based on, if it is new.
    pub forecast: Option<Forecast>,
    /// What the virtual pool told, if the decision was made for it.
    pub virtual_sample: Option<Sample>,
    /// How it goes, if that was worked out.
    pub figures: Option<Figures>,
    /// How long decisions take, if that is known.
    pub latency: Option<Latency>,
}

impl Snapshot {
    /// What a sample and the decision on it tell; `estimate` is what the controller made of it.
    #[must_use]
    pub fn new(sample: &Sample, estimate: Option<&Estimate>, decision: Decision) -> Self {
        let span_s = sample.interval_s.max(1) as f32;
        Self {
            at: sample.end,
            arrivals_per_s: sample.arrivals_events.known().map(|events| events / span_s),
            backlog_events: sample.backlog_events.known(),
            wait_s: wait_s(sample, estimate),
            ready: sample.jobs_ready,
            starting: sample.jobs_starting,
            need_jobs: estimate.map(|s| s.offered_load(s.rate.0)),
            learned: estimate.map(Learned::from),
            decision,
            input_sha256: None,
            forecast: None,
            virtual_sample: None,
            figures: None,
            latency: None,
        }
    }
}

/// In shadow mode the estimate is that of the virtual pool, and only its work is also the real one's.
fn wait_s(sample: &Sample, estimate: Option<&Estimate>) -> Option<f32> {
    let (backlog, jobs) = (sample.backlog_events.known()?, sample.jobs_ready?);
    Some(backlog * estimate?.work_s / jobs.as_f32().max(1.0))
}
