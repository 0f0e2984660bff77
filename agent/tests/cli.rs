//! The command line: help, versions, exit codes.

use scaleiq_core::features::SPECS;
use scaleiq_core::forecast::{HORIZONS, QUANTILES, STEPS};
use scaleiq_core::model::{Card, FORECASTER_INT8, PACK, PolicyCard, SCHEMA_VERSION, sha256_hex};
use scaleiq_core::settings::Base;
use std::process::{Command, Output, Stdio};

fn agent(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_agent")).args(arguments).output().unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn every_command_has_help_with_examples() {
    for command in ["demo", "backtest", "pipe", "run", "check", "replay", "flash-model"] {
        let output = agent(&[command, "--help"]);
        assert!(output.status.success());
        let help = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(help.contains("Examples:") && help.contains(&format!("agent {command}")), "{help}");
    }
    assert!(agent(&["--version"]).status.success());
}

#[test]
fn a_wrong_command_line_is_code_2() {
    assert_eq!(agent(&["scale"]).status.code(), Some(2));
    assert_eq!(agent(&["check"]).status.code(), Some(2));
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("c.yaml");
    std::fs::write(&file, "model: none\njobs: {min: 7, max: 7}\n").unwrap();
    let mut check = Command::new(env!("CARGO_BIN_EXE_agent"))
        .args(["check", "--config", file.to_str().unwrap()])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // As `agent check | head -0` does.
    drop(check.stdout.take());
    let output = check.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
}

#[test]
fn check_tells_what_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("c.yaml");
    let check = |text: &str| {
        std::fs::write(&file, text).unwrap();
        agent(&["check", "--config", file.to_str().unwrap()])
    };
    let sound = check("model: none\njobs: {max: 40}\n");
    let stdout = String::from_utf8_lossy(&sound.stdout).into_owned();
    assert!(sound.status.success() && stdout.contains("ok: "), "{stdout}{}", stderr(&sound));
    assert!(check("engine: native\n").status.success());
    for (text, note) in [
        ("model: none\nsource: {type: jsonl, path: nowhere}\n", "it is waited for"),
        (
            "model: shipped\n",
            "network    the plan decides: this model's Q-network gains nothing over it",
        ),
        ("jobs: {min: 0}\n", "note: `jobs.min` is 0: the first event after a quiet time waits"),
        ("model: none\ninterval_s: 10\n", "note: `scale_down_window_s` is 60, `interval_s` 10:"),
        ("model: none\nobjective: 0.95\n", "95 % of the work begins within 60 s"),
    ] {
        let output = check(text);
        let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success() && stdout.contains(note), "{stdout}{}", stderr(&output));
    }
    for (text, words) in [
        ("objective: 99.9\n", "`objective` is 99.9; it must be from 0.5 to 0.99999"),
        ("slas: 4\n", "c.yaml:1:1: unknown field `slas`; did you mean `sla_s`?"),
        ("model: nowhere\n", "nowhere/card.json"),
        (
            "engine: serial\nserial: {port: /dev/no-such}\n",
            "device on port /dev/no-such: it cannot be opened",
        ),
        ("model: none\nactuator: {type: exec, command: [no-such-program]}\n", "no-such-program"),
    ] {
        let output = check(text);
        assert_eq!(output.status.code(), Some(2));
        assert!(stderr(&output).contains(words), "{}", stderr(&output));
    }
    let missing = agent(&["check", "--config", "/no/such/file.yaml"]);
    assert_eq!(missing.status.code(), Some(2));
    assert!(stderr(&missing).contains("/no/such/file.yaml"));
}

#[test]
fn a_device_that_is_not_there_is_named_with_what_to_do() {
    let output = agent(&["flash-model", "--port", "/dev/no-such"]);
    let text = stderr(&output);
    assert_eq!(output.status.code(), Some(1));
    assert!(text.contains("/dev/no-such") && text.contains("plugged in?"), "{text}");
    for (option, value) in [("--baud", "300"), ("--model", "none")] {
        let output = agent(&["flash-model", "--port", "/dev/no-such", option, value]);
        assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("c.yaml");
    let text = "engine: serial\nserial: {port: /dev/no-such}\nlisten: 127.0.0.1:0\n";
    std::fs::write(&file, text).unwrap();
    for command in ["run", "pipe"] {
        let output = agent(&[command, "--config", file.to_str().unwrap()]);
        assert_eq!(output.status.code(), Some(1), "{command}: {}", stderr(&output));
        assert!(stderr(&output).contains("/dev/no-such"), "{}", stderr(&output));
    }
}

/// What `agent check` says of a model whose one file `name` is not what it was.
fn check_damaged(engine: &str, name: &str) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let hash = sha256_hex(b"what it was");
    let card = Card {
        schema_version: SCHEMA_VERSION,
        name: "damaged".into(),
        command: String::new(),
        trainer_version: String::new(),
        parameters: 0,
        features: SPECS.iter().map(|spec| spec.name.to_string()).collect(),
        scalers: Vec::new(),
        steps: STEPS,
        horizons: HORIZONS.to_vec(),
        quantiles: QUANTILES.to_vec(),
        policy: PolicyCard::current(Base::Required, 0.0),
        data: Default::default(),
        metrics: Default::default(),
        too_large: None,
        files: [(name.to_string(), hash)].into(),
    };
    std::fs::write(folder.path().join("card.json"), serde_json::to_vec(&card).unwrap()).unwrap();
    std::fs::write(folder.path().join(name), "what it is").unwrap();
    let file = folder.path().join("c.yaml");
    std::fs::write(&file, format!("model: .\nengine: {engine}\n")).unwrap();
    agent(&["check", "--config", file.to_str().unwrap()])
}

#[test]
fn a_damaged_model_is_refused_by_its_hash() {
    for (engine, name, words) in [
        ("tract", FORECASTER_INT8, "SHA-256"),
        ("native", PACK, "SHA-256"),
        ("native", FORECASTER_INT8, "damaged has no model.pack, so tract runs it"),
    ] {
        let output = check_damaged(engine, name);
        assert_eq!(output.status.code(), Some(2));
        assert!(stderr(&output).contains(words), "{}", stderr(&output));
    }
}
