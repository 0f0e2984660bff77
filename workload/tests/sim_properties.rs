//! What must hold in the simulator for every load, world and policy.

use proptest::prelude::*;
use scaleiq_core::sample::{Reading, Sample};
use scaleiq_core::units::{JobLimits, Jobs, UnixSeconds};
use scaleiq_workload::baselines::{HpaRule, ScalingRule};
use scaleiq_workload::sim::{
    Load, LoadSettings, STEP_S, Score, Series, Simulator, Step, TICK_S, World, run,
};

fn limits(min: u32, max: u32) -> JobLimits {
    JobLimits::new(min, max).unwrap()
}

/// A bursty load of some hours that needs about 10 jobs.
fn bursty(hours: usize) -> Load {
    let counts: Vec<f32> = (0..60 * hours).map(|m| 60.0 + 40.0 * (m as f32 / 50.0).sin()).collect();
    let start = UnixSeconds(1_000_000);
    let series = Series { start, interval_s: 60, counts_events: &counts };
    Load::from_series(&series, &LoadSettings::default(), 5).unwrap()
}

/// A load that needs exactly this many jobs at every moment.
fn steady(jobs: f32, steps: usize) -> Load {
    let rate_per_s = jobs / 0.1;
    let arrivals_events = rate_per_s * STEP_S as f32;
    let step = Step { rate_per_s, arrivals_events, work_s: 0.1, speed: 1.0 };
    Load::from_steps(UnixSeconds(0), vec![step; steps]).unwrap()
}

fn constant(load: &Load, world: World, jobs: u32) -> Score {
    run(load, world, limits(jobs, jobs), TICK_S, 7, 0, &mut |_| Jobs(jobs))
}

fn samples(world: World, seed: u64) -> Vec<Sample> {
    let load = bursty(12);
    let mut simulator = Simulator::new(&load, world, limits(1, 100), TICK_S, seed);
    let mut rule = HpaRule::default();
    core::iter::from_fn(|| {
        let sample = simulator.tick()?;
        simulator.set_jobs(rule.decide(&sample));
        Some(sample)
    })
    .collect()
}

#[test]
fn a_pool_may_begin_with_no_job_that_is_up() {
    let load = steady(10.0, 720);
    let still = World { start_sigma: 0.0, mtbf_h: 0.0, ..World::queue() };
    let simulator = Simulator::new(&load, still, limits(1, 100), TICK_S, 7);
    let mut simulator = simulator.with_first_jobs(Jobs(0));
    simulator.set_jobs(Jobs(20));
    let ready: Vec<Jobs> =
        (0..3).filter_map(|_| simulator.tick().and_then(|sample| sample.jobs_ready)).collect();
    assert_eq!(ready, [Jobs(0), Jobs(0), Jobs(20)]);
    assert!(simulator.backlog_events() > 0.0, "it waits for its jobs");
    assert_eq!(simulator.score().job_hours, 20.0 * 90.0 / 3600.0);
}

#[test]
fn the_seed_decides_everything() {
    let world = World { missing_sample_probability: 0.1, mtbf_h: 3.0, ..World::kafka() };
    // `Debug` prints floats so that they can be told apart to the last bit.
    let play = |seed| format!("{:?}", samples(world, seed));
    assert_eq!(play(1), play(1));
    assert_ne!(play(1), play(2));
    let make = |seed| {
        let series =
            Series { start: UnixSeconds(0), interval_s: 60, counts_events: &[9.0, 5.0, 7.0] };
        Load::from_series(&series, &LoadSettings::default(), seed).unwrap()
    };
    assert_eq!(make(1), make(1));
    assert_ne!(make(1), make(2));
}

#[test]
fn losing_samples_does_not_change_the_world() {
    let load = bursty(6);
    let lossy = World { missing_sample_probability: 0.5, mtbf_h: 3.0, ..World::kafka() };
    let whole = World { missing_sample_probability: 0.0, ..lossy };
    assert_eq!(constant(&load, lossy, 30), constant(&load, whole, 30));
}

#[test]
fn samples_are_lost_as_often_as_asked_for() {
    let world = World { missing_sample_probability: 0.2, ..World::queue() };
    let all = samples(world, 3);
    let lost: Vec<_> =
        all.iter().filter(|s| s.arrivals_events == Reading::Missing).copied().collect();
    let share = lost.len() as f64 / all.len() as f64;
    assert!((share - 0.2).abs() < 0.03, "{share}");
    assert!(lost.iter().all(|s| s.jobs_ready.is_none() && s.backlog_events == Reading::Missing));
    assert!(all.iter().zip(&all[1..]).all(|(a, b)| b.end.since(a.end) == i64::from(TICK_S)));
    assert!(samples(World::queue(), 3).iter().all(|s| s.arrivals_events != Reading::Missing));
}

#[test]
fn a_constant_pool_costs_its_size_times_the_time() {
    let load = steady(7.0, 1440);
    let score = constant(&load, World { mtbf_h: 1.0, ..World::queue() }, 10);
    // Crashed jobs are replaced at once, and a starting job is paid for.
    assert_eq!(score.job_hours, 10.0 * 2.0);
    assert!((score.cost_over_ideal - 10.0 / 7.0).abs() < 1e-6);
    assert_eq!(score.actions_per_day, 0.0);
}

