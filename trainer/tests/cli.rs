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

/// Ctrl-C while the forecaster trains, then `--resume`; beside it a run that nobody disturbed.
#[test]
fn a_run_that_ctrl_c_stopped_ends_as_an_unbroken_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_string();
    let (data, config) = (path("sample.csv"), path("config.yaml"));
    let made = trainer(&["sample-data", "--rows", "3000", "--out", &data]);
    assert!(made.status.success(), "{}", text(&made.stderr));
    let forecaster =
        "{d_model: 16, n_heads: 2, n_layers: 1, d_ff: 16, dropout: 0.1, batch_size: 8, steps: 300}";
    let training = "{device: cpu, evaluate_every: 20, checkpoint_every: 1000, log_every: 1}";
    let data = format!("{{path: {data}, synthetic_series: 0}}");
    let text_of_config = format!("data: {data}\nforecaster: {forecaster}\ntraining: {training}\n");
    fs::write(&config, text_of_config).unwrap();
    let (broken, unbroken) = (path("broken"), path("unbroken"));
    let train = |out: &str| {
        ["train", "--forecast-only", "--config", &config, "--out", out].map(String::from)
    };
    let child = Command::new(env!("CARGO_BIN_EXE_trainer"))
        .args(train(&broken))
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let begin = Instant::now();
    let curves = folder.path().join("broken/curves.csv");
    while !fs::read_to_string(&curves).is_ok_and(|rows| rows.contains("\nforecaster,30,")) {
        assert!(begin.elapsed() < Duration::from_secs(300), "it never came to its 30th step");
        std::thread::yield_now();
    }
    let kill = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(kill.unwrap().success());
    let stopped = child.wait_with_output().unwrap();
    assert_eq!(stopped.status.code(), Some(130), "{}", text(&stopped.stderr));
    assert!(text(&stopped.stderr).contains("saved; go on with: trainer train --out"));
    let resumed = trainer(&["train", "--forecast-only", "--resume", "--out", &broken]);
    assert!(resumed.status.success(), "{}", text(&resumed.stderr));
    let whole = trainer(&train(&unbroken).each_ref().map(String::as_str));
    assert!(whole.status.success(), "{}", text(&whole.stderr));
    for file in ["curves.csv", "metrics.json", "models/forecaster.weights", "models/model.pack"] {
        let read = |run: &str| fs::read(folder.path().join(run).join(file)).unwrap();
        assert!(read("broken") == read("unbroken"), "{file} differs");
    }
}

#[test]
fn the_doctor_says_what_it_does() {
    let output = trainer(&["doctor", "--device", "cpu"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains("the measure of the others"));
    let output = trainer(&["doctor", "--device", "gpu:99"]);
    assert!(text(&output.stderr).contains("there is no gpu:99"), "{}", text(&output.stderr));
}
