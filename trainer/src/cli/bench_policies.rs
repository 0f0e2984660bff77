//! `trainer bench-policies`: ours beside what people use to scale today.

use super::values::parse_days;
use crate::benchmark::contender::Contender;
use crate::benchmark::foresight::Foresight;
use crate::benchmark::grid::{Grid, Stretch, Traffic};
use crate::benchmark::runner;
use crate::benchmark::summary::Summary;
use crate::benchmark::{page, soak, table};
use crate::runtime::files::write_atomic;
use anyhow::{Context as _, Result};
use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use scaleiq_core::model::{Bundle, SHIPPED_NAME};
use scaleiq_core::parameters::Parameters;
use scaleiq_core::units::JobLimits;
use scaleiq_workload::ReadOptions;
use scaleiq_workload::sim::World;
use scaleiq_workload::sim::faults::FaultPlan;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

const EXAMPLES: &str = "\
Examples:
  trainer bench-policies                   the built-in sample: 27 cases, some minutes
  trainer bench-policies --data a.csv --data b.csv --cache cache --out bench
  trainer bench-policies --data a.csv --peak-jobs 40 --world slow --seeds 1
  trainer bench-policies --model runs/june/models --policies dqn,hpa,oracle
  trainer bench-policies --policies planner --set budget.max_margin=15 --set nowcast.soon_s=360
  trainer bench-policies --policies planner --forecasts perfect    what forecasts could be worth
  trainer bench-policies --data a.csv --days 5 --warm-days 2 --peak-jobs 40 --faults all";

/// What is played, and where to.
#[derive(Args, Clone, Debug)]
#[command(after_help = EXAMPLES)]
pub struct BenchPoliciesArgs {
    /// CSV of recorded traffic, hourly or finer; may be repeated [default: the built-in sample]
    #[arg(long, value_name = "FILE")]
    pub data: Vec<PathBuf>,
    /// Jobs that the traffic's peak keeps busy; several with commas between
    #[arg(long, value_name = "JOBS", value_delimiter = ',', default_value = "8,40,200", value_parser = parse_peak)]
    pub peak_jobs: Vec<f32>,
    /// What the workers are like: up within a minute, with pauses at each change, or slow to start
    #[arg(long, value_name = "NAMES", value_delimiter = ',', default_value = "queue,kafka,slow,node", value_parser = PossibleValuesParser::new(World::NAMES).map(|name| known_world(&name)))]
    pub world: Vec<&'static str>,
    /// Seeds of load and pool, first and last: 1..3 is three of them
    #[arg(long, value_name = "A..B", default_value = "1..3", value_parser = parse_seeds)]
    pub seeds: RangeInclusive<u64>,
    /// The last so many days of each file are played
    #[arg(long, value_name = "DAYS", default_value_t = 21.0, value_parser = parse_days)]
    pub days: f64,
    /// Of these, days at the start that are not scored, of a short file at most half; 0: a cold start
    #[arg(long, value_name = "DAYS", default_value_t = 7.0, value_parser = parse_warm_days)]
    pub warm_days: f64,
    /// Days at the end of each file that are not looked at: what is chosen before them can be judged on them
    #[arg(long, value_name = "DAYS", default_value_t = 0.0, value_parser = parse_warm_days)]
    pub held_back_days: f64,
    /// Policies to play, with commas between [default: all]
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub policies: Vec<Contender>,
    /// Whose forecasts the policies get
    #[arg(long, value_name = "WHOSE", value_enum, default_value_t, conflicts_with = "faults")]
    pub forecasts: Foresight,
    /// Another value of a number of plan, guard, nowcast or margin, such as nowcast.soon_s=360; may be
    /// repeated. `trainer sensitivity` lists them [default: the model's own]
    #[arg(long, value_name = "NUMBER=VALUE", value_parser = parse_number)]
    pub set: Vec<Number>,
    /// Play the model alone with faults, each by itself, against the run without: `all`, or names with
    /// commas between, with `:TIMES` behind a name to have it so many times a day
    #[arg(long, value_name = "FAULTS", conflicts_with = "policies")]
    pub faults: Option<FaultPlan>,
    /// Fewest jobs, for every policy
    #[arg(long, value_name = "JOBS", default_value_t = 1)]
    pub min_jobs: u32,
    /// Most jobs, for every policy
    #[arg(long, value_name = "JOBS", default_value_t = 200)]
    pub max_jobs: u32,
    /// Folder of the model [default: models/edge]
    #[arg(long, value_name = "DIR")]
    pub model: Option<PathBuf>,
    /// Folder that keeps forecasts for the next bench: 13 MB for each load of 21 days
    #[arg(long, value_name = "DIR")]
    pub cache: Option<PathBuf>,
    /// Folder to write runs.csv, summary.csv and report.html to, or faults.csv
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// How data files are read.
    #[command(flatten)]
    pub reading: ReadOptions,
}

