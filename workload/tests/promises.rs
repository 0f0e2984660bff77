//! Random histories full of faults, in which the pool lives on, held to every promise.

// The dice that core's own histories are thrown with.
#[path = "../../core/tests/promises/dice.rs"]
mod dice;

use dice::{Dice, HISTORIES};
use proptest::prelude::*;
use scaleiq_core::controller::Controller;
use scaleiq_core::invariant::{Promise, Watch};
use scaleiq_core::policy::{Dqn, Planner, Policy};
use scaleiq_core::settings::Settings;
use scaleiq_core::units::{DAY_S, JobLimits, UnixSeconds};
use scaleiq_workload::sim::faults::{FaultKind, FaultPlan, FaultySimulator};
use scaleiq_workload::sim::{Load, STEP_S, Simulator, Step, TICK_S, World};

/// Ticks of one history.
const TICKS: u32 = 24;
/// Episodes of a kind that a history meets on average, if they come by chance.
const EPISODES: f32 = 1.5;

/// A load that jumps, of up to 50 jobs.
fn load(dice: &mut Dice) -> Load {
    let per_tick = TICK_S / STEP_S;
    let work_s = 0.01 + dice.roll(100) as f32 / 100.0;
    let mut jobs = 0.0;
    let steps = (0..TICKS * per_tick).map(|step| {
        if step % (8 * per_tick) == 0 {
            jobs = dice.roll(50) as f32;
        }
        let rate_per_s = jobs / work_s;
        let arrivals_events = (rate_per_s * STEP_S as f32).round();
        Step { rate_per_s, arrivals_events, work_s, speed: 0.5 + dice.roll(100) as f32 / 100.0 }
    });
    Load::from_steps(UnixSeconds(1_700_000_000), steps.collect()).unwrap()
}

/// Up to four kinds of faults, often enough to be met.
fn plan(dice: &mut Dice) -> FaultPlan {
    let per_day = EPISODES * DAY_S as f32 / (TICKS * TICK_S) as f32;
    (0..1 + dice.roll(4)).fold(FaultPlan::default(), |plan, _| {
        let kind = FaultKind::ALL[dice.roll(FaultKind::ALL.len() as u64) as usize];
        plan.with(kind, per_day)
    })
}

/// Plays a history; gives the first promise that is broken.
fn play_faulty<P: Policy>(seed: u64, policy: P) -> Option<Promise> {
    let mut dice = Dice(seed);
    let min = dice.roll(4) as u32;
    let limits = JobLimits::new(min, min + 1 + dice.roll(200) as u32).unwrap();
    let settings = Settings::new(limits, 5.0 + dice.roll(300) as f32, 5.0 + dice.roll(300) as f32);
    let worlds = World::NAMES.map(|name| World::named(name).unwrap());
    let world = worlds[dice.roll(worlds.len() as u64) as usize];
    let simulator = Simulator::new(load(&mut dice), world, limits, TICK_S, seed);
    let mut faulty = FaultySimulator::new(simulator, plan(&mut dice), seed, 0);
    let mut controller = Controller::new(settings, Dice(seed ^ 1), policy);
    let (mut watch, mut last) = (Watch::default(), None);
    while let Some(tick) = faulty.tick() {
        let mut is_new = false;
        for sample in tick.samples() {
            let taken = controller.observe(&sample, |_, _| {}).is_ok();
            last = if taken { Some(sample) } else { last };
            is_new |= taken;
        }
        let now = tick.truth.end;
        let estimate = controller.estimate(now).ok();
        let decision = controller.decide(now);
        if is_new || estimate.is_none() {
            let broken = watch.check(&decision, last.as_ref(), estimate.as_ref(), &settings);
            if broken.is_some() {
                return broken;
            }
        }
        faulty.set_jobs(decision.jobs);
    }
    None
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(HISTORIES))]

    /// S-1, S-2, S-4, S-5 and S-7 hold whatever policy and forecaster say and whatever goes wrong.
    #[test]
    fn no_fault_breaks_a_promise(seed in any::<u64>()) {
        prop_assert_eq!(play_faulty(seed, Dice(seed ^ 2)).map(Promise::id), None);
    }

    /// ... and under the planner.
    #[test]
    fn the_planner_breaks_no_promise_whatever_goes_wrong(seed in any::<u64>()) {
        prop_assert_eq!(play_faulty(seed, Planner).map(Promise::id), None);
    }

    /// S-6: ... nor where a network fails as well.
    #[test]
    fn a_broken_network_breaks_no_promise_whatever_goes_wrong(seed in any::<u64>()) {
        prop_assert_eq!(play_faulty(seed, Dqn::new(Dice(seed ^ 3))).map(Promise::id), None);
    }
}
