//! Configurations: what is wrong is told with file, line, column, field and what to do.

use agent::config::{Actuator, Config, Mode, Source};
use insta::assert_snapshot;
use std::path::Path;

fn parse(text: &str) -> Result<Config, String> {
    let lookup = |name: &str| (name == "TOKEN").then(|| "0123456789abcdef".to_string());
    Config::parse(text, Path::new("conf/scaleiq.yaml"), lookup).map_err(|p| p.to_string())
}

fn refused(text: &str) -> String {
    parse(text).unwrap_err()
}

#[test]
fn the_example_states_the_defaults() {
    let example = parse(include_str!("../scaleiq.example.yaml")).unwrap();
    let defaults = parse("").unwrap();
    assert_eq!(format!("{example:?}"), format!("{defaults:?}"));
    assert_eq!(format!("{defaults:?}"), format!("{:?}", Config::load_or_default(None).unwrap()));
}

#[test]
fn three_lines_are_enough() {
    let config = parse("jobs: {max: 40}\nsla_s: 30\nstart_up_s: 90\n").unwrap();
    assert_eq!(config.settings.limits.max().0, 40);
    assert_eq!(config.settings.catch_up_s, 30.0);
    assert_eq!((config.mode, config.source), (Mode::Shadow, Source::Http));
}

#[test]
fn everything_can_be_set() {
    let config = parse(
        "model: ../models/mine\nlisten: 0.0.0.0:80\ntoken: ${env:TOKEN}\nmode: active\n\
         source: {type: jsonl, path: in.jsonl}\n\
         actuator: {type: exec, command: [./scale.sh, \"{jobs}\"], timeout_s: 2.5}\n",
    )
    .unwrap();
    assert_eq!(config.model.as_deref(), Some(Path::new("conf/../models/mine")));
    assert_eq!(config.source, Source::File("conf/in.jsonl".into()));
    let Actuator::Exec { command, timeout } = &config.actuator else { panic!("{config:?}") };
    assert_eq!((command[1].as_str(), timeout.as_millis()), ("{jobs}", 2500));
    assert!(config.token.as_ref().unwrap().matches(b"0123456789abcdef"));
    assert!(!format!("{config:?}").contains("0123456789abcdef"));
}

#[test]
fn typing_mistakes_are_told_with_the_nearest_name() {
    assert_snapshot!(refused("jobs: {min: 1}\nslas: 60\n"), @"");
    assert_snapshot!(refused("jobs:\n  min: 1\n  maximum: 5\n"), @"");
    assert_snapshot!(refused("colour: red\n"), @"");
    assert_snapshot!(refused("mode: activ\n"), @"");
    assert_snapshot!(refused("source: {type: prometheus}\n"), @"");
    assert_snapshot!(refused("sla_s: 5\nsla_s: 6\n"), @"");
}

#[test]
fn wrong_kinds_are_told() {
    assert_snapshot!(refused("sla_s: fast\n"), @"");
    assert_snapshot!(refused("jobs: {min: 1, max: -3}\n"), @"");
    assert_snapshot!(refused("jobs: 5\n"), @"");
    assert_snapshot!(refused("source: {path: x}\n"), @"");
    assert_snapshot!(refused("jobs: [1\n"), @"");
}

#[test]
fn all_ranges_are_told_at_once() {
    let text = "jobs:\n  min: 9\n  max: 3\nsla_s: 0\nstart_up_s: .nan\ninterval_s: 7\n\
                stale_after_s: 1\nlisten: localhost\n";
    assert_snapshot!(refused(text), @"");
}

#[test]
fn rules_between_fields_are_told() {
    assert_snapshot!(refused("listen: 0.0.0.0:9184\n"), @"");
    assert_snapshot!(refused("token: ${env:NO_SUCH_TOKEN}\n"), @"");
    assert_snapshot!(refused("token: hunter2\n"), @"");
    assert_snapshot!(refused("actuator: {type: exec}\n"), @"");
    assert_snapshot!(refused("actuator: {type: stdout, command: [x]}\n"), @"");
    assert_snapshot!(refused("source: {type: jsonl}\n"), @"");
}
