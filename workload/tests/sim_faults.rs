//! What must hold of faults in the simulator, and what a controller must do about them.

use scaleiq_core::sample::Sample;
use scaleiq_core::units::{JobLimits, Jobs, UnixSeconds};
use scaleiq_workload::baselines::{HpaRule, ScalingRule};
use scaleiq_workload::sim::faults::{
    Course, Episode, Family, FaultKind, FaultPlan, FaultySimulator, Tick, Trial,
};
use scaleiq_workload::sim::{Load, LoadSettings, Scale, Series, Simulator, TICK_S, World};

const HOURS: usize = 24;

/// Waves of four hours, of up to 20 jobs.
fn load() -> Load {
    let wave = |k: usize| 1000.0 + 600.0 * (std::f32::consts::TAU * k as f32 / 240.0).cos();
    let counts: Vec<f32> = (0..HOURS * 60).map(wave).collect();
    let start = UnixSeconds(1_700_000_040);
    let series = Series { start, interval_s: 60, counts_events: &counts };
    let settings = LoadSettings { scale: Scale::PeakJobs(20.0), ..LoadSettings::default() };
    Load::from_series(&series, &settings, 3).unwrap()
}

const SEED: u64 = 5;

fn trial(load: &Load, seed: u64) -> Trial<'_> {
    let limits = JobLimits::new(1, 200).unwrap();
    Trial { load, world: World::queue(), limits, tick_s: TICK_S, seed, warm_s: 0 }
}

/// A fault often enough to be met.
fn often(kind: FaultKind) -> FaultPlan {
    FaultPlan::default().with(kind, 12.0)
}

/// Plays a pool of constant size.
fn constant(plan: &FaultPlan, jobs: u32) -> (Course, Vec<Tick>) {
    constant_by(SEED, plan, jobs)
}

fn constant_by(seed: u64, plan: &FaultPlan, jobs: u32) -> (Course, Vec<Tick>) {
    let mut ticks = Vec::new();
    let course = trial(&load(), seed).play(plan, &mut |tick| {
        ticks.push(tick.clone());
        Jobs(jobs)
    });
    (course, ticks)
}

#[test]
fn without_faults_nothing_changes() {
    let load = load();
    let limits = JobLimits::new(1, 200).unwrap();
    let mut plain = Simulator::new(&load, World::kafka(), limits, TICK_S, 9);
    let mut faulty = FaultySimulator::new(plain.clone(), FaultPlan::default(), 9, 0);
    let (mut rule, mut same) = (HpaRule::default(), HpaRule::default());
    while let Some(sample) = plain.tick() {
        let tick = faulty.tick().unwrap();
        let told: Vec<Sample> = tick.samples().collect();
        assert_eq!((tick.truth, &told[..]), (sample, &[sample][..]));
        plain.set_jobs(rule.decide(&sample));
        faulty.set_jobs(same.decide(&told[0]));
    }
    assert!(faulty.tick().is_none());
    assert_eq!(plain.score(), faulty.simulator().score());
}

#[test]
fn two_policies_meet_the_same_faults() {
    let episodes = |plan: &FaultPlan, jobs| constant(plan, jobs).0.episodes;
    for kind in FaultKind::ALL {
        let few = episodes(&often(kind), 5);
        assert!(!few.is_empty() && few.iter().all(|episode| episode.kind == kind), "{kind:?}");
        assert_eq!(few, episodes(&often(kind), 30));
    }
    let two = episodes(&often(FaultKind::Hole).with(FaultKind::Frozen, 12.0), 30);
    let holes = |all: Vec<Episode>| -> Vec<Episode> {
        all.into_iter().filter(|episode| episode.kind == FaultKind::Hole).collect()
    };
    assert_eq!(holes(two), episodes(&often(FaultKind::Hole), 30), "one more kind moves no other");
}

#[test]
fn readings_and_deliveries_lie_about_a_world_that_stays_as_it_is() {
    let (clean, _) = constant(&FaultPlan::default(), 30);
    for kind in FaultKind::ALL {
        let (faulty, ticks) = constant(&often(kind), 30);
        let is_told = |tick: &Tick| tick.samples().eq([tick.truth]);
        let lied = ticks.iter().filter(|tick| !is_told(tick)).count();
        match kind.profile().family {
            Family::Readings | Family::Delivery => {
                assert_eq!(faulty.score, clean.score, "{kind:?}");
                assert!(lied > 0, "{kind:?}");
            }
            Family::Pool => {}
            Family::Traffic => assert!(faulty.score.events < clean.score.events, "{kind:?}"),
        }
    }
}

#[test]
fn faults_of_a_pool_make_events_wait() {
    // The mean of several: the largest backlog of one day is much luck.
    let largest = |plan: &FaultPlan| {
        let courses = (SEED..SEED + 8).map(|seed| constant_by(seed, plan, 22).0);
        courses.map(|course| course.score.max_backlog_events).sum::<f64>() / 8.0
    };
    let (clean, _) = constant(&FaultPlan::default(), 22);
    assert!(clean.score.sla > 0.999, "{:?}", clean.score);
    let usual = largest(&FaultPlan::default());
    use FaultKind::{BadRelease, Ceiling, Contention, CrashLoop, Poison};
    for kind in [BadRelease, Ceiling, Contention, CrashLoop, Poison] {
        let now = largest(&often(kind));
        println!("{kind:?}: {now} instead of {usual}");
        assert!(now > 1.5 * usual, "{kind:?}: {now} instead of {usual}");
    }
}

#[test]
fn pending_and_slow_jobs_come_late() {
    // A pool that is doubled every two hours and halved in between.
    let starting = |kind| {
        let mut most = 0;
        let mut tick = 0;
        let _ = trial(&load(), SEED).play(&often(kind), &mut |seen| {
            tick += 1;
            // Usual starts are over after so long.
            let settled = tick % 120 > 20;
            let starting = seen.truth.jobs_starting.map_or(0, |starting| starting.0);
            most = if settled { most.max(starting) } else { most };
            Jobs(if tick / 120 % 2 == 0 { 20 } else { 40 })
        });
        most
    };
    assert!(starting(FaultKind::Duplicate) < 3);
    for kind in [FaultKind::SlowStarts, FaultKind::PendingPods, FaultKind::BadRelease] {
        assert!(starting(kind) > 10, "{kind:?}");
    }
}