/// A value for one of the numbers of [`Parameters`].
#[derive(Clone, Debug)]
pub struct Number {
    group: String,
    name: String,
    value: f64,
}

/// Plays the grid, prints the summary and writes what was asked for. Ctrl-C ends it with what is done.
///
/// # Errors
/// If the data or the model cannot be read, or the output cannot be written.
pub fn run(args: &BenchPoliciesArgs) -> Result<()> {
    let bundle = match &args.model {
        Some(folder) => Bundle::load_native(folder)?,
        None => Bundle::shipped_native()?,
    };
    let grid = grid(args, bundle.card().policy.parameters)?;
    // Before the work of minutes: is there where to write?
    for folder in [&args.cache, &args.out].into_iter().flatten() {
        let made = std::fs::create_dir_all(folder);
        made.with_context(|| format!("cannot create {}", folder.display()))?;
    }
    if let Some(faults) = &args.faults {
        let summaries = soak::play(&grid, &bundle, faults)?;
        print!("{}", soak::table(&summaries));
        if let Some(folder) = &args.out {
            write(folder, "faults.csv", &soak::csv(&summaries)?)?;
            eprintln!("wrote faults.csv to {}", folder.display());
        }
        return Ok(());
    }
    let cases = runner::play(&grid, &bundle, args.cache.clone())?;
    let summary = Summary::of(&cases);
    print!("{}", table::table(&summary, &cases));
    if let Some(folder) = &args.out {
        write(folder, "runs.csv", &table::runs_csv(&cases)?)?;
        write(folder, "summary.csv", &table::summary_csv(&summary)?)?;
        write(folder, "report.html", page::page(&summary, &cases, &how(args, &grid))?.as_bytes())?;
        eprintln!("wrote runs.csv, summary.csv and report.html to {}", folder.display());
    }
    Ok(())
}

fn grid(args: &BenchPoliciesArgs, mut parameters: Parameters) -> Result<Grid> {
    for Number { group, name, value } in &args.set {
        // Whether there is such a number was seen when it was read.
        let _ = parameters.set(group, name, *value);
    }
    let stretch = Stretch { days: args.days, held_back_days: args.held_back_days };
    let mut traffic: Vec<Traffic> = args
        .data
        .iter()
        .map(|path| Traffic::read(path, &args.reading, stretch))
        .collect::<Result<_>>()?;
    if traffic.is_empty() {
        traffic.push(Traffic::sample(stretch)?);
    }
    let contenders =
        if args.policies.is_empty() { Contender::all().collect() } else { args.policies.clone() };
    Ok(Grid {
        traffic,
        peaks: args.peak_jobs.clone(),
        worlds: args.world.clone(),
        seeds: args.seeds.clone().collect(),
        contenders,
        foresight: args.forecasts,
        parameters,
        warm_days: args.warm_days,
        limits: JobLimits::new(args.min_jobs, args.max_jobs)
            .context("--min-jobs and --max-jobs")?,
    })
}

/// How was played, on one line.
fn how(args: &BenchPoliciesArgs, grid: &Grid) -> String {
    let (min, max) = (grid.limits.min(), grid.limits.max());
    let model =
        args.model.as_ref().map_or(SHIPPED_NAME.into(), |folder| folder.display().to_string());
    let forecasts = match args.forecasts {
        Foresight::Model => "",
        Foresight::Experts => ", forecasts of the experts alone",
        Foresight::HalfError => ", forecasts with half of their errors",
        Foresight::Perfect => ", forecasts that know what comes",
    };
    let set: String = args
        .set
        .iter()
        .map(|Number { group, name, value }| format!(", {group}.{name} {value}"))
        .collect();
    let before = match args.held_back_days {
        0.0 => String::new(),
        days => format!(" before the last {days}"),
    };
    format!(
        "model {model}{forecasts}{set}; the last {} days of each file{before}, the first {} not scored; {min} to {max} jobs",
        args.days, args.warm_days
    )
}

