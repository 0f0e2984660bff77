//! Plays ScaleIQ with faults: each kind by itself, against the run without.

use super::play::Plan;
use crate::decide::Decider;
use crate::lab::replay::TICK_S;
use crate::observe::{Intake, Reported, Trust};
use crate::platform::clock::Moment;
use scaleiq_core::sample::Sample;
use scaleiq_workload::sim::faults::{Course, FaultPlan, Tick, Trial, Verdict};

/// Plays every fault of `faults` by itself; the first run is without. `decider` makes a new one for
/// each run, `progress` is told of each tick and of what goes wrong in it.
///
/// # Errors
/// If no decider can be made.
pub fn play(
    plan: &Plan,
    faults: &FaultPlan,
    decider: &mut dyn FnMut() -> anyhow::Result<Box<dyn Decider>>,
    progress: &mut dyn FnMut(&str),
) -> anyhow::Result<Vec<Verdict>> {
    let trial = Trial {
        load: &plan.load,
        world: plan.world,
        limits: plan.limits,
        tick_s: TICK_S,
        seed: plan.seed,
        warm_s: plan.warm_s,
    };
    let mut course = |name: &str, one: &FaultPlan| -> anyhow::Result<Course> {
        let mut decider = decider()?;
        let mut intake = Intake::new(Trust::Receiver, None);
        Ok(trial.play(one, &mut |tick: &Tick| {
            progress(name);
            for sample in take(tick, &mut intake) {
                // What is refused changes nothing.
                let _ = decider.observe(&sample);
            }
            decider.decide(tick.truth.end).jobs
        }))
    };
    let clean = course("no fault", &FaultPlan::default())?;
    let kinds = faults.kinds();
    kinds
        .map(|kind| {
            let one = FaultPlan::default().with(kind, faults.per_day(kind));
            Ok(Verdict::of(kind, &clean, &course(kind.name(), &one)?))
        })
        .collect()
}

/// What the loop is given of what was told, as it is live: samples in order, senders summed.
pub fn take(tick: &Tick, intake: &mut Intake) -> Vec<Sample> {
    let now = Moment { wall: tick.truth.end, ours: tick.truth.end };
    let told = |told: &scaleiq_workload::sim::faults::Reported| {
        let gated = told.sample.gate().ok()?;
        Some(Reported { source: Some(told.sender.to_string()), ..Reported::from(gated.sample) })
    };
    let body: Vec<Reported> = tick.told.iter().filter_map(told).collect();
    intake.compare_clocks(&body, now);
    let admitted = body.iter().filter_map(|told| intake.admit(told, now).ok());
    admitted.flat_map(|admitted| admitted.samples).collect()
}
