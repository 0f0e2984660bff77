use super::*;
use scaleiq_core::settings::Base;

fn parse(text: &str) -> Result<Config, ConfigError> {
    Config::parse(text, Path::new("config.yaml")).map(|(config, _)| config)
}

fn error(text: &str) -> String {
    parse(text).unwrap_err().to_string()
}

#[test]
fn the_example_file_shows_the_defaults() {
    let text = include_str!("../../config.example.yaml");
    assert_eq!(parse(text).unwrap(), Config::default());
    // And every key: what the program writes, the example has too.
    for line in Config::default().to_yaml().lines() {
        if let Some((key, _)) = line.trim().split_once(':') {
            assert!(text.contains(&format!("{key}:")), "the example lacks {key}");
        }
    }
}

#[test]
fn defaults_and_presets_pass_their_own_checks_and_survive_yaml() {
    let reference =
        Config { forecaster: ForecasterConfig::preset(Preset::Reference), ..Config::default() };
    for config in [Config::default(), Config::quick(), reference] {
        assert_eq!(config.check(), Ok(()));
        assert_eq!(parse(&config.to_yaml()).unwrap(), config);
    }
    assert_eq!(parse("").unwrap(), Config::default());
    assert_eq!(parse("# nothing\n---\n").unwrap(), Config::default());
}

#[test]
fn keys_beside_a_preset_win_over_it() {
    let config = parse("forecaster: {preset: reference, n_layers: 2, epochs: 3}").unwrap();
    assert_eq!((config.forecaster.d_model, config.forecaster.n_layers), (256, 2));
    assert_eq!((config.forecaster.steps, config.forecaster.epochs), (None, Some(3)));
    assert_eq!(config.forecaster.total_steps(1000), 3 * 4);
}

#[test]
fn the_names_of_the_reference_are_understood() {
    let text = "model: {hidden_dim: 32, num_heads: 2, num_layers: 1, lr: 0.01, window_size: 32}
dqn: {buffer_size: 5000, lr: 0.001, hidden_dims: [512, 256, 128]}
training: {device: 'gpu:1'}
";
    let config = parse(text).unwrap();
    assert_eq!((config.forecaster.d_model, config.forecaster.learning_rate), (32, 0.01));
    assert_eq!((config.agent.memory_size, config.agent.hidden[0]), (5000, 512));
    assert_eq!(config.training.device, DeviceChoice::Gpu(Some(1)));
}

/// The reference's own file, section by section.
const REFERENCE: &str = "
data:
  data_path: data/events.csv
  sequence_length: 24
  forecast_horizons: [6, 12, 24]
  train_split: 0.7
  val_split: 0.15
  test_split: 0.15
  batch_size: 32
  num_workers: 4
model:
  d_model: 256
  nhead: 8
  num_encoder_layers: 6
  dim_feedforward: 1024
  dropout: 0.1
  conv_kernel_sizes: [3, 5, 7]
training:
  epochs: 100
  learning_rate: 0.0001
  weight_decay: 1e-5
  optimizer: adamw
  scheduler: {type: cosine_warm_restarts, T_0: 10, T_mult: 2}
  gradient_clip: 1.0
  early_stopping_patience: 15
  loss_weights: {mse: 0.5, mae: 0.3, huber: 0.2}
  mixed_precision: true
  gpus: 4
  nodes: 2
  device: cuda
rl_agent:
  state_dim: 64
  action_dim: 6
  hidden_dims: [512, 256, 128]
  actions: [0.5, 0.8, 1.0, 1.25, 1.5, 2.0]
  learning_rate: 0.0001
  gamma: 0.99
  tau: 0.005
  buffer_size: 100000
  priority_alpha: 0.6
  beta_start: 0.4
  epsilon_start: 1.0
  min_jobs: 1
  max_jobs: 100
  base: current
  reward_weights: {cost_weight: 0.3, sla_weight: 100, efficiency_weight: 0.2}
logging: {level: INFO}
";

