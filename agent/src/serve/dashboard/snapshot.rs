//! What the dashboard is told, once per decision.

use crate::brain::ModelId;
use crate::hindsight::STEPS_AHEAD;
use crate::journal::Digest;
use scaleiq_core::decision::Decision;
use scaleiq_core::forecast::{Forecast, ForecastSource, Q10, Q50, Q90, QUANTILES};
use scaleiq_core::policy::NetworkRole;
use scaleiq_core::sample::Sample;
use scaleiq_core::settings::Settings;
use scaleiq_core::sim::Score;
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
    /// The part that its Q-network has in decisions,
    pub network_role: NetworkRole,
    /// and that in a sentence.
    pub network: &'static str,
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
    /// What the pool is compared with, such as `static pool of 40`.
    pub baseline: Option<String>,
    /// Size of that pool, if it does not change.
    pub baseline_jobs: Option<u32>,
}

impl About {
    /// The part that follows from a workload's settings.
    #[must_use]
    pub fn new(
        workload: &str,
        mode: &'static str,
        model: &ModelId,
        network_role: NetworkRole,
        settings: &Settings,
    ) -> Self {
        Self {
            workload: workload.into(),
            mode,
            model: model.name.clone(),
            model_sha256: model.sha256.clone(),
            network_role,
            network: network_role.sentence(),
            version: env!("CARGO_PKG_VERSION"),
            sla_s: settings.sla_s,
            start_up_s: settings.start_up_s,
            min_jobs: settings.limits.min().0,
            max_jobs: settings.limits.max().0,
            ..Self::default()
        }
    }
}

/// How well a pool did so far; what is not known is `None`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Standing {
    /// Share of events that began in time.
    pub sla: Option<f64>,
    /// Job-hours paid.
    pub job_hours: Option<f64>,
    /// Job time paid over the least possible.
    pub cost_over_ideal: Option<f64>,
    /// Changes of the number of jobs per day.
    pub actions_per_day: Option<f64>,
    /// Wait that 99 % of events did not exceed.
    pub p99_wait_s: Option<u32>,
    /// Largest backlog.
    pub max_backlog_events: Option<f64>,
}

impl From<Score> for Standing {
    fn from(score: Score) -> Self {
        Self {
            sla: Some(score.sla),
            job_hours: Some(score.job_hours),
            cost_over_ideal: Some(score.cost_over_ideal),
            actions_per_day: Some(score.actions_per_day),
            p99_wait_s: Some(score.p99_wait_s),
            max_backlog_events: Some(score.max_backlog_events),
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
    /// Wait of an event that arrives now.
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
    /// How the pool did so far.
    pub standing: Option<Standing>,
    /// How the pool that it is compared with did.
    pub baseline: Option<Standing>,
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
            wait_s: situation.map(Situation::wait_s),
            ready: sample.jobs_ready,
            starting: sample.jobs_starting,
            need_jobs: situation.map(|s| s.need(s.rate.0)),
            decision,
            input_sha256: None,
            forecast: None,
            standing: None,
            baseline: None,
        }
    }
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
                stage: Stage::Network,
                base: Base::Required,
                multiplier: Some(1.0),
                q_values: None,
                proposed: Jobs(jobs),
                changes: Default::default(),
                reason: Reason::Steady,
                outlook: None,
                prospects: None,
                doubts: Default::default(),
                preference: None,
                forecast: None,
            },
            input_sha256: None,
            forecast: None,
            standing: None,
            baseline: None,
        }
    }
}
