//! `trainer sensitivity`: what each tuned number of plan and guard is worth.

use super::bench_policies::{known_world, parse_peak, parse_seeds, parse_warm_days};
use super::values::parse_days;
use crate::benchmark::foresight::Foresight;
use crate::benchmark::grid::{Grid, Stretch, Traffic};
use crate::benchmark::sensitivity;
use crate::runtime::files::write_atomic;
use crate::runtime::stop;
use anyhow::{Context as _, Result};
use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use scaleiq_core::model::{Bundle, SHIPPED_NAME};
use scaleiq_core::parameters::Parameters;
use scaleiq_core::units::JobLimits;
use scaleiq_workload::ReadOptions;
use scaleiq_workload::sim::World;
use std::ops::RangeInclusive;
use std::path::PathBuf;

/// Options of `trainer sensitivity`.
#[derive(Args, Clone, Debug)]
pub struct SensitivityArgs {
    /// CSV of recorded traffic, hourly or finer; may be repeated [default: the built-in sample]
    #[arg(long, value_name = "FILE")]
    pub data: Vec<PathBuf>,
    /// Jobs that the traffic's peak keeps busy; several with commas between
    #[arg(long, value_name = "JOBS", value_delimiter = ',', default_value = "8,40", value_parser = parse_peak)]
    pub peak_jobs: Vec<f32>,
    /// What the workers are like
    #[arg(long, value_name = "NAMES", value_delimiter = ',', default_value = "queue,kafka,slow,node", value_parser = PossibleValuesParser::new(World::NAMES).map(|name| known_world(&name)))]
    pub world: Vec<&'static str>,
    /// Seeds of load and pool, first and last: 1..3 is three of them
    #[arg(long, value_name = "A..B", default_value = "1", value_parser = parse_seeds)]
    pub seeds: RangeInclusive<u64>,
    /// So many days of each file are played
    #[arg(long, value_name = "DAYS", default_value_t = 10.0, value_parser = parse_days)]
    pub days: f64,
    /// Of these, days at the start that are not scored
    #[arg(long, value_name = "DAYS", default_value_t = 3.0, value_parser = parse_warm_days)]
    pub warm_days: f64,
    /// Days at the end of each file that are not looked at, since policies are judged on them
    #[arg(long, value_name = "DAYS", default_value_t = 21.0, value_parser = parse_warm_days)]
    pub held_back_days: f64,
    /// Most jobs
    #[arg(long, value_name = "JOBS", default_value_t = 200)]
    pub max_jobs: u32,
    /// Folder of the model [default: models/edge]
    #[arg(long, value_name = "DIR")]
    pub model: Option<PathBuf>,
    /// Folder that keeps forecasts for the next time
    #[arg(long, value_name = "DIR")]
    pub cache: Option<PathBuf>,
    /// Markdown to write instead of printing it
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// How data files are read.
    #[command(flatten)]
    pub reading: ReadOptions,
}

/// Plays all and writes the table.
///
/// # Errors
/// If the data or the model cannot be read, or the table cannot be written.
pub fn run(args: &SensitivityArgs) -> Result<()> {
    let bundle = match &args.model {
        Some(folder) => Bundle::load_native(folder)?,
        None => Bundle::shipped_native()?,
    };
    let grid = grid(args, bundle.card().policy.parameters)?;
    if let Some(folder) = &args.cache {
        let made = std::fs::create_dir_all(folder);
        made.with_context(|| format!("cannot create {}", folder.display()))?;
    }
    let effects = sensitivity::play(&grid, &bundle, args.cache.clone(), &stop::requested)?;
    let page = sensitivity::page(&effects, &how(args, &grid));
    match &args.out {
        Some(path) => Ok(write_atomic(path, page.as_bytes())?),
        None => {
            print!("{page}");
            Ok(())
        }
    }
}

fn grid(args: &SensitivityArgs, parameters: Parameters) -> Result<Grid> {
    let stretch = Stretch { days: args.days, held_back_days: args.held_back_days };
    let read = |path: &PathBuf| Traffic::read(path, &args.reading, stretch);
    let mut traffic: Vec<Traffic> = args.data.iter().map(read).collect::<Result<_>>()?;
    if traffic.is_empty() {
        traffic.push(Traffic::sample(stretch)?);
    }
    Ok(Grid {
        traffic,
        peaks: args.peak_jobs.clone(),
        worlds: args.world.clone(),
        seeds: args.seeds.clone().collect(),
        contenders: Vec::new(),
        foresight: Foresight::Model,
        parameters,
        warm_days: args.warm_days,
        limits: JobLimits::new(1, args.max_jobs).context("--max-jobs")?,
    })
}

/// How was played, in a sentence or two.
fn how(args: &SensitivityArgs, grid: &Grid) -> String {
    let names: Vec<&str> = grid.traffic.iter().map(|traffic| traffic.name.as_str()).collect();
    let peaks: Vec<String> = args.peak_jobs.iter().map(ToString::to_string).collect();
    let model =
        args.model.as_ref().map_or(SHIPPED_NAME.into(), |folder| folder.display().to_string());
    format!(
        "Traffic: {}, {} days before the last {}, on which policies are judged; the first {} not scored. \
         Peaks of {} jobs; worlds {}; seeds {} to {}; 1 to {} jobs; model {model}.",
        names.join(", "),
        args.days,
        args.held_back_days,
        args.warm_days,
        peaks.join(" and "),
        args.world.join(", "),
        args.seeds.start(),
        args.seeds.end(),
        args.max_jobs
    )
}
