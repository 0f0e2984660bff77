//! What decides, whatever is inside it.

use super::figures::Figures;
use scaleiq_core::decision::Decision;
use scaleiq_core::estimation::{Estimate, NoEstimate};
use scaleiq_core::forecast::Forecast;
use scaleiq_core::interval::TimeError;
use scaleiq_core::policy::NetworkRole;
use scaleiq_core::sample::Sample;
use scaleiq_core::units::{JobLimits, Jobs, UnixSeconds};

/// A [`scaleiq_core::controller::Controller`] of any make, beside the pools that tell what comes of its decisions.
pub trait Decider: Send {
    /// Takes a sample; true if it completed a model interval, so that the forecast is new.
    ///
    /// # Errors
    /// If the sample is not after the last one.
    fn observe(&mut self, sample: &Sample) -> Result<bool, TimeError>;

    /// Keeps within `limits` from the next decision on; what was learned stays.
    fn set_limits(&mut self, limits: JobLimits);

    /// Decides how many jobs should run from `now` on.
    fn decide(&mut self, now: UnixSeconds) -> Decision;

    /// What is known at `now`, unless the data is stale or incomplete.
    fn estimate(&self, now: UnixSeconds) -> Option<Estimate>;

    /// Why there is nothing to decide on at `now`.
    fn no_estimate(&self, now: UnixSeconds) -> Option<NoEstimate>;

    /// The latest forecast.
    fn forecast(&self) -> Option<&Forecast>;

    /// How often the forecaster and the policy had to do without their networks.
    fn failures(&mut self) -> [u32; 2];

    /// The part that a Q-network has in decisions.
    fn network_role(&self) -> NetworkRole;

    /// Goes on where another decider decided `jobs` at `at`: no scale-down comes before its window.
    fn resume(&mut self, jobs: Jobs, at: UnixSeconds);

    /// Whether the real pool does not obey, from the next sample on. Decisions are then made for a
    /// virtual pool that does, beside it: the one that would have been. It is off at first.
    fn set_shadow(&mut self, on: bool);

    /// What the virtual pool told last, in shadow mode: what the last decision was made on.
    fn virtual_sample(&self) -> Option<&Sample>;

    /// So many jobs were decided elsewhere: the pool obeys, in shadow mode the virtual one.
    fn obey(&mut self, jobs: Jobs);

    /// How it goes.
    fn figures(&self) -> Figures;

    /// Tells figures only of what comes from now on.
    fn restart_figures(&mut self);

    /// How the device fares that decides, if one does.
    fn device(&self) -> Option<Health> {
        None
    }
}

/// How a device fares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Health {
    /// Whether the last decision was the device's.
    pub decides: bool,
    /// How often it was lost since the start.
    pub outages: u64,
}
