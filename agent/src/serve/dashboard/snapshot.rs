//! What the dashboard is told, once per decision.

use crate::brain::ModelId;
use crate::config::Price;
use crate::figures::{Figures, Latency};
use crate::hindsight::STEPS_AHEAD;
use crate::journal::Digest;
use scaleiq_core::decision::Decision;
use scaleiq_core::forecast::{Forecast, ForecastSource, Q10, Q50, Q90, QUANTILES};
use scaleiq_core::sample::Sample;
use scaleiq_core::settings::Settings;
use scaleiq_core::situation::Situation;
use scaleiq_core::units::{Jobs, UnixSeconds};
use serde::Serialize;

/// What stays the same while a page is open.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct About {
    /// Name of the workload.
    pub workload: String,
    /// `demo`, `shadow` or `active`: whether decisions are carried out, and on what.
    pub mode: &'static str,
    /// Name of the model.
    pub model: String,
    /// SHA-256 of its networks.
    pub model_sha256: Option<String>,
    /// Version of the program.
    pub version: &'static str,
    /// Simulated seconds per second; `None` in real time.
    pub speed: Option<f64>,
    /// Longest wait that is in time.
    pub sla_s: f32,
    /// Median seconds until a job works.
    pub start_up_s: f32,
    /// Fewest jobs.
    pub min_jobs: u32,
    /// Most jobs.
    pub max_jobs: u32,
    /// Size of the pool that it is compared with, if that does not change.
    pub static_jobs: Option<u32>,
    /// What a job costs, if that was told.
    pub price: Option<Price>,
}

impl About {
    /// The part that follows from a workload's settings.
    #[must_use]
    pub fn new(workload: &str, mode: &'static str, model: &ModelId, settings: &Settings) -> Self {
        Self {
            workload: workload.into(),
            mode,
            model: model.name.clone(),
            model_sha256: model.sha256.clone(),
            version: env!("CARGO_PKG_VERSION"),
            sla_s: settings.sla_s,
            start_up_s: settings.start_up_s,
            min_jobs: settings.limits.min().0,
            max_jobs: settings.limits.max().0,
            ..Self::default()
        }
    }
}

/// A forecast as rates in events per second, for drawing.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Fan {
    origin: i64,
    step_s: u32,
    source: ForecastSource,
    q10: Vec<f32>,
    q50: Vec<f32>,
    q90: Vec<f32>,
    /// How sure it is at the first horizon, 0..=1.
    confidence: f32,
}

impl From<&Forecast> for Fan {
    fn from(forecast: &Forecast) -> Self {
        let step_s = forecast.length.seconds();
        let rates = |q: usize| {
            let rate =
                |step: &[f32; QUANTILES.len()]| step.get(q).copied().unwrap_or(0.0) / step_s as f32;
            forecast.events.iter().map(rate).collect()
        };
        Self {
            origin: forecast.origin.0,
            step_s,
            source: forecast.source,
            q10: rates(Q10),
            q50: rates(Q50),
            q90: rates(Q90),
            confidence: forecast.confidence(STEPS_AHEAD - 1),
        }
    }
}

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
    /// What a sample and the decision on it tell; `situation` is what the controller made of it.
    #[must_use]
    pub fn new(sample: &Sample, situation: Option<&Situation>, decision: Decision) -> Self {
        let span_s = sample.interval_s.max(1) as f32;
        Self {
            at: sample.end,
            arrivals_per_s: sample.arrivals_events.known().map(|events| events / span_s),
            backlog_events: sample.backlog_events.known(),
            wait_s: wait_s(sample, situation),
            ready: sample.jobs_ready,
            starting: sample.jobs_starting,
            need_jobs: situation.map(|s| s.need(s.rate.0)),
            decision,
            input_sha256: None,
            forecast: None,
            virtual_sample: None,
            figures: None,
            latency: None,
        }
    }
}

/// In shadow mode the situation is that of the virtual pool, and only its work is also the real one's.
fn wait_s(sample: &Sample, situation: Option<&Situation>) -> Option<f32> {
    let (backlog, jobs) = (sample.backlog_events.known()?, sample.jobs_ready?);
    Some(backlog * situation?.work_s / jobs.as_f32().max(1.0))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use scaleiq_core::decision::Reason;
    use scaleiq_core::policy::Stage;
    use scaleiq_core::settings::Base;

    pub(in crate::serve::dashboard) fn snapshot(at: i64, jobs: u32) -> Snapshot {
        Snapshot {
            at: UnixSeconds(at),
            arrivals_per_s: Some(100.0),
            backlog_events: Some(0.0),
            wait_s: Some(0.0),
            ready: Some(Jobs(4)),
            starting: Some(Jobs(0)),
            need_jobs: Some(3.5),
            decision: Decision {
                epoch: at as u64,
                at: UnixSeconds(at),
                jobs: Jobs(jobs),
                have: Jobs(4),
                stage: Stage::Dqn,
                base: Base::Required,
                multiplier: Some(1.0),
                q_values: None,
                proposed: Jobs(jobs),
                changes: Default::default(),
                reason: Reason::Steady,
                outlook: None,
                prospects: None,
                doubts: Default::default(),
            },
            input_sha256: None,
            forecast: None,
            virtual_sample: None,
            figures: None,
            latency: None,
        }
    }
}
