//! The trainer as a process.
#![cfg(unix)]

mod process;

use process::{Small, signal, start, text, trainer, wait_for};
use std::fs;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use trainer::learn::run_loop::kept;

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
    assert!(
        log.contains("`training.gpus` is not used: how many processes train is said by"),
        "{log}"
    );
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

/// Ctrl-C while the forecaster trains, `kill -9` while it does, then `--resume`; beside them a run that
/// nobody disturbed.
#[test]
fn a_run_that_was_broken_off_ends_as_an_unbroken_one() {
    let small = Small::new("");
    let config = small.config();
    let begin = |out: &str| start(&["train", "--forecast-only", "--config", &config, "--out", out]);
    let (stopped, killed, unbroken) =
        (small.path("stopped"), small.path("killed"), small.path("unbroken"));
    let reached = |run: &str, step: u32| {
        wait_for(&small.at(&format!("{run}/curves.csv")), &format!("\nforecaster,{step},"));
    };

    let child = begin(&stopped);
    reached("stopped", 30);
    signal(&child, "-INT");
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("saved; go on with: trainer train --out"));

    // Twice, the second time wherever it is by then.
    for step in [23 + std::process::id() % 50, 120] {
        let child = match step {
            120 => start(&["train", "--forecast-only", "--resume", "--out", &killed]),
            _ => begin(&killed),
        };
        reached("killed", step);
        signal(&child, "-KILL");
        assert!(!child.wait_with_output().unwrap().status.success());
    }

    for run in [&stopped, &killed] {
        let resumed = trainer(&["train", "--forecast-only", "--resume", "--out", run]);
        assert!(resumed.status.success(), "{}", text(&resumed.stderr));
    }
    let whole = begin(&unbroken).wait_with_output().unwrap();
    assert!(whole.status.success(), "{}", text(&whole.stderr));
    let files = [
        "curves.csv",
        "metrics.json",
        "forecasts.json",
        "models/forecaster.weights",
        "models/model.pack",
    ];
    for file in files {
        let read = |run: &str| fs::read(small.at(run).join(file)).unwrap();
        assert!(read("stopped") == read("unbroken"), "{file} differs after Ctrl-C");
        assert!(read("killed") == read("unbroken"), "{file} differs after kill -9");
    }
    let best = |run: &str| {
        let kept = kept(&small.at(run).join("checkpoints/forecaster.ckpt")).unwrap();
        assert_eq!(kept.len(), 3);
        assert!(kept.is_sorted_by_key(|kept| kept.score), "{kept:?}");
        kept.into_iter().map(|kept| (kept.steps, fs::read(kept.path).unwrap())).collect::<Vec<_>>()
    };
    assert!(best("stopped") == best("unbroken") && best("killed") == best("unbroken"));
    a_line_tells_each(&small, best("unbroken")[0].0);
    one_page_shows_both(&small);
}

/// `trainer runs` names what was kept, how fast it went and how much memory it took.
fn a_line_tells_each(small: &Small, best: usize) {
    let told = trainer(&["runs", &small.path("unbroken"), &small.path("killed")]);
    let told = text(&told.stdout);
    let run = small.path("unbroken");
    let row = told.lines().find(|line| line.starts_with(&format!("{run} "))).unwrap();
    let cells: Vec<&str> = row[run.len()..].split_whitespace().collect();
    assert_eq!((cells[0], cells[2]), ("finished", "300"), "{told}");
    assert!(cells[3].parse::<f64>().is_ok_and(|steps| steps > 0.0), "{told}");
    let memory = cells[4].parse::<f64>();
    assert!(if cfg!(target_os = "linux") {
        memory.is_ok_and(|m| m > 1.0)
    } else {
        cells[4] == "–"
    });
    let file = format!("{run}/checkpoints/forecaster-step={best}-score=");
    assert!(told.contains("best checkpoints") && told.contains(&file), "{told}");
}

fn one_page_shows_both(small: &Small) {
    let (a, b, out) = (small.path("stopped"), small.path("killed"), small.path("both.html"));
    let output = trainer(&["report", &a, &b, "--out", &out]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let html = fs::read_to_string(&out).unwrap();
    assert!(html.len() < 5_000_000, "{} bytes", html.len());
    for words in [&a, &b, "Was it worth it?", "shipped", "ridge 24", "data-chart=\"radar\""] {
        assert!(html.contains(words), "{words}");
    }
    assert!(html.contains("default-src 'none'"), "it may load nothing");
    assert!(!html.contains("<script src") && !html.contains("<link"));
}

#[test]
fn what_cannot_be_trained_leaves_no_run_behind() {
    let small = Small::new("");
    let runs = small.path("runs");
    fs::create_dir(&runs).unwrap();
    fs::write(small.at("runs/latest"), "june").unwrap();
    let out = small.path("runs/july");
    let output = trainer(&["train", "--data", "nowhere.csv", "--device", "cpu", "--out", &out]);
    let log = text(&output.stderr);
    assert!(!output.status.success() && log.contains("nowhere.csv"), "{log}");
    assert!(!small.at("runs/july").exists());
    assert_eq!(fs::read_to_string(small.at("runs/latest")).unwrap(), "june");
}

#[cfg(not(feature = "mpi"))]
#[test]
fn a_trainer_that_runs_alone_says_how_to_get_another() {
    let output = trainer(&["train", "--gpus", "4", "--nodes", "2", "--device", "cpu"]);
    let log = text(&output.stderr);
    assert!(log.contains("8 processes train over MPI") && log.contains("--features mpi"), "{log}");
    let started = Command::new(env!("CARGO_BIN_EXE_trainer"))
        .args(["train", "--device", "cpu"])
        .env("OMPI_COMM_WORLD_SIZE", "2")
        .output();
    let log = text(&started.unwrap().stderr);
    assert!(log.contains("mpirun started 2 of this") && log.contains("--features mpi"), "{log}");
}

#[test]
fn the_doctor_says_what_it_does() {
    let output = trainer(&["doctor", "--device", "cpu"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains("the measure of the others"));
}

/// Mesa's Vulkan driver writes to stderr wherever there is no desktop, once for each time that it is asked.
#[test]
fn nothing_but_the_trainer_writes_to_the_terminal() {
    for command in ["doctor", "train"] {
        let output = Command::new(env!("CARGO_BIN_EXE_trainer"))
            .args([command, "--device", "gpu:99"])
            .env_remove("XDG_RUNTIME_DIR")
            .output()
            .unwrap();
        let log = text(&output.stderr);
        assert!(log.starts_with("error: ") && log.contains("gpu:99"), "{log}");
        assert_eq!(log.lines().count(), 1, "{log}");
    }
}
