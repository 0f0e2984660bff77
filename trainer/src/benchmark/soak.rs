//! The model under faults: each by itself on every case of a grid, against the run without.

use super::grid::{Grid, LoadPlan, settings_at};
use crate::runtime::progress::Progress;
use crate::runtime::stop;
use crate::runtime::threads::in_parallel;
use anyhow::{Context as _, Result};
use scaleiq_core::model::NativeBundle;
use scaleiq_core::parameters::Parameters;
use scaleiq_core::settings::Settings;
use scaleiq_workload::sim::TICK_S;
use scaleiq_workload::sim::World;
use scaleiq_workload::sim::faults::{Course, FaultKind, FaultPlan, Summary, Tick, Trial, Verdict};
use std::sync::{Mutex, PoisonError};

/// Sets the seeds of traces apart, so that each meets faults of its own.
const TRACE_SEED: u64 = 1_000_000;

/// What each fault of `faults` costs the model on `grid`, whose policies are not played. After Ctrl-C
/// it returns what is done.
///
/// # Errors
/// If a load cannot be made.
pub fn play(grid: &Grid, bundle: &NativeBundle, faults: &FaultPlan) -> Result<Vec<Summary>> {
    let worlds = || grid.worlds.iter().filter_map(|name| World::named(name));
    let cases: Vec<(LoadPlan, World)> = grid
        .loads()
        .into_iter()
        .flat_map(|load| worlds().map(move |world| (load, world)))
        .collect();
    let progress = Mutex::new((Progress::begin("faults", cases.len() as u64, 0), 0));
    let verdicts = in_parallel(&cases, |(load, world)| {
        let verdicts = case(grid, bundle, faults, *load, *world)?;
        let (progress, done) = &mut *progress.lock().unwrap_or_else(PoisonError::into_inner);
        *done += 1;
        progress.set(*done, || format!("{} jobs, seed {}", load.peak_jobs, load.seed));
        Ok(verdicts)
    });
    let verdicts: Vec<Vec<Verdict>> = verdicts.into_iter().collect::<Result<_>>()?;
    let (progress, done) = progress.into_inner().unwrap_or_else(PoisonError::into_inner);
    progress.end(&format!("cases: {done}"));
    let summary = |kind: FaultKind| {
        let all = verdicts.iter().flatten().filter(|verdict| verdict.kind == kind);
        Summary::of(&all.copied().collect::<Vec<Verdict>>())
    };
    Ok(faults.kinds().filter_map(summary).collect())
}

fn case(
    grid: &Grid,
    bundle: &NativeBundle,
    faults: &FaultPlan,
    plan: LoadPlan,
    world: World,
) -> Result<Vec<Verdict>> {
    let traffic = grid.traffic.get(plan.traffic).context("no such traffic")?;
    let trial = Trial {
        load: &traffic.recording().load(&settings_at(plan.peak_jobs), plan.seed)?,
        world,
        limits: grid.limits,
        tick_s: TICK_S,
        seed: plan.seed.wrapping_add(TRACE_SEED * plan.traffic as u64),
        warm_s: traffic.warm_s(grid.warm_days),
    };
    let play = |plan: &FaultPlan| course(&trial, bundle, grid.parameters, plan);
    let clean = play(&FaultPlan::default());
    let kinds = faults.kinds().take_while(|_| !stop::requested());
    let verdict = |kind| {
        let one = FaultPlan::default().with(kind, faults.per_day(kind));
        Verdict::of(kind, &clean, &play(&one))
    };
    Ok(kinds.map(verdict).collect())
}

/// Forecasts are not those of the cache: a forecaster that is told lies makes others.
fn course(
    trial: &Trial<'_>,
    bundle: &NativeBundle,
    parameters: Parameters,
    plan: &FaultPlan,
) -> Course {
    let World { sla_s, start_median_s, .. } = trial.world;
    let base = bundle.card().policy.base;
    let settings =
        Settings { base, parameters, ..Settings::new(trial.limits, sla_s as f32, start_median_s) };
    let mut controller = bundle.controller(settings);
    trial.play(plan, &mut |tick: &Tick| {
        for sample in tick.samples() {
            // What is refused changes nothing.
            let _ = controller.observe(&sample, |_, _| {});
        }
        controller.decide(tick.truth.end).jobs
    })
}

/// The table on stdout.
#[must_use]
pub fn table(summaries: &[Summary]) -> String {
    let lines = summaries.iter().map(ToString::to_string);
    let mut text = String::from(Summary::HEADING);
    lines.for_each(|line| text.extend(["\n", &line]));
    text.push('\n');
    text
}

/// `faults.csv`: one line a fault.
///
/// # Errors
/// Never in memory.
pub fn csv(summaries: &[Summary]) -> Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    summaries.iter().try_for_each(|summary| writer.serialize(summary))?;
    Ok(writer.into_inner()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::benchmark::foresight::Foresight;
    use crate::benchmark::grid::{Stretch, Traffic};
    use scaleiq_core::model::Bundle;
    use scaleiq_core::units::JobLimits;

    #[test]
    fn each_fault_has_its_line() {
        let grid = Grid {
            traffic: vec![Traffic::sample(Stretch::last(2.0)).unwrap()],
            peaks: vec![20.0],
            worlds: vec!["queue", "slow"],
            seeds: vec![1],
            contenders: Vec::new(),
            foresight: Foresight::Model,
            parameters: Parameters::DEFAULT,
            warm_days: 1.0,
            limits: JobLimits::new(1, 100).unwrap(),
        };
        let bundle = Bundle::shipped_native().unwrap();
        let plan = "duplicate:20,negative-arrivals:50".parse().unwrap();
        let summaries = play(&grid, &bundle, &plan).unwrap();
        let kinds: Vec<FaultKind> = summaries.iter().map(|summary| summary.kind).collect();
        assert_eq!(kinds, [FaultKind::NegativeArrivals, FaultKind::Duplicate]);
        assert!(summaries.iter().all(|summary| summary.cases == 2));
        // A sample that came is refused, and nothing changes.
        assert_eq!((summaries[1].cost_ratio, summaries[1].sla_points), (1.0, 0.0));
        assert_eq!(table(&summaries).lines().count(), 3);
        let csv = String::from_utf8(csv(&summaries).unwrap()).unwrap();
        assert!(
            csv.starts_with("kind,cases,cost_ratio,") && csv.contains("\nduplicate,2,1.0,"),
            "{csv}"
        );
    }
}
