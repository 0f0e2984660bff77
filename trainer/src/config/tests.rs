use super::*;

fn parse(text: &str) -> Result<Config, ConfigError> {
    Config::parse(text, Path::new("config.yaml"))
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

#[test]
fn unknown_keys_say_where_and_what_instead() {
    insta::assert_snapshot!(error("seed: 1\nforecaster:\n  learning_rat: 0.1\n"), @"config.yaml:3:3: unknown key `learning_rat`; did you mean `learning_rate`?");
    insta::assert_snapshot!(error("agent: {reward: {slo: 3}}"), @"config.yaml:1:18: unknown key `slo`; did you mean `sla`?");
    insta::assert_snapshot!(error("training: {zzz: 3}"), @"config.yaml:1:12: unknown key `zzz`; known are device, checkpoint_every, checkpoint_interval, save_every, eval_every, eval_interval, evaluate_every, log_every, log_interval");
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
      and `forecaster.n_heads`: 5 heads do not divide d_model 64
      and `forecaster.dropout`: NaN is not within 0.0 to 0.9
      and `forecaster.kernel_sizes`: fixed by the model format; supported is only [3, 5, 7]
      and `forecaster.steps`: give either `steps` or `epochs`, not both
      and `agent.hidden`: [] should be 1 to 8 layers of 4 to 4096
      and `agent.gamma`: 1 is not within 0.0 to 0.9999
      and `agent.min_jobs`: 9 is above max_jobs 3
    ");
}

#[test]
fn what_the_model_format_fixes_cannot_be_changed() {
    let text = "forecaster: {horizons: [6, 12], quantiles: [0.5], sequence_length: 24}
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
