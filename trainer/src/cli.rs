//! The command line.

mod bench_policies;

pub use bench_policies::BenchPoliciesArgs;

use crate::config::{Config, ConfigError, DeviceChoice};
use crate::data::TEST_STRIDE;
use crate::evaluate::peers::Chosen;
use clap::{Args, Parser, Subcommand};
use scaleiq_core::forecast::STEPS;
use scaleiq_core::units::UnixSeconds;
use scaleiq_workload::ReadOptions;
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  trainer                                  train both models on the built-in sample
  trainer train --quick                    the same within minutes, to see that it works
  trainer train --config my.yaml --out runs/june
  trainer train --out runs/june --resume   go on where it was stopped
  trainer train --out runs/june --visualize-only
  trainer forecast --data events.csv --from 2025-07-01T00:00:00Z --stride 7 --out forecast.csv
  trainer evaluate --data events.csv --out evaluation   the model beside classical forecasters
  trainer bench-policies                   the policy beside what people use to scale today
  trainer ablate                           what is each part of the forecaster worth?
  trainer sample-data --out sample.csv
  trainer doctor                           which devices are there, and do they compute right?";

/// Trains, evaluates and exports ScaleIQ's models.
#[derive(Parser, Debug)]
#[command(name = "trainer", version, after_help = EXAMPLES)]
pub struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

impl Cli {
    /// What is to be done; without arguments, training of both models on the built-in sample.
    #[must_use]
    pub fn into_command(self) -> Command {
        self.command.unwrap_or_else(|| Command::Train(TrainArgs::default()))
    }
}

/// What can be done.
#[derive(Subcommand, Debug)]
pub enum Command {
    /// Trains the forecaster and then the scaling policy on it
    Train(TrainArgs),
    /// Writes a trained model's forecasts over a file as CSV
    Forecast(ForecastArgs),
    /// Judges models beside classical forecasters on the last part of files
    Evaluate(EvaluateArgs),
    /// Plays scaling policies beside what people use, on recorded traffic
    BenchPolicies(Box<BenchPoliciesArgs>),
    /// Trains networks that lack a part and tells what each part is worth
    Ablate(AblateArgs),
    /// Writes the built-in sample traffic as CSV
    SampleData(SampleDataArgs),
    /// Makes a model's pack, for the int8 engine and microcontrollers, from its ONNX files
    Pack(PackArgs),
    /// Lists devices and checks that each computes a training step right
    Doctor(DoctorArgs),
}

/// Options of `trainer pack`.
#[derive(Args, Debug)]
pub struct PackArgs {
    /// The model's folder, which the pack is added to
    #[arg(long, value_name = "DIR")]
    pub model: PathBuf,
}

/// Options of `trainer train`.
#[derive(Args, Debug, Default)]
pub struct TrainArgs {
    /// Settings (YAML; every key has a default) [example: trainer/config.example.yaml]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// CSV of your own traffic, to which the shipped network is tuned [default: a fresh one is
    /// trained on the built-in sample]
    #[arg(long, value_name = "FILE")]
    pub data: Option<PathBuf>,
    /// Train a fresh network on --data instead of tuning the shipped one
    #[arg(long)]
    pub fresh: bool,
    /// A further CSV to learn from; may be repeated
    #[arg(long, value_name = "FILE")]
    pub also: Vec<PathBuf>,
    /// Folder of the run [default: runs/<time>; the latest one to resume or visualize]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    #[command(flatten)]
    part: PartArgs,
    /// auto, cpu, gpu or gpu:N [default: auto]
    #[arg(long, value_name = "DEVICE")]
    pub device: Option<DeviceChoice>,
    /// Seed of every random number [default: 42]
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Go on from the last checkpoint of the run, with its settings
    #[arg(long, conflicts_with_all = ["config", "data", "also", "fresh", "seed", "quick", "visualize_only", "ReadOptions"])]
    pub resume: bool,
    /// Train for minutes only: shows that everything works, the models are poor
    #[arg(long)]
    pub quick: bool,
    #[command(flatten)]
    reading: ReadOptions,
}

#[derive(Args, Debug, Default)]
#[group(multiple = false)]
struct PartArgs {
    /// Train only the forecaster
    #[arg(long)]
    forecast_only: bool,
    /// Train only the scaling policy, on the forecaster of the run, or else on the shipped one
    #[arg(long)]
    scaling_only: bool,
    /// Train nothing: draw the plots and the report of a run again
    #[arg(long)]
    visualize_only: bool,
}

