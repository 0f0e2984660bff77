//! What the cross-crate tests in `tests/` and the benchmark in `benches/` share.

#![allow(clippy::missing_panics_doc, reason = "what fails here fails a test")]

pub mod networks;

use burn::tensor::Device;
use scaleiq_workload::traffic::builtin::{self, SampleSpec};
use std::path::{Path, PathBuf};
use trainer::config::Config;
use trainer::data::Corpus;
use trainer::experiment::context::RunContext;
use trainer::experiment::pipeline::{Outcome, Part};
use trainer::experiment::run::Run;
use trainer::runtime::ranks::Ranks;
use trainer::runtime::stop;

/// A check that needs something of the machine: in CI it must run, elsewhere its absence is said.
pub fn cannot_run(what: &str) {
    assert!(
        std::env::var_os("SCALEIQ_REQUIRE_ALL").is_none(),
        "{what} (SCALEIQ_REQUIRE_ALL is set)"
    );
    eprintln!("\n*** NOT RUN: {what} ***\n");
}

/// The smallest settings that still go through every stage.
pub fn tiny() -> Config {
    let mut config = Config::quick();
    config.data.synthetic_series = 0;
    config.forecaster.d_model = 16;
    config.forecaster.n_heads = 2;
    config.forecaster.n_layers = 1;
    config.forecaster.d_ff = 16;
    config.forecaster.batch_size = 8;
    config.forecaster.steps = Some(12);
    config.training.evaluate_every = 6;
    config.training.checkpoint_every = 4;
    config.agent.hidden = vec![16];
    config.agent.rounds = 2;
    config.agent.evaluate_every = 1;
    config.agent.batch_size = 16;
    config.agent.memory_size = 2000;
    config
}

/// A CSV of `rows` rows of the built-in sample in the reference's format.
pub fn sample_csv(folder: &Path, rows: usize) -> PathBuf {
    let path = folder.join("sample.csv");
    let series = builtin::generate(&SampleSpec { rows, ..SampleSpec::default() });
    series.write_csv(&path).unwrap();
    path
}

/// Trains `config` in `folder` on the CPU and gives the folder of its models.
pub fn train(config: &Config, folder: &Path) -> PathBuf {
    train_part(config, folder, Part::All)
}

/// As [`train`], but only `part`.
pub fn train_part(config: &Config, folder: &Path, part: Part) -> PathBuf {
    let run = Run::create(folder, config).unwrap();
    let corpus = Corpus::load(&config.data, config.seed).unwrap();
    let device = Device::flex().autodiff();
    let ranks = Ranks::default();
    let context =
        RunContext { run: &run, config, corpus: &corpus, device, ranks, stop: &stop::never };
    let outcome = context.train(part, "a test").unwrap();
    assert_eq!(outcome, Outcome::Finished);
    run.models()
}
