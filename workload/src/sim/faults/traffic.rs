//! Faults of the traffic: arrivals are missing for a while, or for good.

use super::FaultPlan;
use super::episode::{Episode, Episodes};
use super::kind::Family;
use crate::sim::Load;

/// The load as it comes under a plan's faults of traffic, and when they come. Nothing comes by chance
/// in the first `quiet_steps`.
pub(super) fn under(
    plan: &FaultPlan,
    seed: u64,
    quiet_steps: u32,
    load: &Load,
) -> (Load, Vec<Episode>) {
    let mut episodes = Episodes::new(plan.family(Family::Traffic), seed, quiet_steps);
    let mut all: Vec<Episode> = Vec::new();
    let load = load.silenced(|step| {
        let now = episodes.at(step, 1, 0.0);
        all.extend(now.iter().filter(|episode| episode.begin == step));
        !now.is_empty()
    });
    (load, all)
}
