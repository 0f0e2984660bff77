//! A configuration as it is written: here or for the reference system, whose file parses as it stands.
//!
//! The reference has its sizes under `model`, training of the forecaster under `training` and the
//! windows under `data`; here all three are of the `forecaster`. Where both places say something, the
//! `forecaster` section counts.

use super::agent::AgentFile;
use super::forecaster::Given;
use super::hpo::HpoFile;
use super::unused::{Notes, Unused};
use super::{Config, DataConfig, DeviceChoice, LossWeights, MlflowConfig, TrainingConfig};
use scaleiq_workload::ReadOptions;
use serde::Deserialize;
use std::path::PathBuf;

/// Where the reference's settings of processes have gone.
const PROCESSES: &str = "how many processes train is said by `--gpus` and `--nodes`";

/// The whole file.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct File {
    #[serde(alias = "random_seed")]
    seed: Option<u64>,
    data: DataFile,
    #[serde(
        alias = "model",
        alias = "forecasting",
        alias = "transformer",
        alias = "forecaster_model"
    )]
    forecaster: Given,
    #[serde(
        alias = "dqn",
        alias = "rl",
        alias = "scaling",
        alias = "rl_agent",
        alias = "dqn_agent"
    )]
    agent: AgentFile,
    training: TrainingFile,
    features: Unused,
    environment: Unused,
    logging: Unused,
    paths: Unused,
    output: Unused,
    inference: Unused,
    monitoring: Unused,
    visualization: Unused,
    evaluation: Unused,
    #[serde(alias = "hyperparameter_optimization")]
    hpo: HpoFile,
    mlflow: Option<MlflowConfig>,
    distributed: Unused,
    hardware: Unused,
    system: Unused,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct DataFile {
    #[serde(alias = "file", alias = "csv_path", alias = "data_path", alias = "file_path")]
    path: Option<PathBuf>,
    #[serde(alias = "further")]
    also: Vec<PathBuf>,
    reading: ReadOptions,
    #[serde(alias = "interval_seconds")]
    interval_s: Option<u32>,
    interval_minutes: Option<f64>,
    #[serde(alias = "train_ratio", alias = "train_split")]
    train_fraction: Option<f64>,
    #[serde(
        alias = "validation_ratio",
        alias = "val_ratio",
        alias = "val_split",
        alias = "validation_split"
    )]
    validation_fraction: Option<f64>,
    synthetic_series: Option<usize>,
    #[serde(alias = "seq_length", alias = "seq_len", alias = "window_size", alias = "lookback")]
    sequence_length: Option<usize>,
    #[serde(alias = "forecast_horizons", alias = "prediction_horizons")]
    horizons: Option<Vec<usize>>,
    batch_size: Option<usize>,
    test_split: Unused,
    test_ratio: Unused,
    target_column: Unused,
    datetime_column: Unused,
    feature_columns: Unused,
    normalization: Unused,
    scaler: Unused,
    shuffle: Unused,
    num_workers: Unused,
    pin_memory: Unused,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct TrainingFile {
    device: Option<DeviceChoice>,
    #[serde(alias = "checkpoint_interval", alias = "save_every", alias = "save_interval")]
    checkpoint_every: Option<usize>,
    #[serde(alias = "save_top_k")]
    keep_best: Option<usize>,
    #[serde(alias = "eval_interval", alias = "eval_every")]
    evaluate_every: Option<usize>,
    #[serde(alias = "log_interval")]
    log_every: Option<usize>,
    quick: Option<bool>,
    seed: Option<u64>,
    batch_size: Option<usize>,
    #[serde(alias = "accumulate")]
    gradient_accumulation_steps: Option<usize>,
    #[serde(alias = "lr")]
    learning_rate: Option<f64>,
    weight_decay: Option<f64>,
    #[serde(alias = "max_steps")]
    steps: Option<usize>,
    #[serde(alias = "num_epochs", alias = "max_epochs")]
    epochs: Option<usize>,
    #[serde(
        alias = "grad_clip",
        alias = "clip_grad_norm",
        alias = "max_grad_norm",
        alias = "gradient_clip_val"
    )]
    gradient_clip: Option<f32>,
    #[serde(alias = "patience")]
    early_stopping_patience: Option<usize>,
    #[serde(alias = "loss_weights")]
    loss: Option<LossWeights>,
    early_stopping: Unused,
    optimizer: Unused,
    scheduler: Unused,
    scheduler_params: Unused,
    warmup_steps: Unused,
    warmup_epochs: Unused,
    min_delta: Unused,
    mixed_precision: Unused,
    use_amp: Unused,
    gpus: Unused,
    num_gpus: Unused,
    nodes: Unused,
    num_nodes: Unused,
    num_workers: Unused,
    pin_memory: Unused,
    strategy: Unused,
    distributed: Unused,
    checkpoint_dir: Unused,
    save_dir: Unused,
    log_dir: Unused,
}

impl File {
    /// The settings, and what the file says that is otherwise here.
    pub(super) fn config(mut self) -> (Config, Vec<String>) {
        let mut notes = Notes::default();
        self.note_sections(&mut notes);
        self.data.note(&mut notes);
        self.training.note(&mut notes);
        self.hand_over();
        let seed = self.seed.or(self.training.seed).unwrap_or(Config::default().seed);
        let config = Config {
            seed,
            data: self.data.config(),
            forecaster: self.forecaster.config(&mut notes),
            agent: self.agent.config(&mut notes),
            training: self.training.config(),
            hpo: self.hpo.config(&mut notes),
            mlflow: self.mlflow,
        };
        (config, notes.0)
    }

