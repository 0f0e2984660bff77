//! `trainer train`: from data to exported models and a report.
//!
//! ```text
//! data -> windows -> forecaster -> ONNX -> forecasts on the test part -> scores
//!                                    \-> forecasts of every workload -> policy -> ONNX
//!                                                    card, metrics, plots, report
//! ```

use super::processes::ProcessArgs;
use super::search;
use crate::config::{Config, ConfigError, DeviceChoice};
use crate::data::Corpus;
use crate::experiment::context::RunContext;
use crate::experiment::forecaster;
use crate::experiment::manifest::Manifest;
use crate::experiment::pipeline::Outcome;
use crate::experiment::pipeline::Part;
use crate::experiment::policy;
use crate::experiment::run::{RUNS, Run};
use crate::report::runs;
use crate::runtime::device;
use crate::runtime::ranks::{self, Ranks};
use crate::runtime::stop;
use crate::search::study::{Left, Study};
use crate::tracking::mirror::{Mirror, Status};
use anyhow::{Context, Result, bail, ensure};
use burn::tensor::Device;
use clap::Args;
use scaleiq_workload::ReadOptions;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Options of `trainer train`.
#[derive(Args, Debug, Default)]
pub struct TrainArgs {
    /// Settings (YAML; every key has a default) [example: trainer/config.example.yaml]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Your own traffic, CSV or Parquet, to which the shipped network is tuned [default: a fresh one is
    /// trained on the built-in sample]
    #[arg(long, value_name = "FILE")]
    pub data: Option<PathBuf>,
    /// Train a fresh network on --data instead of tuning the shipped one
    #[arg(long)]
    pub fresh: bool,
    /// A further CSV to learn from; may be repeated
    #[arg(long, value_name = "FILE")]
    pub also: Vec<PathBuf>,
    /// Folder of the run [default: runs/TIME; the latest one to resume or visualize]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    #[command(flatten)]
    pub(super) part: PartArgs,
    /// auto, cpu, gpu or gpu:N [default: auto]
    #[arg(long, value_name = "DEVICE")]
    pub device: Option<DeviceChoice>,
    #[command(flatten)]
    pub(super) processes: ProcessArgs,
    /// Seed of every random number [default: 42]
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Go on from the last checkpoint of the run, with its settings
    #[arg(long, conflicts_with_all = ["config", "data", "also", "fresh", "seed", "quick", "visualize_only", "ReadOptions"])]
    pub resume: bool,
    /// Done within a minute on two cores: shows that everything works, the models are poor
    #[arg(long)]
    pub quick: bool,
    #[command(flatten)]
    pub(super) reading: ReadOptions,
}