#[test]
fn a_huge_pool_is_never_late_and_a_small_one_falls_behind() {
    let load = bursty(12);
    let huge = constant(&load, World::queue(), 1000);
    assert_eq!((huge.sla, huge.p99_wait_s, huge.max_backlog_events), (1.0, 0, 0.0));
    let load = steady(10.0, 720);
    let mut simulator = Simulator::new(&load, World::queue(), limits(1, 8), TICK_S, 0);
    let mut last = 0.0;
    while simulator.tick().is_some() {
        simulator.set_jobs(Jobs(8));
        assert!(simulator.backlog_events() > last || simulator.played_steps() <= 6);
        last = simulator.backlog_events();
    }
    let score = simulator.score();
    assert!(score.sla < 0.2 && score.p99_wait_s > 600, "{score:?}");
    assert!((score.events - 360_000.0).abs() < 1e-6, "those that still wait count too");
}

#[test]
fn a_warm_up_is_played_and_not_scored() {
    let load = steady(5.0, 1440);
    let mut asked = 0;
    let score = run(&load, World::queue(), limits(1, 50), TICK_S, 1, 3600, &mut |_| {
        asked += 1;
        Jobs(if asked <= 120 { asked % 2 + 20 } else { 10 })
    });
    assert_eq!(asked, 240);
    // One tick passes before the 10 jobs too many are stopped.
    assert!((score.job_hours - 10.0 - 10.0 / 120.0).abs() < 1e-9, "{score:?}");
    assert_eq!(score.events, 180_000.0);
    // The last decision of the warm-up is not counted, the first after it is.
    assert_eq!(score.actions_per_day, 24.0);
}

#[test]
fn a_part_of_a_tick_at_the_end_is_played_without_a_sample() {
    let load = steady(5.0, 8);
    let mut simulator = Simulator::new(&load, World::queue(), limits(1, 50), TICK_S, 1);
    assert!(simulator.tick().is_some() && !simulator.is_over());
    assert!(simulator.tick().is_none() && simulator.is_over());
    assert_eq!(simulator.tick_cost().arrived_events, 500.0);
    assert_eq!((simulator.score().events, simulator.now()), (2000.0, UnixSeconds(40)));
    assert!(simulator.tick().is_none());
}

#[test]
fn an_environment_can_own_its_load() {
    let mut owner = Simulator::new(
        std::sync::Arc::new(steady(1.0, 60)),
        World::queue(),
        limits(1, 5),
        TICK_S,
        0,
    );
    assert!(owner.tick().is_some());
}

fn worlds() -> impl Strategy<Value = World> {
    (0.0f32..300.0, 0.0f32..1.0, 0u32..30, 0.05f32..100.0, 0u32..120, 0.0f32..0.5).prop_map(
        |(start_median_s, start_sigma, pause_s, mtbf_h, sla_s, missing_sample_probability)| World {
            start_median_s,
            start_sigma,
            pause_s,
            mtbf_h,
            sla_s,
            missing_sample_probability,
        },
    )
}

/// Steps from idle to far too much, with standstills.
fn loads() -> impl Strategy<Value = Load> {
    let step = (0.0f32..2000.0, 0.0f32..1.0, 0.01f32..1.0, 0.0f32..2.0).prop_map(
        |(rate_per_s, full, work_s, speed)| Step {
            rate_per_s,
            arrivals_events: if full < 0.2 { 0.0 } else { (5.0 * rate_per_s * full).floor() },
            work_s,
            speed: if speed < 0.1 { 0.0 } else { speed },
        },
    );
    prop::collection::vec(step, 1..200)
        .prop_map(|steps| Load::from_steps(UnixSeconds(0), steps).unwrap())
}

fn is_sound(reading: Reading) -> bool {
    reading.known().is_none_or(|v| v.is_finite() && v >= 0.0)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn events_are_neither_lost_nor_made(
        load in loads(),
        world in worlds(),
        commands in prop::collection::vec(0u32..400, 1..40),
        tick_s in 0u32..60,
        seed: u64,
    ) {
        let limits = limits(1, 300);
        let mut simulator = Simulator::new(&load, world, limits, tick_s, seed);
        let (mut arrived, mut begun, mut late, mut paid_job_s) = (0.0, 0.0, 0.0, 0.0);
        let mut commands = commands.into_iter().cycle();
        loop {
            let sample = simulator.tick();
            let cost = simulator.tick_cost();
            arrived += cost.arrived_events;
            begun += cost.begun_events;
            late += cost.late_events;
            paid_job_s += cost.paid_job_s;
            let crumbs = 1e-6 * (1.0 + arrived);
            prop_assert!((arrived - begun - simulator.backlog_events()).abs() <= crumbs);
            let score = simulator.score();
            prop_assert!((score.events - arrived).abs() <= crumbs);
            prop_assert!((0.0..=1.0).contains(&score.sla));
            prop_assert!((1.0 - score.sla) * score.events >= late - crumbs);
            prop_assert!((score.job_hours * 3600.0 - paid_job_s).abs() <= 1e-6 * paid_job_s);
            let Some(sample) = sample else { break };
            for reading in [sample.arrivals_events, sample.processed_events, sample.backlog_events,
                sample.queued_events, sample.work_ms] {
                prop_assert!(is_sound(reading), "{sample:?}");
            }
            let wanted = Jobs(commands.next().unwrap());
            simulator.set_jobs(wanted);
            let once = format!("{simulator:?}");
            simulator.set_jobs(wanted);
            prop_assert_eq!(once, format!("{simulator:?}"), "asking twice equals asking once");
            let have = simulator.jobs_ready().0 + simulator.jobs_starting().0;
            prop_assert_eq!((have, simulator.wanted()), (limits.clamp(wanted).0, limits.clamp(wanted)));
        }
        prop_assert!(simulator.is_over());
    }
}
