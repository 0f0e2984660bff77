//! One run in several processes, started by the real `mpirun`.
#![cfg(target_os = "linux")]

mod process;

use process::{Small, signal, start, text, trainer};
use std::fs;
use std::path::Path;
use std::process::{Child, Command};
use std::time::Duration;

/// What `mpirun` lays down in the environment of the second process.
const SECOND: &str = "OMPI_COMM_WORLD_RANK=1\0";

/// The losses of the first steps in a run's learning curves.
fn losses(run: &Path, steps: usize) -> Vec<f64> {
    let rows = fs::read_to_string(run.join("curves.csv")).unwrap();
    let cells = rows.lines().map(|row| row.split(',').collect::<Vec<_>>());
    let early = cells
        .filter(|cell| cell[2].ends_with("_loss") && cell[1].parse::<usize>().unwrap() <= steps);
    let losses: Vec<f64> = early.map(|cell| cell[3].parse().unwrap()).collect();
    assert_eq!(losses.len(), steps + 1, "each step's, and one of validation");
    losses
}

/// The second of the processes that `mpirun`, which is `parent`, has started.
fn second_of(parent: &Child) -> u32 {
    let is_child = |id: &u32| {
        let stat = fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
        let after_name = stat.rsplit_once(") ").map_or("", |(_, rest)| rest);
        after_name.split(' ').nth(1) == Some(&parent.id().to_string())
    };
    let is_second = |id: &u32| {
        let environment = fs::read(format!("/proc/{id}/environ")).unwrap_or_default();
        text(&environment).contains(SECOND)
    };
    let all = fs::read_dir("/proc").unwrap().flatten();
    let all = all.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    all.into_iter().find(|id| is_child(id) && is_second(id)).expect("a second process")
}

fn kill_second_of(parent: &Child) {
    let second = second_of(parent).to_string();
    assert!(Command::new("kill").args(["-KILL", &second]).status().unwrap().success());
}

fn begin(config: &str, out: &str, gpus: &str) -> Child {
    start(&["train", "--forecast-only", "--config", config, "--out", out, "--gpus", gpus])
}

