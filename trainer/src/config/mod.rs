//! The trainer's configuration: one YAML file in which everything has a default.
//!
//! Unknown keys are errors (a misspelt key that is ignored costs a day of training), and so are
//! values out of range. `config.example.yaml` beside this crate shows every key.

mod agent;
mod check;
mod file;
mod forecaster;
mod hpo;
mod mlflow;
mod parse;
mod setting;
mod space;
mod unused;

pub use crate::runtime::device_choice::{DeviceChoice, DeviceError};
pub use agent::{AgentConfig, RewardWeights};
pub use forecaster::{ForecasterConfig, LossWeights, Preset, Start};
pub use hpo::{HpoConfig, PrunerChoice};
pub use mlflow::MlflowConfig;
pub use parse::ConfigError;
pub use setting::{SETTINGS, Setting};
pub use space::Space;

use check::Checks;
use scaleiq_core::interval::IntervalLength;
use scaleiq_workload::ReadOptions;
use serde::Serialize;
use std::path::{Path, PathBuf};

/// Everything that decides what a training run does.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Config {
    /// Seed of every random number.
    pub seed: u64,
    /// What to train on.
    pub data: DataConfig,
    /// The forecasting network.
    pub forecaster: ForecasterConfig,
    /// The scaling policy.
    pub agent: AgentConfig,
    /// How to run.
    pub training: TrainingConfig,
    /// The search for better settings.
    pub hpo: HpoConfig,
    /// The server that runs are told to.
    pub mlflow: Option<MlflowConfig>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            seed: 42,
            data: DataConfig::default(),
            forecaster: ForecasterConfig::default(),
            agent: AgentConfig::default(),
            training: TrainingConfig::default(),
            hpo: HpoConfig::default(),
            mlflow: None,
        }
    }
}

/// The `data` section.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DataConfig {
    /// A CSV file of the user's own traffic; without one, the built-in sample.
    pub path: Option<PathBuf>,
    /// Further CSV files: the network learns from their training parts as well, each at its own
    /// interval, so that it knows more kinds of traffic.
    pub also: Vec<PathBuf>,
    /// How these files are read, where they do not say it themselves.
    #[serde(skip_serializing_if = "is_default")]
    pub reading: ReadOptions,
    /// Length of a model interval in seconds; a whole fraction of a day.
    pub interval_s: u32,
    /// Share of the file, from its start, that is trained on.
    pub train_fraction: f64,
    /// Share after it that chooses the best checkpoint and calibrates; the rest is the test.
    pub validation_fraction: f64,
    /// Made-up workloads mixed in, so that the model also serves traffic that it never saw.
    pub synthetic_series: usize,
}

fn is_default(options: &ReadOptions) -> bool {
    *options == ReadOptions::default()
}

impl Default for DataConfig {
    fn default() -> Self {
        Self {
            path: None,
            also: Vec::new(),
            reading: ReadOptions::default(),
            interval_s: IntervalLength::TWO_MINUTES.seconds(),
            train_fraction: 0.7,
            validation_fraction: 0.1,
            synthetic_series: 48,
        }
    }
}

/// The `training` section.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TrainingConfig {
    /// Where to train: `auto`, `cpu`, `gpu` or `gpu:N`.
    pub device: DeviceChoice,
    /// Steps of the forecaster between checkpoints.
    pub checkpoint_every: usize,
    /// Its best checkpoints that are kept beside the last one.
    pub keep_best: usize,
    /// Steps of the forecaster between evaluations on the validation part.
    pub evaluate_every: usize,
    /// Steps between rows of the learning curves.
    pub log_every: usize,
    /// Whether little is judged and played as well, so that all is done within minutes: `--quick`.
    pub quick: bool,
}

impl Default for TrainingConfig {
    fn default() -> Self {
        Self {
            device: DeviceChoice::Auto,
            checkpoint_every: 200,
            keep_best: 3,
            evaluate_every: 200,
            log_every: 20,
            quick: false,
        }
    }
}

/// Steps between evaluations when the shipped network is tuned: it may overfit soon.
const TUNING_EVALUATION: usize = 100;

