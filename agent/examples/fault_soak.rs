//! Plays every fault on recorded traffic, each by itself, against the clean run of the same seed.
//!
//!     cargo run --release -p agent --example fault_soak -- FILE_OR_FOLDER [FAULTS] [SEEDS] [WORLDS]
//!
//! The forecaster works without a network: what is judged is how readings and pool are handled, from what a
//! sender says on.

use agent::lab::backtest::faults::take;
use agent::observe::{Intake, Trust};
use scaleiq_core::controller::Controller;
use scaleiq_core::forecast::{ForecastPipeline, NoModel};
use scaleiq_core::policy::Planner;
use scaleiq_core::settings::Settings;
use scaleiq_core::units::{DAY_S, JobLimits};
use scaleiq_workload::sim::faults::{Course, FaultKind, FaultPlan, Summary, Tick, Trial, Verdict};
use scaleiq_workload::sim::{Load, LoadSettings, Scale, Series, TICK_S, World};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

const WARM_DAYS: f64 = 2.0;
const DAYS: f64 = 5.0;
const PEAK_JOBS: f32 = 40.0;
/// Sets the seed of a pool apart from another's.
const OTHER_LUCK: u64 = 500;

/// Verdicts and whose they are.
type Rows = Vec<(String, Verdict)>;

struct Case {
    name: String,
    load: Load,
    world_name: &'static str,
    seed: u64,
    warm_s: u32,
}

impl Case {
    fn play(&self, plan: &FaultPlan, luck: u64) -> Course {
        let world = World::named(self.world_name).expect("a known world");
        let limits = JobLimits::new(1, 200).expect("sound limits");
        let (load, seed, warm_s) = (&self.load, self.seed + luck, self.warm_s);
        let trial = Trial { load, world, limits, tick_s: TICK_S, seed, warm_s };
        let settings = Settings::new(limits, world.sla_s as f32, world.start_median_s);
        let forecaster = ForecastPipeline::new(settings.interval, NoModel);
        let mut controller = Box::new(Controller::new(settings, forecaster, Planner));
        let mut intake = Intake::new(Trust::Receiver, None);
        trial.play(plan, &mut |tick: &Tick| {
            for sample in take(tick, &mut intake) {
                let _ = controller.observe(&sample, |_, _| {});
            }
            controller.decide(tick.truth.end).jobs
        })
    }
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let arg = |k: usize, usual: &str| args.get(k).cloned().unwrap_or(usual.into());
    let plan: FaultPlan = arg(1, "all").parse().unwrap_or_else(|e| panic!("{e}"));
    let seeds: u64 = arg(2, "1").parse().expect("a number of seeds");
    let worlds = arg(3, "queue,kafka,slow");
    let worlds: Vec<&'static str> =
        World::NAMES.into_iter().filter(|name| worlds.split(',').any(|w| w == *name)).collect();
    let queue = Mutex::new(cases(&files(Path::new(&arg(0, "."))), seeds, &worlds));
    let (cleans, rows): (Mutex<Vec<Course>>, Mutex<BTreeMap<usize, Rows>>) = Default::default();
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while let Some(case) = { queue.lock().expect("no panic").pop() } {
                    let clean = case.play(&FaultPlan::default(), 0);
                    let add = |place: usize, verdict: Verdict| {
                        let name = format!("{} {} {}", case.name, case.world_name, case.seed);
                        let mut rows = rows.lock().expect("no panic");
                        rows.entry(place).or_default().push((name, verdict));
                    };
                    let lucky = case.play(&FaultPlan::default(), OTHER_LUCK);
                    add(usize::MAX, Verdict::of(FaultKind::Duplicate, &clean, &lucky));
                    for kind in plan.kinds() {
                        let one = FaultPlan::default().with(kind, plan.per_day(kind));
                        add(kind as usize, Verdict::of(kind, &clean, &case.play(&one, 0)));
                    }
                    cleans.lock().expect("no panic").push(clean);
                }
            });
        }
    });
    let cleans = cleans.into_inner().expect("no panic");
    let mean = |f: fn(&Course) -> f64| cleans.iter().map(f).sum::<f64>() / cleans.len() as f64;
    println!(
        "{} cases a fault; clean: SLA {:.3} %, cost {:.2} of the ideal",
        cleans.len(),
        mean(|c| 100.0 * c.score.sla),
        mean(|c| c.score.cost_over_ideal)
    );
    println!("{}  worst case", Summary::HEADING);
    for (place, rows) in rows.into_inner().expect("no panic") {
        let verdicts: Vec<Verdict> = rows.iter().map(|(_, verdict)| *verdict).collect();
        let Some(summary) = Summary::of(&verdicts) else { continue };
        let badness = |v: &Verdict| (v.cost_ratio - 1.0) / 0.1 - v.sla_points / 0.05;
        let worst = rows.iter().max_by(|a, b| badness(&a.1).total_cmp(&badness(&b.1)));
        let note = if place == usize::MAX { "(no fault, other luck) " } else { "" };
        println!("{summary}  {note}{}", worst.map_or("", |(name, _)| name));
    }
}

fn cases(files: &[PathBuf], seeds: u64, worlds: &[&'static str]) -> Vec<Case> {
    let mut cases = Vec::new();
    for (place, file) in files.iter().enumerate() {
        // Every trace meets faults of its own.
        for seed in (1..=seeds).map(|seed| 1000 * place as u64 + seed) {
            let Some((load, warm_s)) = load(file, seed) else { continue };
            for world_name in worlds {
                let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
                cases.push(Case { name, load: load.clone(), world_name, seed, warm_s });
            }
        }
    }
    cases
}

fn files(path: &Path) -> Vec<PathBuf> {
    let Ok(folder) = std::fs::read_dir(path) else { return vec![path.into()] };
    let mut files: Vec<PathBuf> = folder.filter_map(|e| Some(e.ok()?.path())).collect();
    files.retain(|file| file.extension().is_some_and(|e| e == "csv"));
    files.sort();
    files
}

/// The last days of a file, and its warm-up.
fn load(file: &Path, seed: u64) -> Option<(Load, u32)> {
    let read = scaleiq_workload::Series::read_csv(file).map_err(|e| eprintln!("{e}")).ok()?;
    let rows = (DAYS * f64::from(DAY_S) / f64::from(read.length_s)) as usize;
    let first = read.measured().saturating_sub(rows);
    let counts: Vec<f32> = read.rows[first..read.measured()]
        .iter()
        .map(|r| r.arrivals_events.unwrap_or(f32::NAN))
        .collect();
    let start = read.start.plus(first as i64 * i64::from(read.length_s));
    let series = Series { start, interval_s: read.length_s, counts_events: &counts };
    let settings = LoadSettings { scale: Scale::PeakJobs(PEAK_JOBS), ..LoadSettings::default() };
    let load = Load::from_series(&series, &settings, seed).map_err(|e| eprintln!("{e}")).ok()?;
    Some((load, (WARM_DAYS * f64::from(DAY_S)) as u32))
}