    /// What the reference has elsewhere goes to the forecaster, unless it has its own.
    fn hand_over(&mut self) {
        let (data, training, to) = (&mut self.data, &mut self.training, &mut self.forecaster);
        fill(&mut to.sequence_length, &mut data.sequence_length);
        fill(&mut to.horizons, &mut data.horizons);
        fill(&mut to.batch_size, &mut training.batch_size);
        fill(&mut to.batch_size, &mut data.batch_size);
        fill(&mut to.accumulate, &mut training.gradient_accumulation_steps);
        fill(&mut to.learning_rate, &mut training.learning_rate);
        fill(&mut to.weight_decay, &mut training.weight_decay);
        fill(&mut to.gradient_clip, &mut training.gradient_clip);
        fill(&mut to.early_stopping_patience, &mut training.early_stopping_patience);
        fill(&mut to.loss, &mut training.loss);
        if to.steps.is_none() && to.epochs.is_none() {
            fill(&mut to.steps, &mut training.steps);
            fill(&mut to.epochs, &mut training.epochs);
        }
    }

    fn note_sections(&self, notes: &mut Notes) {
        notes.unused("", "features are those on the model card", &[("features", self.features)]);
        let why = "training plays its own simulator, with worlds drawn at random";
        notes.unused("", why, &[("environment", self.environment)]);
        let why = "the agent's own configuration has that (agent/scaleiq.example.yaml)";
        notes.unused("", why, &[("inference", self.inference), ("monitoring", self.monitoring)]);
        let why = "`--out` names the run's folder, in which everything lies";
        let folders = [("logging", self.logging), ("paths", self.paths), ("output", self.output)];
        notes.unused("", why, &folders);
        let why = "the report and `trainer evaluate` have all there is";
        let views = [("visualization", self.visualization), ("evaluation", self.evaluation)];
        notes.unused("", why, &views);
        let machines = [
            ("distributed", self.distributed),
            ("hardware", self.hardware),
            ("system", self.system),
        ];
        notes.unused("", PROCESSES, &machines);
    }
}

/// Takes `from` where `to` is empty.
fn fill<T>(to: &mut Option<T>, from: &mut Option<T>) {
    if to.is_none() {
        *to = from.take();
    }
}

impl DataFile {
    fn note(&self, notes: &mut Notes) {
        let rest = [("test_split", self.test_split), ("test_ratio", self.test_ratio)];
        notes.unused("data", "the rest is the test", &rest);
        let why = "columns are found by their names; `data.reading.column` names others";
        let columns = [
            ("target_column", self.target_column),
            ("datetime_column", self.datetime_column),
            ("feature_columns", self.feature_columns),
        ];
        notes.unused("data", why, &columns);
        let why = "each window is scaled by its own level and swing";
        let scaling = [("normalization", self.normalization), ("scaler", self.scaler)];
        notes.unused("data", why, &scaling);
        let why = "windows are drawn at random, from memory";
        let loading = [
            ("shuffle", self.shuffle),
            ("num_workers", self.num_workers),
            ("pin_memory", self.pin_memory),
        ];
        notes.unused("data", why, &loading);
    }

    fn config(self) -> DataConfig {
        let ours = DataConfig::default();
        let minutes = self.interval_minutes.map(|minutes| (60.0 * minutes).round() as u32);
        DataConfig {
            path: self.path,
            also: self.also,
            reading: self.reading,
            interval_s: self.interval_s.or(minutes).unwrap_or(ours.interval_s),
            train_fraction: self.train_fraction.unwrap_or(ours.train_fraction),
            validation_fraction: self.validation_fraction.unwrap_or(ours.validation_fraction),
            synthetic_series: self.synthetic_series.unwrap_or(ours.synthetic_series),
        }
    }
}

impl TrainingFile {
    fn note(&self, notes: &mut Notes) {
        let why =
            "it is AdamW with cosine warm restarts; `forecaster.warm_restart_period` sets them";
        let optimizer = [
            ("optimizer", self.optimizer),
            ("scheduler", self.scheduler),
            ("scheduler_params", self.scheduler_params),
            ("warmup_steps", self.warmup_steps),
            ("warmup_epochs", self.warmup_epochs),
        ];
        notes.unused("training", why, &optimizer);
        let why = "`forecaster.early_stopping_patience` says after how many evaluations";
        let stopping = [("early_stopping", self.early_stopping), ("min_delta", self.min_delta)];
        notes.unused("training", why, &stopping);
        let why = "training is in f32";
        let numbers = [("mixed_precision", self.mixed_precision), ("use_amp", self.use_amp)];
        notes.unused("training", why, &numbers);
        let machines = [
            ("gpus", self.gpus),
            ("num_gpus", self.num_gpus),
            ("nodes", self.nodes),
            ("num_nodes", self.num_nodes),
            ("num_workers", self.num_workers),
            ("pin_memory", self.pin_memory),
            ("strategy", self.strategy),
            ("distributed", self.distributed),
        ];
        notes.unused("training", PROCESSES, &machines);
        let why = "`--out` names the run's folder, in which everything lies";
        let folders = [
            ("checkpoint_dir", self.checkpoint_dir),
            ("save_dir", self.save_dir),
            ("log_dir", self.log_dir),
        ];
        notes.unused("training", why, &folders);
    }

    fn config(self) -> TrainingConfig {
        let ours = TrainingConfig::default();
        TrainingConfig {
            device: self.device.unwrap_or(ours.device),
            checkpoint_every: self.checkpoint_every.unwrap_or(ours.checkpoint_every),
            keep_best: self.keep_best.unwrap_or(ours.keep_best),
            evaluate_every: self.evaluate_every.unwrap_or(ours.evaluate_every),
            log_every: self.log_every.unwrap_or(ours.log_every),
            quick: self.quick.unwrap_or(ours.quick),
        }
    }
}
