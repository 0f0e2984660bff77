//! Plays a week of the built-in sample against a pool: the shipped model beside a rule like HPA's.
//!
//! ```text
//! $ cargo run --release -p scaleiq-workload --example backtest
//! shipped model  SLA 100.000 %,  662 job-hours
//! like HPA       SLA 100.000 %,  970 job-hours
//! ```
//!
//! With the path of a CSV file it plays that one: `... --example backtest -- history.csv`.

use scaleiq_core::controller::Controller;
use scaleiq_core::engine::Pack;
use scaleiq_core::forecast::ForecastPipeline;
use scaleiq_core::policy::Planner;
use scaleiq_core::sample::Sample;
use scaleiq_core::settings::Settings;
use scaleiq_core::units::{DAY_S, JobLimits, Jobs};
use scaleiq_workload::Series;
use scaleiq_workload::baselines::Baseline;
use scaleiq_workload::sim::{Load, LoadSettings, Scale, Score, Simulator, World};
use scaleiq_workload::traffic::builtin::{SampleSpec, generate};
use std::error::Error;
use std::path::Path;

const WORLD: World = World::queue();
const DAYS: usize = 7;
/// The first day teaches, and is not scored.
const WARM_S: u32 = DAY_S;
const TICK_S: u32 = 30;
const SEED: u64 = 1;

fn main() -> Result<(), Box<dyn Error>> {
    let series = match std::env::args().nth(1) {
        Some(path) => Series::read_csv(Path::new(&path))?,
        None => generate(&SampleSpec { rows: DAYS * 720, ..SampleSpec::default() }),
    };
    let counts = series.arrivals_filled();
    let events = scaleiq_workload::sim::Series {
        start: series.start,
        interval_s: series.length_s,
        counts_events: &counts,
    };
    let scale = LoadSettings { scale: Scale::PeakJobs(20.0), ..LoadSettings::default() };
    let load = Load::from_series(&events, &scale, SEED)?;
    let limits = JobLimits::new(1, 100)?;

    let pack = Pack::parse(include_bytes!("../../models/edge/model.pack"))?;
    let settings = Settings::new(limits, WORLD.sla_s as f32, WORLD.start_median_s);
    let forecaster = ForecastPipeline::new(settings.interval, pack.forecaster());
    let mut controller = Box::new(Controller::new(settings, forecaster, Planner));
    let ours = play(&load, limits, |sample| {
        // A sample that was lost says nothing: the controller knows what to do then.
        let _ = controller.observe(sample, |_, _| ());
        controller.decide(sample.end).jobs
    });

    let mut rule = Baseline::Hpa.build(Baseline::Hpa.default_knob(), &load, WORLD);
    let theirs = play(&load, limits, |sample| rule.decide(sample));

    for (name, score) in [("shipped model", ours), ("like HPA", theirs)] {
        let (sla, hours) = (100.0 * score.sla, score.job_hours);
        println!("{name:14} SLA {sla:7.3} %, {hours:4.0} job-hours");
    }
    Ok(())
}

/// Plays a policy against a pool.
fn play(load: &Load, limits: JobLimits, mut decide: impl FnMut(&Sample) -> Jobs) -> Score {
    let mut pool = Simulator::new(load, WORLD, limits, TICK_S, SEED).with_warm_up(WARM_S);
    while let Some(sample) = pool.tick() {
        pool.set_jobs(decide(&sample));
    }
    pool.score()
}
