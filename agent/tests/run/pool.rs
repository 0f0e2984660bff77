//! A pool of processes, end to end: workers that drain, hang, crash, and agents that are killed.

use super::http::{Agent, get, post, until};
use super::now;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

/// The configuration of a pool of the shell script `worker`. Samples tell no jobs: the pool does.
pub(crate) fn config(grace_s: f32, more: &str) -> String {
    format!(
        "listen: 127.0.0.1:0\nmode: active\nscale_down_window_s: 0\njobs: {{min: 1, max: 8}}\n\
         actuator: {{type: processes, command: [sh, ./worker], grace_s: {grace_s}, folder: places{more}}}\n"
    )
}

/// A folder with the script of a worker, whose pool begins with so many.
pub(crate) fn folder(script: &str, wanted: u32) -> TempDir {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("worker"), script).unwrap();
    fs::create_dir(folder.path().join("places")).unwrap();
    fs::write(folder.path().join("places/wanted"), format!("{wanted}\n")).unwrap();
    folder
}

/// Processes of workers that there are in `folder`: their numbers, and process groups.
fn workers(folder: &Path) -> BTreeSet<(u32, u32)> {
    let processes = fs::read_dir("/proc").unwrap().flatten().map(|entry| entry.path());
    let inside = processes.filter_map(|process| {
        let cwd = fs::read_link(process.join("cwd")).ok()?;
        let variables = fs::read(process.join("environ")).ok()?;
        let mut variables = variables.split(|byte| *byte == 0);
        let number = variables.find_map(|v| v.strip_prefix(b"SCALEIQ_WORKER="))?;
        let stat = fs::read_to_string(process.join("stat")).ok()?;
        let fields: Vec<&str> = stat.rsplit_once(") ")?.1.split(' ').collect();
        let is_there = cwd == folder && fields[0] != "Z";
        let number = std::str::from_utf8(number).ok()?.parse().ok()?;
        is_there.then_some((number, fields[2].parse().ok()?))
    });
    inside.collect()
}

/// All processes in `folder`, of whatever kind.
pub(crate) fn processes(folder: &Path) -> usize {
    let processes = fs::read_dir("/proc").unwrap().flatten();
    processes.filter(|p| fs::read_link(p.path().join("cwd")).is_ok_and(|cwd| cwd == folder)).count()
}

/// An agent in `folder`, which is there for longer than it.
fn start(folder: TempDir, config: &str) -> (Agent, TempDir) {
    let mut agent = Agent::start_in(folder, config, None);
    let folder = std::mem::replace(&mut agent.folder, TempDir::new().unwrap());
    (agent, folder)
}

/// Numbers of the workers that there are in `folder`, by process group.
pub(crate) fn numbers(folder: &Path) -> Vec<u32> {
    workers(folder).into_iter().map(|(number, _)| number).collect()
}

/// A sample of one second with so many arrivals of 100 ms, without jobs.
pub(crate) fn sample(time: u64, arrivals: u64) -> String {
    let sample = serde_json::json!({
        "time": time, "interval_s": 1, "logged_events": arrivals, "processed_events": arrivals,
        "unprocessed_events": 0, "avg_processing_ms": 100
    });
    sample.to_string()
}