impl Config {
    /// Reads and checks a file. What it says that is otherwise here is told on stderr: a file of the
    /// reference system is taken as it stands.
    ///
    /// # Errors
    /// If it cannot be read, is no valid YAML, or holds an unknown key or a value out of range.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| ConfigError::Read { path: path.into(), source })?;
        let (config, notes) = Self::parse(&text, path)?;
        for note in notes {
            eprintln!("note: {}: {note}", path.display());
        }
        Ok(config)
    }

    /// Reads and checks the text of a file; `path` is for messages. Beside the settings it gives a
    /// sentence for all that the text says and that is otherwise here.
    ///
    /// # Errors
    /// If it is no valid YAML, or holds an unknown key or a value out of range.
    pub fn parse(text: &str, path: &Path) -> Result<(Self, Vec<String>), ConfigError> {
        let (config, notes) = parse::parse::<file::File>(text, path)?.config();
        config.check().map_err(|problems| ConfigError::Values { path: path.into(), problems })?;
        Ok((config, notes))
    }

    /// Settings that show within minutes on a small CPU that everything works; the models are poor.
    #[must_use]
    pub fn quick() -> Self {
        Self::default().quickened()
    }

    /// These settings for tuning the shipped forecaster to a workload.
    #[must_use]
    pub fn tuning(self) -> Self {
        let evaluate_every = self.training.evaluate_every.min(TUNING_EVALUATION);
        let training = TrainingConfig { evaluate_every, ..self.training };
        Self { forecaster: self.forecaster.tuning(), training, ..self }
    }

    /// These settings with training, and what is judged of it, cut to minutes.
    #[must_use]
    pub fn quickened(mut self) -> Self {
        self.data.synthetic_series = self.data.synthetic_series.min(4);
        self.forecaster.steps = Some(200);
        self.forecaster.epochs = None;
        self.forecaster.batch_size = self.forecaster.batch_size.min(64);
        self.forecaster.warm_restart_period = self.forecaster.warm_restart_period.min(200);
        self.agent.rounds = self.agent.rounds.min(10);
        self.agent.evaluate_every = self.agent.evaluate_every.min(5);
        self.agent.memory_size = self.agent.memory_size.min(20_000).max(self.agent.batch_size);
        self.training.checkpoint_every = self.training.checkpoint_every.min(100);
        self.training.evaluate_every = self.training.evaluate_every.min(50);
        self.training.log_every = self.training.log_every.min(10);
        self.training.quick = true;
        self
    }

    /// The settings as YAML, every key written out.
    #[must_use]
    pub fn to_yaml(&self) -> String {
        serde_saphyr::to_string(self).unwrap_or_default()
    }

    /// Checks every value.
    ///
    /// # Errors
    /// All problems, each naming its key.
    pub fn check(&self) -> Result<(), Vec<String>> {
        let mut checks = Checks::default();
        let mut c = checks.section("data");
        let length = IntervalLength::new(self.data.interval_s);
        c.require(length.is_ok(), "interval_s", || length.unwrap_err().to_string());
        c.range("train_fraction", self.data.train_fraction, 0.05..=0.95);
        c.range("validation_fraction", self.data.validation_fraction, 0.01..=0.5);
        let test = 1.0 - self.data.train_fraction - self.data.validation_fraction;
        c.require(test >= 0.01, "validation_fraction", || {
            "with train_fraction it leaves less than 1 % of the data for the test".into()
        });
        c.range("synthetic_series", self.data.synthetic_series, 0..=10_000);
        setting::check(&self.forecaster, &mut checks);
        self.forecaster.check(&mut checks);
        self.agent.check(&mut checks);
        self.hpo.check(self, &mut checks);
        self.mlflow.iter().for_each(|mlflow| mlflow.check(&mut checks));
        let mut c = checks.section("training");
        c.range("checkpoint_every", self.training.checkpoint_every, 1..=100_000_000);
        c.range("keep_best", self.training.keep_best, 0..=1000);
        c.range("evaluate_every", self.training.evaluate_every, 1..=100_000_000);
        c.range("log_every", self.training.log_every, 1..=100_000_000);
        let problems = checks.into_problems();
        if problems.is_empty() { Ok(()) } else { Err(problems) }
    }
}

#[cfg(test)]
mod tests;