/// Which part of training to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Forecaster, policy and report.
    All,
    /// Only the forecaster.
    Forecaster,
    /// Only the scaling policy.
    Scaling,
    /// Only plots and report.
    Report,
}

impl TrainArgs {
    /// Which part to do.
    #[must_use]
    pub fn part(&self) -> Part {
        match self.part {
            PartArgs { forecast_only: true, .. } => Part::Forecaster,
            PartArgs { scaling_only: true, .. } => Part::Scaling,
            PartArgs { visualize_only: true, .. } => Part::Report,
            PartArgs { .. } => Part::All,
        }
    }

    /// The config file, if one is named, with the other options over it.
    ///
    /// # Errors
    /// If the file cannot be read or is wrong.
    pub fn config(&self) -> Result<Config, ConfigError> {
        let config = match &self.config {
            Some(path) => Config::load(path)?,
            None if self.data.is_some() && !self.fresh => Config::default().tuning(),
            None => Config::default(),
        };
        Ok(self.over(config))
    }

    /// `config` with these options over it.
    #[must_use]
    pub fn over(&self, mut config: Config) -> Config {
        if self.quick {
            config = config.quickened();
        }
        if let Some(data) = &self.data {
            config.data.path = Some(data.clone());
        }
        config.data.also.extend(self.also.iter().cloned());
        if self.reading != ReadOptions::default() {
            config.data.reading = self.reading.clone();
        }
        if let Some(device) = self.device {
            config.training.device = device;
        }
        if let Some(seed) = self.seed {
            config.seed = seed;
        }
        config
    }
}

/// Options of `trainer forecast`.
#[derive(Args, Debug)]
pub struct ForecastArgs {
    /// CSV with the traffic to forecast; columns `holiday` and `campaign` say what is planned, also
    /// in rows at its end without a count
    #[arg(long, value_name = "FILE")]
    pub data: PathBuf,
    /// First origin: seconds since 1970 or RFC 3339, such as 2025-07-01T00:00:00Z
    #[arg(long, value_name = "TIME", value_parser = parse_time, allow_negative_numbers = true)]
    pub from: UnixSeconds,
    /// Intervals from one origin to the next
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = at_least_one)]
    pub stride: usize,
    /// Intervals to forecast from each origin, up to 24
    #[arg(long, value_name = "N", default_value_t = STEPS, value_parser = parse_steps)]
    pub steps: usize,
    /// CSV to write
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// Folder of the model [default: models/edge]
    #[arg(long, value_name = "DIR")]
    pub model: Option<PathBuf>,
    /// Take the network as it is; else it is first tuned, on the CPU, to the rows before --from,
    /// which takes a minute or two
    #[arg(long)]
    pub no_tune: bool,
    /// How data files are read.
    #[command(flatten)]
    pub reading: ReadOptions,
}

/// Options of `trainer evaluate`.
#[derive(Args, Debug)]
pub struct EvaluateArgs {
    /// CSV to judge on; may be repeated
    #[arg(long, value_name = "FILE", required = true)]
    pub data: Vec<PathBuf>,
    /// Folder of a model to judge; may be repeated [default: models/edge]
    #[arg(long, value_name = "DIR")]
    pub model: Vec<PathBuf>,
    /// Classical forecasters beside it: all, none, or names with commas between
    #[arg(long, value_name = "NAMES", default_value = "all")]
    pub peers: Chosen,
    /// First row that judges: seconds since 1970 or RFC 3339, such as 2025-07-01T00:00:00Z
    #[arg(
        long,
        value_name = "TIME",
        value_parser = parse_time,
        allow_negative_numbers = true,
        conflicts_with = "test_fraction"
    )]
    pub from: Option<UnixSeconds>,
    /// Share of the rows, from the end, that judges
    #[arg(long, value_name = "SHARE", default_value_t = 0.2, value_parser = parse_share)]
    pub test_fraction: f64,
    /// Intervals from one origin to the next
    #[arg(long, value_name = "N", default_value_t = TEST_STRIDE, value_parser = at_least_one)]
    pub stride: usize,
    /// Judge the network without the experts beside it, and the experts without it, too
    #[arg(long)]
    pub parts: bool,
    /// Folder to write scores.csv and report.html to
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// How data files are read.
    #[command(flatten)]
    pub reading: ReadOptions,
}

