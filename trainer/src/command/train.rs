//! `trainer train`: from data to exported models and a report.
//!
//! ```text
//! data -> windows -> forecaster -> ONNX -> forecasts on the test part -> scores
//!                                    \-> forecasts of every workload -> policy -> ONNX
//!                                                    card, metrics, plots, report
//! ```

use crate::cli::{Part, TrainArgs};
use crate::config::Config;
use crate::data::Corpus;
use crate::device;
use crate::interrupt;
use crate::report::summary;
use crate::run::{RUNS, Run};
use crate::train::stages::{Outcome, Stages};
use anyhow::{Context, Result};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Trains, evaluates, exports and reports.
///
/// # Errors
/// If the data, the config or the run folder cannot be used, or training diverges.
pub fn run(args: &TrainArgs) -> Result<ExitCode> {
    if args.part() == Part::Report {
        let (run, _) = Run::open(&existing(args)?)?;
        summary::write(&run)?;
        eprintln!("report: {}", run.report().display());
        return Ok(ExitCode::SUCCESS);
    }
    let (run, config) = begin(args)?;
    let chosen = device::choose(config.training.device)?;
    eprintln!("run:    {}\ndevice: {}", run.dir().display(), chosen.name);
    let corpus = Corpus::load(&config.data, config.seed).context("loading the data")?;
    corpus.notes.iter().for_each(|note| eprintln!("note:   {note}"));
    let stages = Stages { run: &run, config: &config, corpus: &corpus, device: chosen.device };
    let command = run.begun_by(&command_line(), args.resume)?;
    let outcome = stages.all(args.part(), &command)?;
    if outcome == Outcome::Interrupted {
        let out = run.dir().display();
        eprintln!("saved; go on with: trainer train --out {out} --resume");
        return Ok(ExitCode::from(interrupt::EXIT_STATUS as u8));
    }
    summary::write(&run)?;
    eprintln!("models: {}\nreport: {}", run.models().display(), run.report().display());
    Ok(ExitCode::SUCCESS)
}

/// A fresh run, or the one to go on with.
fn begin(args: &TrainArgs) -> Result<(Run, Config)> {
    if args.resume {
        let (run, config) = Run::open(&existing(args)?)?;
        return Ok((run, args.over(config)));
    }
    let config = args.config()?;
    let folder = args.out.clone().unwrap_or_else(|| Run::fresh_dir(Path::new(RUNS)));
    Ok((Run::create(&folder, &config)?, config))
}

fn existing(args: &TrainArgs) -> Result<PathBuf> {
    match &args.out {
        Some(folder) => Ok(folder.clone()),
        None => Ok(Run::latest_dir(Path::new(RUNS))?),
    }
}

/// What the user typed, without the folder that the program lies in.
fn command_line() -> String {
    let words = std::env::args().skip(1).map(|word| format!(" {word}"));
    format!("trainer{}", words.collect::<String>())
}