fn write(folder: &Path, name: &str, bytes: &[u8]) -> Result<()> {
    Ok(write_atomic(&folder.join(name), bytes)?)
}

pub(super) fn known_world(name: &str) -> &'static str {
    World::NAMES.into_iter().find(|known| *known == name).unwrap_or(World::NAMES[0])
}

fn parse_number(text: &str) -> Result<Number, String> {
    let (place, value) = text.split_once('=').ok_or("should be NUMBER=VALUE")?;
    let (group, name) = place.rsplit_once('.').ok_or("should be GROUP.NAME=VALUE")?;
    if !Parameters::DEFAULT.table().any(|known| known.group == group && known.name == name) {
        return Err(format!("there is no number {place}; `trainer sensitivity` lists them"));
    }
    let number =
        value.parse().ok().filter(|value| Parameters::DEFAULT.clone().set(group, name, *value));
    let value = number.ok_or_else(|| format!("{value} is no value for {place}"))?;
    Ok(Number { group: group.into(), name: name.into(), value })
}

pub(super) fn parse_warm_days(text: &str) -> Result<f64, String> {
    if text.parse() == Ok(0.0) { Ok(0.0) } else { parse_days(text) }
}

pub(super) fn parse_peak(text: &str) -> Result<f32, String> {
    match text.parse() {
        Ok(jobs) if jobs > 0.0 && jobs <= 1e6 => Ok(jobs),
        _ => Err("should be a number of jobs above 0 and up to 1000000".into()),
    }
}

pub(super) fn parse_seeds(text: &str) -> Result<RangeInclusive<u64>, String> {
    let (first, last) = text.split_once("..").unwrap_or((text, text));
    match (first.parse(), last.parse()) {
        (Ok(first), Ok(last)) if first <= last => Ok(first..=last),
        _ => Err("should be a seed, or the first and the last one, such as 1..3".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Cli, Command};
    use super::*;
    use clap::Parser as _;
    use scaleiq_workload::baselines::Baseline;

    fn parse(more: &str) -> Result<BenchPoliciesArgs, String> {
        let line = format!("trainer bench-policies {more}");
        let cli = Cli::try_parse_from(line.split_whitespace()).map_err(|e| e.to_string())?;
        let Command::BenchPolicies(args) = cli.into_command() else { panic!("{line}") };
        Ok(*args)
    }

    #[test]
    fn the_default_is_three_scales_and_seeds_and_all_worlds() {
        let args = parse("").unwrap();
        assert_eq!(args.peak_jobs, [8.0, 40.0, 200.0]);
        assert_eq!((args.world.as_slice(), args.seeds), (&World::NAMES[..], 1..=3));
        assert!(args.policies.is_empty());
    }

    #[test]
    fn lists_have_commas_between() {
        let args = parse("--policies dqn,hpa --world slow,queue --seeds 4 --peak-jobs 5").unwrap();
        assert_eq!(args.policies, [Contender::Dqn, Contender::Baseline(Baseline::Hpa)]);
        assert_eq!((args.world, args.seeds), (vec!["slow", "queue"], 4..=4));
    }

    #[test]
    fn a_cold_start_is_scored_from_the_first_day_on() {
        assert_eq!(parse("--warm-days 0").unwrap().warm_days, 0.0);
        assert!(parse("--warm-days -1").is_err() && parse("--days 0").is_err());
    }

    #[test]
    fn nonsense_is_refused() {
        for bad in [
            "--faults gremlins",
            "--faults all --policies dqn",
            "--faults all --forecasts perfect",
            "--seeds 3..1",
            "--seeds a",
            "--peak-jobs 0",
            "--world mars",
            "--set nowcast.soon=1",
            "--set soon_s=1",
            "--set nowcast.soon_s=-1",
            "--set nowcast.soon_s",
            "--policies x",
        ] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
