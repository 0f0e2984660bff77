//! Shadow mode against a pool that does not obey, beside active mode on the same arrivals: a week of the
//! built-in sample in virtual time.

use agent::brain::{self, Brain, Engine, ModelChoice};
use agent::figures::{Figures, Pool};
use agent::planned::Calendar;
use agent::replay::{Replay, TICK_S, settings, static_jobs};
use scaleiq_core::sim::{
    HpaRule, Load, LoadSettings, ScalingRule, Score, Series, Simulator, StaticRule, World,
};
use scaleiq_core::units::{JobLimits, WEEK_S};
use scaleiq_data::sample_traffic::{SampleSpec, generate};
use std::sync::Arc;

/// The traffic's interval.
const INTERVAL_S: u32 = 120;
const SEED: u64 = 3;

/// A week of the built-in sample, for some 40 jobs at its peak.
fn week() -> Arc<Load> {
    let rows = (WEEK_S / INTERVAL_S) as usize;
    let sample = generate(&SampleSpec { seed: SEED, rows });
    let counts = sample.arrivals_filled();
    let series =
        Series { start: sample.start, interval_s: sample.length_s, counts_events: &counts };
    Arc::new(Load::from_series(&series, &LoadSettings::default(), SEED).unwrap())
}

fn limits() -> JobLimits {
    JobLimits::new(1, 100).unwrap()
}

fn brain(world: World) -> Box<dyn Brain> {
    let settings = settings(world, limits());
    brain::open(&ModelChoice::Shipped, Engine::Native, settings, Calendar::default()).unwrap().0
}

/// What ScaleIQ makes of the week where it is obeyed.
fn active(load: &Arc<Load>, world: World) -> (Score, Figures) {
    let mut replay = Replay::new(load, world, limits(), SEED, 0, brain(world));
    while replay.step().is_some() {}
    (replay.score(), replay.figures())
}

/// What a pool scaled by `rule` makes of it, and what ScaleIQ in shadow mode tells beside it, with how
/// often its number of jobs changed.
fn shadow(load: &Load, world: World, rule: &mut dyn ScalingRule) -> (Score, Figures, u32) {
    let mut simulator = Simulator::new(load, world, limits(), TICK_S, SEED);
    let mut brain = brain(world);
    brain.set_shadow(true);
    let (mut last, mut changes) = (None, 0);
    while let Some(sample) = simulator.tick() {
        brain.observe(&sample).unwrap();
        let decided = brain.decide(sample.end).jobs;
        changes += u32::from(last.replace(decided).is_some_and(|last| last != decided));
        simulator.set_jobs(rule.decide(&sample));
    }
    (simulator.score(), brain.figures(), changes)
}

#[test]
fn what_shadow_mode_tells_is_what_active_mode_does() {
    let load = week();
    for (name, world) in [("queue", World::queue()), ("slow", World::slow())] {
        let (obeyed, live) = active(&load, world);
        let fixed = &mut StaticRule { jobs: static_jobs(&load) };
        let (real, told, changes) = shadow(&load, world, fixed);
        println!(
            "{name}: active {obeyed:?}\nreal {real:?}\ntold {told:?}\nchanges {changes}, live {live:?}"
        );
        assert_eq!((told.scaleiq.pool, told.compared.pool), (Pool::Virtual, Pool::Real));

        // No flapping for want of a pool that follows.
        let changes_per_day = f64::from(changes) / 7.0;
        assert!(changes_per_day <= obeyed.actions_per_day, "{name}: {changes_per_day} {obeyed:?}");

        let saving = 1.0 - obeyed.job_hours / real.job_hours;
        let told_saving = told.saving_ratio.unwrap();
        assert!((told_saving / saving - 1.0).abs() < 0.03, "{name}: {told_saving} {saving}");
        let job_hours = told.scaleiq.job_hours.unwrap();
        assert!(
            (job_hours / obeyed.job_hours - 1.0).abs() < 0.03,
            "{name}: {job_hours} {obeyed:?}"
        );
        for (told, simulated) in [(&told.scaleiq, &obeyed), (&told.compared, &real)] {
            let sla = told.sla_ratio.unwrap();
            assert!((sla - simulated.sla).abs() < 0.003, "{name}: {sla} {simulated:?}");
        }
    }
}

#[test]
fn a_pool_that_another_scaler_moves_is_no_disturbance() {
    let (load, world) = (week(), World::queue());
    let (obeyed, live) = active(&load, world);
    let (real, told, changes) = shadow(&load, world, &mut HpaRule::default());
    println!("active {obeyed:?}\nreal {real:?}\ntold {told:?}\nchanges {changes}, live {live:?}");
    assert!(f64::from(changes) / 7.0 <= obeyed.actions_per_day, "{changes} {obeyed:?}");
    let saving = 1.0 - obeyed.job_hours / real.job_hours;
    assert!((told.saving_ratio.unwrap() - saving).abs() < 0.03, "{told:?} {saving}");

    // Active mode tells its real pool's figures, beside what an HPA would have had.
    assert_eq!((live.scaleiq.pool, live.compared.pool), (Pool::Real, Pool::Hpa));
    let (ours, hpa) = (live.scaleiq.job_hours.unwrap(), live.compared.job_hours.unwrap());
    assert!((ours / obeyed.job_hours - 1.0).abs() < 0.01, "{live:?} {obeyed:?}");
    assert!((hpa / real.job_hours - 1.0).abs() < 0.03, "{live:?} {real:?}");
    let soon = live.forecasts[0];
    assert!(soon.intervals > 4000 && soon.error_ratio.unwrap() < 0.5, "{soon:?}");
    assert!((0.7..0.9).contains(&soon.coverage_ratio.unwrap()), "{soon:?}");
}
