//! The fault soak in small: every fault by itself on two kinds of traffic, held to its marks.
//!
//! The full size is `trainer bench-policies --faults all` on many recordings.

use agent::decide::{self, Calendar, Engine, ModelChoice};
use agent::lab::backtest::faults;
use agent::lab::backtest::history::{History, Spec};
use agent::lab::backtest::play::Plan;
use agent::lab::replay::settings;
use scaleiq_core::units::{JobLimits, UnixSeconds};
use scaleiq_workload::sim::World;
use scaleiq_workload::sim::faults::{FaultKind, FaultPlan, Summary, Verdict};
use scaleiq_workload::traffic::builtin::{SampleSpec, generate};

/// Not kept: without a sample for hours a number is held (promise S-2), whatever the load does meanwhile.
const NOT_KEPT: [FaultKind; 1] = [FaultKind::Hole];
/// Days that are played, the first of which is not scored.
const DAYS: usize = 3;
const INTERVALS_A_DAY: usize = 720;

/// The built-in sample, and a smooth day with a burst each afternoon.
fn histories() -> [History; 2] {
    let rows = DAYS * INTERVALS_A_DAY;
    let sample = History::from(&generate(&SampleSpec { rows, ..SampleSpec::default() }));
    let day = |k: usize| {
        let phase = (k % INTERVALS_A_DAY) as f32 / INTERVALS_A_DAY as f32;
        let burst = if (0.62..0.66).contains(&phase) { 900.0 } else { 0.0 };
        1500.0 - 1000.0 * (std::f32::consts::TAU * phase).cos() + burst
    };
    let made = History {
        start: UnixSeconds(1_751_328_000),
        interval_s: 120,
        arrivals_events: (0..rows).map(day).collect(),
        work_ms: vec![f32::NAN; rows],
        planned: Calendar::default(),
    };
    [sample, made]
}

fn verdicts(history: &History, world: World, seed: u64, faults: &FaultPlan) -> Vec<Verdict> {
    let spec =
        Spec { peak_jobs: Some(40.0), work_ms: Some(100.0), warm_days: 1.0, days: None, seed };
    let (load, warm_s) = history.clone().load(&spec).unwrap();
    let limits = JobLimits::new(1, 200).unwrap();
    let mut decider = || {
        let none = ModelChoice::None;
        let settings = settings(world, limits, &none);
        Ok(decide::open(&none, Engine::default(), settings, Calendar::default())?.0)
    };
    let plan = Plan { load, world, limits, seed, warm_s, tune: false };
    faults::play(&plan, faults, &mut decider, &mut |_| {}).unwrap()
}

#[test]
fn every_fault_keeps_its_marks() {
    let plan = FaultPlan::all();
    let [sample, made] = histories();
    // Enough episodes of each kind for a share of them to say something.
    let play =
        |history, world| [1, 2, 3, 4].map(|seed| verdicts(history, world, seed, &plan)).concat();
    let runs = std::thread::scope(|scope| {
        let other = scope.spawn(|| play(&made, World::slow()));
        [play(&sample, World::queue()), other.join().unwrap()].concat()
    });
    let summary = |kind: FaultKind| {
        let all: Vec<Verdict> = runs.iter().filter(|run| run.kind == kind).copied().collect();
        Summary::of(&all).unwrap()
    };
    let summaries = FaultKind::ALL.map(summary);
    println!("{}", Summary::HEADING);
    summaries.iter().for_each(|summary| println!("{summary}"));
    let missed: Vec<&str> = summaries
        .iter()
        .filter(|summary| !summary.passes() && !NOT_KEPT.contains(&summary.kind))
        .map(|summary| summary.kind.name())
        .collect();
    assert!(missed.is_empty(), "marks are missed under {}", missed.join(", "));
}