/// Options of `trainer ablate`.
#[derive(Args, Debug, Default)]
pub struct AblateArgs {
    /// Settings, as for `trainer train`
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// CSV to train and judge on [default: the built-in sample]
    #[arg(long, value_name = "FILE")]
    pub data: Option<PathBuf>,
    /// A further CSV to train and judge on; may be repeated
    #[arg(long, value_name = "FILE")]
    pub also: Vec<PathBuf>,
    /// auto, cpu, gpu or gpu:N [default: auto]
    #[arg(long, value_name = "DEVICE")]
    pub device: Option<DeviceChoice>,
    /// Train for minutes only: shows that everything works
    #[arg(long)]
    pub quick: bool,
    /// CSV to write beside the table on stdout
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    #[command(flatten)]
    reading: ReadOptions,
}

impl AblateArgs {
    /// The settings: those that a fresh training would have, but for a third of its steps, which
    /// is enough to compare.
    ///
    /// # Errors
    /// If the file cannot be read or is wrong.
    pub fn config(&self) -> Result<Config, ConfigError> {
        let train = TrainArgs {
            config: self.config.clone(),
            data: self.data.clone(),
            also: self.also.clone(),
            device: self.device,
            quick: self.quick,
            fresh: true,
            reading: self.reading.clone(),
            ..TrainArgs::default()
        };
        let mut config = train.config()?;
        if self.config.is_none() && !self.quick {
            config.forecaster = config.forecaster.shortened();
        }
        Ok(config)
    }
}

/// Options of `trainer sample-data`.
#[derive(Args, Debug)]
pub struct SampleDataArgs {
    /// CSV to write
    #[arg(long, value_name = "FILE", default_value = "sample.csv")]
    pub out: PathBuf,
    /// Rows of 2 minutes [default: 107144, March to July 2025]
    #[arg(long, value_name = "N", value_parser = at_least_one)]
    pub rows: Option<usize>,
    /// Another sample of the same kind
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
}

/// Options of `trainer doctor`.
#[derive(Args, Debug, Default)]
pub struct DoctorArgs {
    /// Check this one alone: cpu, gpu or gpu:N
    #[arg(long, value_name = "DEVICE", default_value = "auto", hide_default_value = true)]
    pub device: DeviceChoice,
}

fn parse_time(text: &str) -> Result<UnixSeconds, String> {
    if let Ok(seconds) = text.parse() {
        return Ok(UnixSeconds(seconds));
    }
    if let Ok(time) = text.parse::<jiff::Timestamp>() {
        return Ok(UnixSeconds(time.as_second()));
    }
    Err(if text.parse::<jiff::civil::DateTime>().is_ok() {
        "without a zone it could be any: write it as 2025-07-01T00:00:00Z (Z: UTC)".into()
    } else {
        "use seconds since 1970, or RFC 3339 such as 2025-07-01T00:00:00Z".into()
    })
}

fn at_least_one(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) => Err("must be at least 1".into()),
        Ok(n) => Ok(n),
        Err(_) => Err("should be a whole number".into()),
    }
}

fn parse_days(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(days) if days > 0.0 && days <= 3650.0 => Ok(days),
        _ => Err("should be a number of days above 0 and up to 3650".into()),
    }
}

fn parse_share(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(share) if share > 0.0 && share < 1.0 => Ok(share),
        _ => Err("should lie between 0 and 1, such as 0.2".into()),
    }
}

