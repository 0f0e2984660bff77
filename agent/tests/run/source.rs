//! A file of samples that is not there, vanishes, comes back, or cannot be read: never the end of it.

use super::http::{Agent, get, until};
use super::samples;
use std::fs;

const CONFIG: &str = "listen: 127.0.0.1:0\nsource: {type: jsonl, path: in}\n";

/// Waits until the source is told to be so, by probe, metrics and page alike.
fn wait_until(agent: &Agent, words: &str, running: u8) {
    until(|| get(agent, "/healthz").1.contains(words));
    let (status, body) = get(agent, "/healthz");
    assert_eq!((status, body.starts_with("ok\n")), (200, true), "no restart would help: {body}");
    let metric = format!("scaleiq_source_running {running}\n");
    until(|| get(agent, "/metrics").1.contains(&metric));
    let ok = format!("\"name\":\"source\",\"ok\":{}", running == 1);
    until(|| get(agent, "/api/live").1.contains(&ok));
}

#[test]
fn a_file_that_is_not_there_is_waited_for_and_one_that_vanishes_too() {
    let agent = Agent::start(CONFIG);
    let path = agent.folder.path().join("in");
    wait_until(&agent, "source waiting: ", 0);
    assert!(get(&agent, "/healthz").1.contains("in: there is no such file yet"));
    fs::write(&path, samples(3000)).unwrap();
    until(|| get(&agent, "/readyz").0 == 200);
    wait_until(&agent, "ok\n", 1);
    fs::remove_file(&path).unwrap();
    wait_until(&agent, "in: it has vanished", 0);
    // Another file in its place is read from its beginning: what is in it is known already.
    fs::write(&path, samples(3000)).unwrap();
    agent.wait_for_log("was replaced or truncated");
    wait_until(&agent, "ok\n", 1);
    assert!(get(&agent, "/metrics").1.contains("scaleiq_source_restarts_total 0\n"));
    assert_eq!(agent.terminate().0, Some(0));
}

#[test]
fn a_source_that_cannot_be_read_is_tried_again() {
    let agent = Agent::start_with(CONFIG, |at| fs::create_dir(at.join("in")).unwrap());
    let path = agent.folder.path().join("in");
    wait_until(&agent, "source restarting: ", 0);
    agent.wait_for_log("the source failed: in");
    fs::remove_dir(&path).unwrap();
    fs::write(&path, samples(3000)).unwrap();
    until(|| get(&agent, "/readyz").0 == 200);
    wait_until(&agent, "ok\n", 1);
    let metrics = get(&agent, "/metrics").1;
    let (_, count) = metrics.split_once("\nscaleiq_source_restarts_total ").unwrap();
    assert!(count.lines().next().unwrap().parse::<u32>().unwrap() > 0);
}