#[derive(Args, Debug, Default)]
#[group(multiple = false)]
pub(super) struct PartArgs {
    /// Train only the forecaster
    #[arg(long)]
    forecast_only: bool,
    /// Train only the scaling policy, on the forecaster of the run, or else on the shipped one
    #[arg(long)]
    scaling_only: bool,
    /// Train nothing: write the report of a run again
    #[arg(long)]
    visualize_only: bool,
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

/// Trains, evaluates, exports and reports.
///
/// # Errors
/// If the data, the config or the run folder cannot be used, or training diverges.
pub fn run(args: &TrainArgs) -> Result<ExitCode> {
    if args.part() == Part::Report {
        let (run, _) = Run::open(&existing(args)?)?;
        runs::write(&run)?;
        eprintln!("report: {}", run.report().display());
        return Ok(ExitCode::SUCCESS);
    }
    args.processes.multiply()?;
    let link = ranks::join()?;
    let ranks = Ranks::of(link.as_deref());
    ranks.fate(if ranks.is_first() { lead(args, ranks) } else { help(args, ranks) })
}

/// What the first process does, or the only one.
fn lead(args: &TrainArgs, ranks: Ranks) -> Result<ExitCode> {
    // What cannot be trained is said before there is a folder, and before another run is the latest.
    let (begun, config) = settings(args)?;
    ensure!(
        ranks.size() == 1 || !config.hpo.enable,
        "a search is of processes that start by themselves: `trainer search` in each, then train"
    );
    ranks.broadcast(&config.to_yaml())?;
    let chosen = device::choose(args.processes.device(config.training.device))?;
    let corpus = Corpus::load(&config.data, config.seed).context("loading the data")?;
    ranks.broadcast(&corpus.fingerprints)?;
    let run = begun.map_or_else(|| create(args, &config), Ok)?;
    eprintln!("run:    {}\ndevice: {}", run.dir().display(), chosen.name);
    if ranks.size() > 1 {
        eprintln!("{} processes train; the first one judges and writes", ranks.size());
    }
    corpus.notes.iter().for_each(|note| eprintln!("note:   {note}"));
    let stopped = || {
        eprintln!("saved; go on with: trainer train --out {} --resume", run.dir().display());
        Ok(ExitCode::from(stop::EXIT_STATUS as u8))
    };
    let command = run.begun_by(&command_line(), args.resume)?;
    let manifest = Manifest::begin(&run, &command, &config, &corpus, &chosen.name);
    manifest.write(&run)?;
    let Some(config) = searched(&run, config, &corpus, &chosen.device)? else { return stopped() };
    let (run, config, corpus) = (&run, &config, &corpus);
    let (device, stop) = (chosen.device, &stop::requested);
    let context = RunContext { run, config, corpus, device, ranks, stop };
    let mirror = Mirror::begin(run, config);
    if context.train(args.part(), &command)? == Outcome::Interrupted {
        mirror.into_iter().for_each(|mirror| mirror.end(Status::Stopped));
        return stopped();
    }
    manifest.ended().write(run)?;
    runs::write(run)?;
    mirror.into_iter().for_each(|mirror| mirror.end(Status::Finished));
    eprintln!("models: {}\nreport: {}", run.models().display(), run.report().display());
    Ok(ExitCode::SUCCESS)
}

/// What every other process does: it trains with the first one, which says how the run ended.
fn help(args: &TrainArgs, ranks: Ranks) -> Result<ExitCode> {
    let config: String = ranks.receive()?;
    let (config, _) = Config::parse(&config, Path::new("the first process's settings"))?;
    let device = device::choose(args.processes.device(config.training.device))?.device;
    let corpus = Corpus::load(&config.data, config.seed).context("loading the data")?;
    let theirs = ranks.receive()?;
    ensure!(
        corpus.fingerprints == theirs,
        "the files here differ from those of the first process: {:?}, there {theirs:?}",
        corpus.fingerprints
    );
    let (part, stop) = (args.part(), &stop::requested);
    let outcome = match part {
        Part::Scaling => Outcome::Finished,
        _ => forecaster::help(&config, &corpus, &device, ranks, stop)?,
    };
    if outcome == Outcome::Finished && part != Part::Forecaster {
        policy::help(&config, &corpus, ranks, stop)?;
    }
    ranks.part();
    Ok(ExitCode::SUCCESS)
}

/// The run to go on with, if it is resumed, and the settings.
fn settings(args: &TrainArgs) -> Result<(Option<Run>, Config)> {
    if args.resume {
        let (run, config) = Run::open(&existing(args)?)?;
        return Ok((Some(run), args.over(config)));
    }
    if let Some(folder) = &args.out {
        Run::vacant(folder)?;
    }
    Ok((None, args.config()?))
}

fn create(args: &TrainArgs, config: &Config) -> Result<Run> {
    let folder = args.out.clone().unwrap_or_else(|| Run::fresh_dir(Path::new(RUNS)));
    Ok(Run::create(&folder, config)?)
}

/// The settings to train with: those that a search found, if one is wanted. `None` if it was
/// interrupted.
fn searched(run: &Run, config: Config, corpus: &Corpus, device: &Device) -> Result<Option<Config>> {
    if !config.hpo.enable {
        return Ok(Some(config));
    }
    let folder = run.dir().join("search");
    let mut study = Study::open(&folder, &config, corpus, device, &stop::requested)?;
    let left = study.run()?;
    search::finish(&study, &config, &folder, left)?;
    match left {
        Left::Interrupted => Ok(None),
        Left::Others => bail!("the search is not over: resume the run once the others have ended"),
        Left::Complete => study.best().context("no trial of the search came to its end").map(Some),
    }
}

fn existing(args: &TrainArgs) -> Result<PathBuf> {
    match &args.out {
        Some(folder) => Ok(folder.clone()),
        None => Ok(Run::latest_dir(Path::new(RUNS))?),
    }
}

/// What the user typed, without the folder that the program lies in.
pub(super) fn command_line() -> String {
    let words = std::env::args().skip(1).map(|word| format!(" {word}"));
    format!("trainer{}", words.collect::<String>())
}
