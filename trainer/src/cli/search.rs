//! `trainer search`: tries settings of the forecaster and writes down the best.

use crate::config::Config;
use crate::config::DeviceChoice;
use crate::data::Corpus;
use crate::report::search::{page, summary};
use crate::runtime::device;
use crate::runtime::files::write_atomic;
use crate::runtime::stop;
use crate::search::study::{Left, Study};
use anyhow::{Context as _, Result};
use clap::Args;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::values::at_least_one;

/// Options of `trainer search`.
#[derive(Args, Debug)]
pub struct SearchArgs {
    /// Settings (YAML); its section `hpo` says what is searched [example: trainer/config.example.yaml]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Your own traffic, CSV or Parquet [default: the built-in sample]
    #[arg(long, value_name = "FILE")]
    pub data: Option<PathBuf>,
    /// Folder of the study; the same command on the same folder goes on with it, also at the same time
    #[arg(long, value_name = "DIR", default_value = "study")]
    pub out: PathBuf,
    /// Trials in all [default: 20, or what the settings say]
    #[arg(long, value_name = "N", value_parser = at_least_one)]
    pub trials: Option<usize>,
    /// Steps of each trial [default: those of the forecaster, or what the settings say]
    #[arg(long, value_name = "N", value_parser = at_least_one)]
    pub steps: Option<usize>,
    /// auto, cpu, gpu or gpu:N [default: auto]
    #[arg(long, value_name = "DEVICE")]
    pub device: Option<DeviceChoice>,
}

/// Searches, prints the best trials and writes `best.yaml` and `report.html`.
///
/// # Errors
/// If the data, the settings or the folder cannot be used.
pub fn run(args: &SearchArgs) -> Result<ExitCode> {
    let config = config(args)?;
    let chosen = device::choose(config.training.device)?;
    let corpus = Corpus::load(&config.data, config.seed).context("loading the data")?;
    corpus.notes.iter().for_each(|note| eprintln!("note:   {note}"));
    eprintln!("study:  {}\ndevice: {}", args.out.display(), chosen.name);
    let mut study = Study::open(&args.out, &config, &corpus, &chosen.device, &stop::requested)?;
    let left = study.run()?;
    finish(&study, &config, &args.out, left)?;
    Ok(match left {
        Left::Interrupted => ExitCode::from(stop::EXIT_STATUS as u8),
        Left::Complete | Left::Others => ExitCode::SUCCESS,
    })
}

/// Prints and writes what a study has found.
///
/// # Errors
/// If the page cannot be written.
pub(super) fn finish(study: &Study<'_>, config: &Config, out: &Path, left: Left) -> Result<()> {
    let importance = study.importance();
    print!("{}", summary(study.history(), &importance));
    let report = out.join("report.html");
    let html = page(&out.display().to_string(), &config.hpo, study.history(), &importance);
    write_atomic(&report, html.as_bytes())?;
    eprintln!("report: {}", report.display());
    let best = study.best_path();
    match left {
        Left::Complete if best.exists() => {
            eprintln!("best:   {0}\ntrain:  trainer train --config {0}", best.display());
        }
        Left::Complete => {}
        Left::Others => eprintln!("other processes are still at trials of this study"),
        Left::Interrupted => eprintln!("saved; the same command goes on with it"),
    }
    Ok(())
}

fn config(args: &SearchArgs) -> Result<Config> {
    let mut config = match &args.config {
        Some(path) => Config::load(path)?,
        None => Config::default(),
    };
    config.data.path = args.data.clone().or(config.data.path);
    config.hpo.n_trials = args.trials.unwrap_or(config.hpo.n_trials);
    config.hpo.steps = args.steps.or(config.hpo.steps);
    config.training.device = args.device.unwrap_or(config.training.device);
    Ok(config)
}
