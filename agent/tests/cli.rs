//! The command line: help, versions, exit codes.

use std::process::{Command, Output};

fn agent(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_agent")).args(arguments).output().unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn every_command_has_help_with_examples() {
    for command in ["demo", "backtest", "pipe", "run", "check"] {
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
fn check_tells_what_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("c.yaml");
    let check = |text: &str| {
        std::fs::write(&file, text).unwrap();
        agent(&["check", "--config", file.to_str().unwrap()])
    };
    let sound = check("jobs: {max: 40}\n");
    let stdout = String::from_utf8_lossy(&sound.stdout).into_owned();
    assert!(sound.status.success() && stdout.contains("ok: "), "{stdout}{}", stderr(&sound));
    for (text, words) in [
        ("slas: 4\n", "c.yaml:1:1: unknown field `slas`; did you mean `sla_s`?"),
        ("model: nowhere\n", "nowhere/card.json"),
        ("source: {type: jsonl, path: nowhere}\n", "there is no file"),
        ("actuator: {type: exec, command: [no-such-program]}\n", "no-such-program"),
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
fn a_damaged_model_is_refused_by_its_hash() {
    let folder = tempfile::tempdir().unwrap();
    let model = concat!(env!("CARGO_MANIFEST_DIR"), "/../models/edge");
    for entry in std::fs::read_dir(model).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), folder.path().join(entry.file_name())).unwrap();
    }
    let network = folder.path().join("q_network.f32.onnx");
    let mut bytes = std::fs::read(&network).unwrap();
    bytes[100] ^= 1;
    std::fs::write(&network, bytes).unwrap();
    let file = folder.path().join("c.yaml");
    std::fs::write(&file, "model: .\n").unwrap();
    let output = agent(&["check", "--config", file.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("SHA-256"), "{}", stderr(&output));
}