#[test]
fn workers_are_started_drained_and_looked_at() {
    let script = "trap 'echo > drained-$SCALEIQ_WORKER; exit' TERM\nenv > seen-$SCALEIQ_WORKER\n\
                  while :; do sleep 0.02; done\n";
    let (agent, folder) = start(folder(script, 8), &config(20.0, ""));
    let at = folder.path();
    until(|| (1..=8).all(|number| at.join(format!("seen-{number}")).exists()));
    assert_eq!(numbers(at), [1, 2, 3, 4, 5, 6, 7, 8]);
    // Next to nothing is to be done. Samples tell no jobs: the pool itself does.
    until(|| {
        let answer = post(&agent, "/ingest", &sample(now(), 1));
        assert_eq!(answer.0, 200, "{}", answer.1);
        numbers(at) == [1]
    });
    assert!(at.join("drained-8").exists() && !at.join("drained-1").exists());
    assert_eq!(fs::read_to_string(at.join("places/wanted")).unwrap(), "1\n");
    let seen = fs::read_to_string(at.join("seen-3")).unwrap();
    assert!(seen.contains("SCALEIQ_WORKER=3\n") && !seen.contains("SCALEIQ_TOKEN"), "{seen}");
    let (code, log) = agent.terminate();
    assert_eq!((code, processes(at)), (Some(0), 0), "{log}");
    assert!(at.join("drained-1").exists() && !log.contains("did not end within"), "{log}");
}

#[test]
fn the_fewest_are_started_before_anything_is_known() {
    let config = config(1.0, "").replace("min: 1", "min: 3");
    let (agent, folder) = start(folder("sleep 300\n", 0), &config);
    until(|| numbers(folder.path()) == [1, 2, 3]);
    assert_eq!(get(&agent, "/readyz").0, 503);
}

#[test]
fn a_worker_that_goes_on_is_killed_with_all_that_it_started() {
    let script = "trap '' TERM\n(trap '' TERM; sleep 300) &\necho > up-$SCALEIQ_WORKER\nwhile :; do sleep 300; done\n";
    let (agent, folder) = start(folder(script, 2), &config(0.3, ""));
    let at = folder.path();
    until(|| at.join("up-1").exists() && at.join("up-2").exists());
    let (code, log) = agent.terminate();
    assert_eq!((code, processes(at)), (Some(0), 0), "{log}");
    assert!(log.contains("did not end within 0.3 s: killed"), "{log}");
}

#[test]
fn workers_that_crash_are_told_of_and_started_less_and_less_often() {
    let script = "echo >> starts-$SCALEIQ_WORKER\n[ $SCALEIQ_WORKER = 1 ] && exit 7\nsleep 300\n";
    let (agent, folder) = start(folder(script, 3), &config(1.0, ""));
    let at = folder.path();
    let starts = |k| fs::read_to_string(at.join(format!("starts-{k}"))).unwrap_or_default().len();
    until(|| starts(1) >= 3 && numbers(at).ends_with(&[2, 3]));
    agent.wait_for_log("ended: exit status: 7; again in ");
    let mut time = now() - 100;
    until(|| {
        time += 1;
        post(&agent, "/ingest", &sample(time, 60));
        get(&agent, "/metrics").1.contains("scaleiq_actuations_total{result=\"failed\"} 1")
    });
    agent.wait_for_log("workers end again and again, the last one with: exit status: 7");
    assert!(starts(1) < 20 && starts(2) == 1 && starts(3) == 1);
}

#[test]
fn a_keeper_that_is_killed_takes_its_workers_along_and_another_one_takes_over() {
    let script = "sleep 300 &\nwait\n";
    let (agent, folder) = start(folder(script, 3), &config(20.0, ""));
    let at = folder.path();
    until(|| numbers(at).len() >= 3);
    let before = workers(at);
    let threads = fs::read_dir(format!("/proc/{}/task", agent.child.id())).unwrap().flatten();
    let children = threads.map(|t| fs::read_to_string(t.path().join("children")).unwrap());
    let keeper = children.collect::<String>();
    let killed = Command::new("kill").args(["-KILL", keeper.trim()]).status().unwrap();
    assert!(killed.success(), "{keeper}");
    agent.wait_for_log("the keeper of the worker processes failed");
    until(|| {
        let now: BTreeSet<(u32, u32)> = workers(at);
        now.is_disjoint(&before) && numbers(at).iter().collect::<BTreeSet<_>>().len() == 3
    });
    assert_eq!(agent.terminate().0, Some(0));
    assert_eq!(processes(at), 0);
}