#[test]
fn the_file_of_the_reference_parses_as_it_stands() {
    let (config, notes) = Config::parse(REFERENCE, Path::new("config.yaml")).unwrap();
    let f = &config.forecaster;
    assert_eq!((f.preset, f.d_model, f.n_heads), (Preset::Reference, 256, 8));
    assert_eq!((f.n_layers, f.d_ff, f.sequence_length), (6, 1024, 32));
    assert_eq!((f.epochs, f.steps, f.batch_size), (Some(100), None, 32));
    assert_eq!((f.learning_rate, f.early_stopping_patience), (1e-4, 15));
    assert_eq!((f.loss.mse, f.loss.mae, f.loss.pinball), (0.5, 0.3, 4.0));
    let a = &config.agent;
    assert_eq!(
        (a.hidden.as_slice(), a.max_jobs, a.base),
        (&[512, 256, 128][..], Some(100), Base::Current)
    );
    assert_eq!(
        (config.training.device, config.data.train_fraction),
        (DeviceChoice::Gpu(None), 0.7)
    );
    insta::assert_snapshot!(notes.join("\n"), @r"
    `logging` is not used: `--out` names the run's folder, in which everything lies
    `data.test_split` is not used: the rest is the test
    `data.num_workers` is not used: windows are drawn at random, from memory
    `training.optimizer` is not used: it is AdamW with cosine warm restarts; `forecaster.warm_restart_period` sets them
    `training.scheduler` is not used: it is AdamW with cosine warm restarts; `forecaster.warm_restart_period` sets them
    `training.mixed_precision` is not used: training is in f32
    `training.gpus` is not used: how many processes train is said by `--gpus` and `--nodes`
    `training.nodes` is not used: how many processes train is said by `--gpus` and `--nodes`
    `forecaster.sequence_length`: the model format has 32 in the place of 24
    `agent.state_dim` is not used: the model format fixes state and actions (they are on the card)
    `agent.action_dim` is not used: the model format fixes state and actions (they are on the card)
    `agent.epsilon_start` is not used: noisy layers explore, there is no epsilon
    `agent.reward.efficiency_weight` is not used: `cost` is the price of what is paid beyond the ideal pool, which is that
    `agent.multipliers`: the model format has [0.5, 0.75, 0.87, 0.94, 1.0, 1.07, 1.2, 1.5, 2.0] in the place of [0.5, 0.8, 1.0, 1.25, 1.5, 2.0]
    ");
}

#[test]
fn what_only_the_reference_has_must_be_its_own() {
    insta::assert_snapshot!(error("forecaster: {sequence_length: 48}"), @"config.yaml: `forecaster.sequence_length`: fixed by the model format; supported is only 32 points at each of three resolutions, and four weeks of seasons");
    insta::assert_snapshot!(error("training: {mixed_precison: true}"), @"config.yaml:1:12: unknown key `mixed_precison`; did you mean `mixed_precision`?");
}

#[test]
fn unknown_keys_say_where_and_what_instead() {
    insta::assert_snapshot!(error("seed: 1\nforecaster:\n  learning_rat: 0.1\n"), @"config.yaml:3:3: unknown key `learning_rat`; did you mean `learning_rate`?");
    insta::assert_snapshot!(error("agent: {reward: {slo: 3}}"), @"config.yaml:1:18: unknown key `slo`; did you mean `sla`?");
    insta::assert_snapshot!(error("training: {zzz: 3}"), @"config.yaml:1:12: unknown key `zzz`; trainer/config.example.yaml shows all that are known");
    insta::assert_snapshot!(error("forecaster: {preset: egde}"), @"config.yaml:1:22: unknown value `egde`; did you mean `edge`?");
}

#[test]
fn wrong_types_and_bad_yaml_say_where() {
    insta::assert_snapshot!(error("seed: many"), @"config.yaml:1:7: this should be a whole number, 0 or more");
    insta::assert_snapshot!(error("agent:\n  hidden: 128\n"), @"config.yaml:2:11: this should be a list, such as [1, 2]");
    insta::assert_snapshot!(error("agent: {lr: 1, learning_rate: 2}"), @"config.yaml:1:8: `learning_rate` is given twice, perhaps under another of its names");
    insta::assert_snapshot!(error("seed: 1\nseed: 2"), @"config.yaml:2:1: `seed` is given twice");
    insta::assert_snapshot!(error("data: [1, 2"), @"config.yaml:1:7: this should be a section with keys of its own");
    insta::assert_snapshot!(error("training: {device: tpu}"), @"config.yaml:1:20: `tpu` is no device: use `auto`, `cpu`, `gpu` or `gpu:N`");
}

#[test]
fn every_value_out_of_range_is_named_at_once() {
    let text = "data: {interval_s: 7, train_fraction: 0.95, validation_fraction: 0.1}
forecaster: {n_heads: 5, kernel_sizes: [4], dropout: .nan, steps: 5, epochs: 5}
agent: {min_jobs: 9, max_jobs: 3, gamma: 1.0, hidden: []}
";
    insta::assert_snapshot!(error(text), @r"
    config.yaml: `data.interval_s`: an interval of 7 s is no whole fraction of a day (86400 s)
      and `data.validation_fraction`: with train_fraction it leaves less than 1 % of the data for the test
      and `forecaster.dropout`: NaN is not within 0.0 to 0.9
      and `forecaster.n_heads`: 5 heads do not divide d_model 64
      and `forecaster.kernel_sizes`: fixed by the model format; supported is only [3, 5, 7]
      and `forecaster.steps`: give either `steps` or `epochs`, not both
      and `agent.hidden`: [] should be 1 to 8 layers of 4 to 4096
      and `agent.gamma`: 1 is not within 0.0 to 0.9999
      and `agent.min_jobs`: 9 is above max_jobs 3
    ");
}

#[test]
fn what_the_model_format_fixes_cannot_be_changed() {
    let text = "forecaster: {horizons: [6, 12], quantiles: [0.5], sequence_length: 25}
agent: {multipliers: [0.5, 1.0, 2.0]}
";
    insta::assert_snapshot!(error(text), @r"
    config.yaml: `forecaster.sequence_length`: fixed by the model format; supported is only 32 points at each of three resolutions, and four weeks of seasons
      and `forecaster.horizons`: fixed by the model format; supported is only [6, 12, 24]
      and `forecaster.quantiles`: fixed by the model format; supported is only [0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.975, 0.99]
      and `agent.multipliers`: fixed by the model format; supported is only [0.5, 0.75, 0.87, 0.94, 1.0, 1.07, 1.2, 1.5, 2.0]
    ");
}

#[test]
fn a_missing_file_is_named() {
    let error = Config::load(Path::new("/nowhere/config.yaml")).unwrap_err().to_string();
    assert!(error.starts_with("cannot read /nowhere/config.yaml: "), "{error}");
}
