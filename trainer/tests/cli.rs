//! The trainer as a process.
#![cfg(unix)]

use std::fs;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

fn trainer(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_trainer")).args(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn the_file_of_the_reference_gets_as_far_as_the_data() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("config.yaml");
    let sizes = "model: {d_model: 256, nhead: 8, num_encoder_layers: 6, dim_feedforward: 1024}";
    fs::write(&config, format!("data: {{path: nowhere.csv}}\n{sizes}\ntraining: {{gpus: 4}}\n"))
        .unwrap();
    let out = folder.path().join("run");
    let output = trainer(&[
        "train",
        "--config",
        config.to_str().unwrap(),
        "--out",
        out.to_str().unwrap(),
        "--device",
        "cpu",
    ]);
    let log = text(&output.stderr);
    assert!(log.contains("`training.gpus` is not used: a run is one process"), "{log}");
    assert!(!output.status.success() && log.contains("nowhere.csv"), "{log}");
}

/// A hangup while the program waits for its configuration, which comes after it.
#[cfg(target_os = "linux")]
#[test]
fn a_hangup_ends_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("config.yaml");
    assert!(Command::new("mkfifo").arg(&config).status().unwrap().success());
    let child = Command::new(env!("CARGO_BIN_EXE_trainer"))
        .args(["train", "--config"])
        .arg(&config)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let status = format!("/proc/{}/status", child.id());
    let begin = Instant::now();
    let is_held_back = || {
        let status = fs::read_to_string(&status).unwrap();
        let blocked = status.lines().find_map(|line| line.strip_prefix("SigBlk:")).unwrap();
        u64::from_str_radix(blocked.trim(), 16).unwrap() & 1 != 0
    };
    while !is_held_back() {
        assert!(begin.elapsed() < Duration::from_secs(30), "SIGHUP would end it");
        std::thread::yield_now();
    }
    let kill = Command::new("kill").args(["-HUP", &child.id().to_string()]).status();
    assert!(kill.unwrap().success());
    fs::write(&config, "sed: 1\n").unwrap();
    let output = child.wait_with_output().unwrap();
    let log = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{log}");
    assert!(log.contains("unknown key `sed`; did you mean `seed`?"), "{log}");
}

#[test]
fn the_doctor_says_what_it_does() {
    let output = trainer(&["doctor", "--device", "cpu"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains("the measure of the others"));
    let output = trainer(&["doctor", "--device", "gpu:99"]);
    assert!(text(&output.stderr).contains("there is no gpu:99"), "{}", text(&output.stderr));
}
