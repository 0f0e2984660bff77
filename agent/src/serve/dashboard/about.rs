//! What stays the same while a page is open.

use super::learning::Learning;
use crate::decide::ModelId;
use crate::decide::figures::Price;
use scaleiq_core::policy::NetworkRole;
use scaleiq_core::settings::Settings;
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
    /// Percent of the events that should be.
    pub objective_percent: f32,
    /// Median seconds until a job works.
    pub start_up_s: f32,
    /// What traffic in intervals of this length can teach.
    pub learning: Learning,
    /// Data older than this are no ground to act on.
    pub stale_after_s: u32,
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
            objective_percent: settings.objective.percent(),
            start_up_s: settings.start_up_s,
            learning: Learning::new(settings.interval.seconds(), &[]),
            stale_after_s: settings.stale_after_s,
            min_jobs: settings.limits.min().0,
            max_jobs: settings.limits.max().0,
            ..Self::default()
        }
    }
}
