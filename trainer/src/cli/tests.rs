use super::*;
use crate::config::{Config, DeviceChoice, Start};
use crate::experiment::pipeline::Part;
use clap::CommandFactory as _;
use scaleiq_core::units::UnixSeconds;
use std::path::PathBuf;
use train::TrainArgs;

fn parse(line: &str) -> Command {
    Cli::try_parse_from(line.split_whitespace()).unwrap().into_command()
}

fn train(line: &str) -> TrainArgs {
    let Command::Train(args) = parse(line) else { panic!("{line}") };
    *args
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
    assert_eq!(from("1751328000"), (Some(UnixSeconds(1_751_328_000)), 1, 24));
    assert_eq!(from("2025-07-01T00:00:00Z").0, Some(UnixSeconds(1_751_328_000)));
    assert_eq!(from("2025-07-01T02:00:00+02:00").0, Some(UnixSeconds(1_751_328_000)));
    assert_eq!(from("-5").0, Some(UnixSeconds(-5)));
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
    assert_eq!((args.baselines.0.len(), args.test.stride, args.test.test_fraction), (8, 7, 0.2));
    assert!(args.model.is_empty() && args.test.from.is_none() && !args.parts);
    let args = evaluate(
        "trainer evaluate --data a.csv --data b.csv --model m --model n --from 5 --baselines none",
    );
    assert_eq!((args.data.len(), args.model.len(), args.test.from), (2, 2, Some(UnixSeconds(5))));
    assert!(args.baselines.0.is_empty());
    let bad = |more: &str| error(&format!("trainer evaluate --data a {more}"));
    insta::assert_snapshot!(bad("--baselines ridge_24,arima"), @"error: invalid value 'ridge_24,arima' for '--baselines <NAMES>': there is no baseline `arima`; there are: persistence, seasonal_naive_day, seasonal_naive_week, smoothing, holt_winters, ridge_24, ridge_336, ridge_96_seasonal");
    insta::assert_snapshot!(bad("--test-fraction 1"), @"error: invalid value '1' for '--test-fraction <SHARE>': should lie between 0 and 1, such as 0.2");
    insta::assert_snapshot!(bad("--from 5 --test-fraction 0.1"), @"error: the argument '--from <TIME>' cannot be used with '--test-fraction <SHARE>'");
}

#[test]
fn a_bad_device_says_what_is_possible() {
    insta::assert_snapshot!(error("trainer train --device tpu"), @"error: invalid value 'tpu' for '--device <DEVICE>': `tpu` is no device: use `auto`, `cpu`, `gpu` or `gpu:N`");
}
