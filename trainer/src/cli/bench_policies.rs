//! Options of `trainer bench-policies`.

use super::parse_days;
use crate::bench::contender::Contender;
use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use scaleiq_workload::ReadOptions;
use scaleiq_workload::sim::World;
use scaleiq_workload::sim::faults::FaultPlan;
use std::ops::RangeInclusive;
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  trainer bench-policies                   the built-in sample: 27 cases, some minutes
  trainer bench-policies --data a.csv --data b.csv --cache cache --out bench
  trainer bench-policies --data a.csv --peak-jobs 40 --world slow --seeds 1
  trainer bench-policies --model runs/june/models --policies dqn,hpa,oracle
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
    /// Policies to play, with commas between [default: all]
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub policies: Vec<Contender>,
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

fn known_world(name: &str) -> &'static str {
    World::NAMES.into_iter().find(|known| *known == name).unwrap_or(World::NAMES[0])
}

fn parse_warm_days(text: &str) -> Result<f64, String> {
    if text.parse() == Ok(0.0) { Ok(0.0) } else { parse_days(text) }
}

fn parse_peak(text: &str) -> Result<f32, String> {
    match text.parse() {
        Ok(jobs) if jobs > 0.0 && jobs <= 1e6 => Ok(jobs),
        _ => Err("should be a number of jobs above 0 and up to 1000000".into()),
    }
}

fn parse_seeds(text: &str) -> Result<RangeInclusive<u64>, String> {
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
    use scaleiq_workload::baselines::Peer;

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
        assert_eq!(args.policies, [Contender::Dqn, Contender::Peer(Peer::Hpa)]);
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
            "--seeds 3..1",
            "--seeds a",
            "--peak-jobs 0",
            "--world mars",
            "--policies x",
        ] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