fn parse_steps(text: &str) -> Result<usize, String> {
    let steps = at_least_one(text)?;
    if steps > STEPS {
        return Err(format!("the model forecasts {STEPS} intervals"));
    }
    Ok(steps)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Start;
    use clap::CommandFactory as _;

    fn parse(line: &str) -> Command {
        Cli::try_parse_from(line.split_whitespace()).unwrap().into_command()
    }

    fn train(line: &str) -> TrainArgs {
        let Command::Train(args) = parse(line) else { panic!("{line}") };
        args
    }

    fn error(line: &str) -> String {
        let error = Cli::try_parse_from(line.split_whitespace()).unwrap_err().to_string();
        error.split("\n\n").next().unwrap_or_default().to_string()
    }

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn no_arguments_train_both_models_on_the_sample() {
        let args = train("trainer");
        assert_eq!(args.part(), Part::All);
        assert_eq!(args.config().unwrap(), Config::default());
    }

    #[test]
    fn options_win_over_the_config() {
        let args = train("trainer train --data a.csv --device gpu:1 --seed 7 --quick");
        let config = args.config().unwrap();
        assert_eq!(config.data.path, Some(PathBuf::from("a.csv")));
        assert_eq!((config.seed, config.training.device), (7, DeviceChoice::Gpu(Some(1))));
        assert_eq!(config.forecaster, Config::default().tuning().quickened().forecaster);
    }

    #[test]
    fn own_data_tunes_the_shipped_network_unless_told_otherwise() {
        let start = |line: &str| train(line).config().unwrap().forecaster.start;
        assert_eq!(start("trainer train"), Start::Fresh);
        assert_eq!(start("trainer train --data a.csv"), Start::Shipped);
        assert_eq!(start("trainer train --data a.csv --fresh"), Start::Fresh);
        let Command::Ablate(args) = parse("trainer ablate --data a.csv --also b.csv") else {
            panic!("not an ablation")
        };
        let config = args.config().unwrap();
        assert_eq!((config.forecaster.start, config.data.also.len()), (Start::Fresh, 1));
    }

    #[test]
    fn parts_exclude_each_other() {
        assert_eq!(train("trainer train --scaling-only").part(), Part::Scaling);
        assert_eq!(train("trainer train --forecast-only --resume").part(), Part::Forecaster);
        insta::assert_snapshot!(error("trainer train --forecast-only --scaling-only"), @"error: the argument '--forecast-only' cannot be used with '--scaling-only'");
        insta::assert_snapshot!(error("trainer train --resume --seed 3"), @"error: the argument '--resume' cannot be used with '--seed <N>'");
        insta::assert_snapshot!(error("trainer train --resume --visualize-only"), @"error: the argument '--resume' cannot be used with '--visualize-only'");
    }

    #[test]
    fn times_are_seconds_or_rfc_3339() {
        let from = |time: &str| {
            let line = format!("trainer forecast --data a --out b --from {time}");
            let Command::Forecast(args) = parse(&line) else { panic!("{line}") };
            (args.from, args.stride, args.steps)
        };
        assert_eq!(from("1751328000"), (UnixSeconds(1_751_328_000), 1, 24));
        assert_eq!(from("2025-07-01T00:00:00Z").0, UnixSeconds(1_751_328_000));
        assert_eq!(from("2025-07-01T02:00:00+02:00").0, UnixSeconds(1_751_328_000));
        assert_eq!(from("-5").0, UnixSeconds(-5));
        let bad = |more: &str| error(&format!("trainer forecast --data a --out b {more}"));
        insta::assert_snapshot!(bad("--from 2025-07-01T00:00:00"), @"error: invalid value '2025-07-01T00:00:00' for '--from <TIME>': without a zone it could be any: write it as 2025-07-01T00:00:00Z (Z: UTC)");
        insta::assert_snapshot!(bad("--from noon"), @"error: invalid value 'noon' for '--from <TIME>': use seconds since 1970, or RFC 3339 such as 2025-07-01T00:00:00Z");
        insta::assert_snapshot!(bad("--from 1 --steps 25"), @"error: invalid value '25' for '--steps <N>': the model forecasts 24 intervals");
        insta::assert_snapshot!(bad("--from 1 --stride 0"), @"error: invalid value '0' for '--stride <N>': must be at least 1");
    }

    #[test]
    fn an_evaluation_takes_several_files_and_models() {
        let evaluate = |line: &str| {
            let Command::Evaluate(args) = parse(line) else { panic!("{line}") };
            args
        };
        let args = evaluate("trainer evaluate --data a.csv");
        assert_eq!((args.peers.0.len(), args.stride, args.test_fraction), (8, 7, 0.2));
        assert!(args.model.is_empty() && args.from.is_none() && !args.parts);
        let args = evaluate(
            "trainer evaluate --data a.csv --data b.csv --model m --model n --from 5 --peers none",
        );
        assert_eq!((args.data.len(), args.model.len(), args.from), (2, 2, Some(UnixSeconds(5))));
        assert!(args.peers.0.is_empty());
        let bad = |more: &str| error(&format!("trainer evaluate --data a {more}"));
        insta::assert_snapshot!(bad("--peers ridge_24,arima"), @"error: invalid value 'ridge_24,arima' for '--peers <NAMES>': there is no peer `arima`; there are: persistence, seasonal_naive_day, seasonal_naive_week, smoothing, holt_winters, ridge_24, ridge_336, ridge_96_seasonal");
        insta::assert_snapshot!(bad("--test-fraction 1"), @"error: invalid value '1' for '--test-fraction <SHARE>': should lie between 0 and 1, such as 0.2");
        insta::assert_snapshot!(bad("--from 5 --test-fraction 0.1"), @"error: the argument '--from <TIME>' cannot be used with '--test-fraction <SHARE>'");
    }

    #[test]
    fn a_bad_device_says_what_is_possible() {
        insta::assert_snapshot!(error("trainer train --device tpu"), @"error: invalid value 'tpu' for '--device <DEVICE>': `tpu` is no device: use `auto`, `cpu`, `gpu` or `gpu:N`");
    }
}
