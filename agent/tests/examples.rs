//! The examples with a real queue, as README tells to run them, for a moment of their day.
#![cfg(all(target_os = "linux", feature = "nats", feature = "redis"))]

#[path = "servers/mod.rs"]
mod servers;

use servers::http::until;
use servers::require;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

/// Where cargo puts examples, beside the tests. With `--test` alone it is not built, or not anew; to ask cargo
/// each time would build it with the features of this crate alone, and half of all it needs once more.
fn example(name: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let path = test.parent().unwrap().parent().unwrap().join("examples").join(name);
    let built = fs::metadata(&path).and_then(|about| about.modified());
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let changed = ["src".into(), "examples/day".into(), format!("examples/{name}")];
    let changed = changed.map(|folder| changed_last(&here.join(folder)));
    if built.is_ok_and(|built| changed.iter().all(|changed| *changed <= built)) {
        return path;
    }
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "-q", "-p", "agent", "--example", name]);
    if !cfg!(debug_assertions) {
        cargo.arg("--release");
    }
    assert!(cargo.status().unwrap().success());
    path
}

/// When something in `folder` was changed last.
fn changed_last(folder: &Path) -> SystemTime {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let times = entries.map(|entry| {
        let about = entry.metadata().unwrap();
        if about.is_dir() { changed_last(&entry.path()) } else { about.modified().unwrap() }
    });
    times.max().unwrap_or(SystemTime::UNIX_EPOCH)
}

/// Processes that run this program, however they were started.
fn running(program: &Path) -> usize {
    let processes = fs::read_dir("/proc").unwrap().flatten();
    processes
        .filter(|p| fs::read_link(p.path().join("exe")).is_ok_and(|exe| exe == program))
        .count()
}

/// Plays the example `name`, which needs `server`.
fn play(name: &str, server: &str) {
    if require(server, server).is_none() {
        return;
    }
    let example = example(name);
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
    assert_eq!(said.lines().filter(|line| line.contains(", simulated ")).count(), 2, "{said}");
    until(|| running(&example) == 0);
}

#[test]
fn the_agent_scales_real_workers_of_nats_and_leaves_none_behind() {
    play("nats", "nats-server");
}

#[test]
fn the_agent_scales_real_workers_of_redis_and_leaves_none_behind() {
    play("redis", "redis-server");
}
