//! The example of NATS, as README tells to run it, for a moment of its day.
#![cfg(all(target_os = "linux", feature = "nats"))]

#[path = "servers/mod.rs"]
mod servers;

use servers::http::until;
use servers::require;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where cargo puts examples, beside the tests.
fn example() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let path = test.parent().unwrap().parent().unwrap().join("examples/nats");
    // With `--test` alone it is not built, or not anew.
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "-q", "-p", "agent", "--example", "nats"]);
    if !cfg!(debug_assertions) {
        cargo.arg("--release");
    }
    assert!(cargo.status().unwrap().success());
    path
}

/// Processes that run this program, however they were started.
fn running(program: &Path) -> usize {
    let processes = fs::read_dir("/proc").unwrap().flatten();
    processes
        .filter(|p| fs::read_link(p.path().join("exe")).is_ok_and(|exe| exe == program))
        .count()
}

#[test]
fn the_agent_scales_real_workers_of_a_real_queue_and_leaves_none_behind() {
    if require("nats-server", "nats-server").is_none() {
        return;
    }
    let example = example();
    let mut command = Command::new(&example);
    command.args(["--minutes", "0.25", "--from-hour", "7", "--peak-jobs", "6"]);
    let done = command.output().unwrap();
    let (said, complaints) =
        (String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    assert!(done.status.success(), "{said}{complaints}");
    for pool in ["ScaleIQ", "static pool of"] {
        let row = said.lines().find(|line| line.starts_with(pool) && line.contains(" % "));
        let row = row.unwrap_or_else(|| panic!("{pool}: {said}"));
        let figures: Vec<f64> =
            row.split_whitespace().filter_map(|word| word.parse().ok()).collect();
        // Events, percent in time, job-hours and two waits, which may be short.
        let [.., events, in_time, hours, _, _] = figures[..] else { panic!("{said}") };
        assert!(events > 0.0 && in_time > 0.0 && hours > 0.0, "{said}");
    }
    until(|| running(&example) == 0);
}
