//! `trainer ablate`: what each part of the forecaster is worth.

use super::train::TrainArgs;
use crate::config::{Config, ConfigError, DeviceChoice};
use crate::data::Corpus;
use crate::experiment::ablation;
use crate::runtime::device;
use crate::runtime::files::write_atomic;
use crate::runtime::stop;
use anyhow::{Context as _, Result};
use clap::Args;
use scaleiq_workload::ReadOptions;
use std::path::PathBuf;

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

/// Trains the variants, judges all, prints the table.
///
/// # Errors
/// If the data cannot be read, training diverges, or the table cannot be written.
pub fn run(args: &AblateArgs) -> Result<()> {
    let config = args.config()?;
    let chosen = device::choose(config.training.device)?;
    eprintln!("device: {}", chosen.name);
    let corpus = Corpus::load(&config.data, config.seed).context("loading the data")?;
    let found = ablation::run(&config, &corpus, &chosen.device, &stop::requested)?;
    print!("{}", found.table());
    if let Some(path) = &args.out {
        write_atomic(path, found.csv().as_bytes())?;
    }
    Ok(())
}