/// Waits until the learning curves have a row that begins like this.
fn reach(child: &mut Child, run: &Path, row: &str) {
    let row = format!("\n{row}");
    while !fs::read_to_string(run.join("curves.csv")).is_ok_and(|rows| rows.contains(&row)) {
        assert!(child.try_wait().unwrap().is_none(), "it ended before {row}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn several_processes_learn_what_one_does() {
    let small = Small::new("");
    let settings = fs::read_to_string(small.config()).unwrap();
    // From some step on, a difference in the last digit grows.
    let losses_of = |run: &str, sizes: &str, gpus: &str| {
        let config = small.path(&format!("{run}.yaml"));
        fs::write(&config, settings.replace("batch_size: 8,", sizes)).unwrap();
        let mut child = begin(&config, &small.path(run), gpus);
        reach(&mut child, &small.at(run), "forecaster,20,validation_loss,");
        signal(&child, if gpus == "1" { "-INT" } else { "-USR1" });
        assert_eq!(child.wait_with_output().unwrap().status.code(), Some(130), "{run}");
        losses(&small.at(run), 20)
    };
    let one = losses_of("one", "batch_size: 8,", "1");
    let halves = "batch_size: 4, accumulate: 2,";
    for (run, sizes, gpus) in
        [("parts", halves, "1"), ("two", "batch_size: 8,", "2"), ("three", halves, "3")]
    {
        for (one, other) in one.iter().zip(losses_of(run, sizes, gpus)) {
            assert!((one - other).abs() < 1e-4 * one, "{run}: {one}, {other}");
        }
    }
}

#[test]
fn a_process_that_dies_ends_all_and_the_run_goes_on_with_others() {
    let small = Small::new("");
    let out = small.path("run");
    let mut child = begin(&small.config(), &out, "2");
    reach(&mut child, &small.at("run"), "forecaster,30,");
    kill_second_of(&child);
    let output = child.wait_with_output().unwrap();
    let log = text(&output.stderr);
    assert!(!output.status.success(), "{log}");
    assert!(log.contains("exited on signal 9"), "{log}");
    assert!(small.at("run/checkpoints/forecaster.ckpt").exists());

    let output = trainer(&["train", "--forecast-only", "--resume", "--out", &out, "--gpus", "3"]);
    let log = text(&output.stderr);
    assert!(output.status.success(), "{log}");
    assert!(log.contains("3 processes train; the first one judges and writes"), "{log}");
    assert!(small.at("run/models/model.pack").exists());
    let rows = fs::read_to_string(small.at("run/curves.csv")).unwrap();
    assert!(rows.contains("\nforecaster,300,train_loss,"), "{rows}");
}

#[test]
fn all_are_told_to_save_and_stop() {
    let small = Small::new("");
    let out = small.path("run");
    let mut child = begin(&small.config(), &out, "2");
    reach(&mut child, &small.at("run"), "forecaster,10,");
    signal(&child, "-USR1");
    let output = child.wait_with_output().unwrap();
    let log = text(&output.stderr);
    assert_eq!(output.status.code(), Some(130), "{log}");
    assert!(log.contains("saved; go on with: trainer train --out"), "{log}");
}

/// What the policy's stage has left: its checkpoint, its learning curves and the exported network.
fn policy(run: &Path) -> [Vec<u8>; 3] {
    let curves = fs::read_to_string(run.join("curves.csv")).unwrap();
    let rows = curves.split_inclusive('\n').filter(|row| row.starts_with("agent,"));
    let curves = rows.collect::<String>().into_bytes();
    assert!(!curves.is_empty());
    let file = |name| fs::read(run.join(name)).unwrap();
    [file("checkpoints/policy.ckpt"), curves, file("models/q_network.int8.onnx")]
}

#[test]
fn several_processes_learn_the_policy_of_one_to_the_bit_whatever_befalls_them() {
    let small =
        Small::new("agent: {rounds: 3, evaluate_every: 1, hidden: [16, 8], batch_size: 16}");
    let (config, forecaster) = (small.config(), small.path("forecaster"));
    let before = ["train", "--forecast-only", "--quick", "--config", &config, "--out", &forecaster];
    let output = trainer(&before);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let begin = |out: &str, gpus: &str| {
        start(&["train", "--scaling-only", "--resume", "--out", out, "--gpus", gpus])
    };
    let end = |child: Child| {
        let output = child.wait_with_output().unwrap();
        (output.status.code(), text(&output.stderr))
    };
    let run = |name: &str| {
        let out = small.path(name);
        assert!(Command::new("cp").args(["-r", &forecaster, &out]).status().unwrap().success());
        out
    };
    let finish = |out: &str, gpus: &str| {
        let (code, log) = end(begin(out, gpus));
        assert_eq!(code, Some(0), "{log}");
        policy(Path::new(out))
    };
    let alone = finish(&run("alone"), "1");

    let told = run("told");
    let mut child = begin(&told, "2");
    reach(&mut child, Path::new(&told), "agent,1,");
    signal(&child, "-USR1");
    let (code, log) = end(child);
    assert_eq!(code, Some(130), "{log}");
    assert!(log.contains("saved; go on with: trainer train --out"), "{log}");
    assert!(finish(&told, "3") == alone, "told to stop");

    let died = run("died");
    let mut child = begin(&died, "3");
    reach(&mut child, Path::new(&died), "agent,1,");
    kill_second_of(&child);
    let (code, log) = end(child);
    assert!(code != Some(0) && log.contains("exited on signal 9"), "{log}");
    assert!(finish(&died, "2") == alone, "one died");
}

#[test]
fn what_one_process_cannot_do_ends_all() {
    let small = Small::new("");
    let settings = fs::read_to_string(small.config()).unwrap();
    fs::write(small.path("config.yaml"), settings.replace("sample.csv", "nowhere.csv")).unwrap();
    let output = begin(&small.config(), &small.path("run"), "2").wait_with_output().unwrap();
    let log = text(&output.stderr);
    assert!(!output.status.success() && log.contains("nowhere.csv"), "{log}");
    assert!(!small.at("run").exists());
}
