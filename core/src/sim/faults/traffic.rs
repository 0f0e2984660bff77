//! Faults of the traffic: arrivals are missing for a while, or for good.

use super::FaultPlan;
use super::episode::Episodes;
use super::kind::Family;
use crate::sim::Load;

/// The load as it comes under a plan's faults of traffic. Nothing comes by chance in the first
/// `quiet_steps`.
pub(super) fn under(plan: &FaultPlan, seed: u64, quiet_steps: u32, load: &Load) -> Load {
    let mut episodes = Episodes::new(plan.family(Family::Traffic), seed, quiet_steps);
    load.silenced(|step| !episodes.at(step, 1, 0.0).is_empty())
}
