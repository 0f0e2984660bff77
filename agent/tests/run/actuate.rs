//! Actuators, end to end: hooks that hang, leave processes behind or see too much, and decisions
//! that overtake one another.

use super::http::{Agent, get, post, request, until};
use super::{json, now};
use std::fs;
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

/// A sample of one second, of a pool of 40 that can do 400 events in that.
fn sample(time: u64, arrivals: u64) -> String {
    json!({
        "time": time, "interval_s": 1, "logged_events": arrivals, "processed_events": arrivals,
        "unprocessed_events": 0, "queued_events": 0, "avg_processing_ms": 100, "jobs_ready": 40,
        "jobs_starting": 0
    })
    .to_string()
}

/// Posts a sample; the jobs that are wanted then.
fn wanted(agent: &Agent, time: u64, arrivals: u64) -> u64 {
    let (status, body) = post(agent, "/ingest", &sample(time, arrivals));
    assert_eq!(status, 200, "{body}");
    json(&body)["jobs"].as_u64().unwrap()
}

/// An active configuration whose hook is the script `hook`.
fn with_hook(script: &str, timeout_s: f32) -> (TempDir, String) {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("hook"), script).unwrap();
    let config = format!(
        "listen: 127.0.0.1:0\nmode: active\nscale_down_window_s: 0\n\
         actuator: {{type: exec, command: [sh, ./hook], timeout_s: {timeout_s}}}\n"
    );
    (folder, config)
}

/// Processes in `folder` other than the agent. Zombies are none: they have no folder.
fn processes(folder: &Path) -> usize {
    let processes = fs::read_dir("/proc").unwrap().flatten().map(|entry| entry.path());
    let inside = processes.filter(|process| {
        let cwd = fs::read_link(process.join("cwd"));
        let name = fs::read_to_string(process.join("comm"));
        cwd.is_ok_and(|cwd| cwd == folder) && name.is_ok_and(|name| name.trim() != "agent")
    });
    inside.count()
}

fn metric(agent: &Agent, name: &str) -> u64 {
    let text = get(agent, "/metrics").1;
    let line = text.lines().find(|line| line.starts_with(&format!("scaleiq_{name} ")));
    line.unwrap_or_else(|| panic!("no {name} in\n{text}"))
        .rsplit(' ')
        .next()
        .unwrap()
        .parse()
        .unwrap()
}

#[test]
fn a_hook_that_hangs_ends_with_all_that_it_started() {
    let script = "sleep 300 & (sleep 300 & sleep 300) & trap '' TERM\nsleep 300\nwait\n";
    let (folder, config) = with_hook(script, 0.3);
    let agent = Agent::start_in(folder, &config, None);
    let begin = now() - 100;
    for round in 1..=4 {
        wanted(&agent, begin + round, 200 + 20 * round);
        until(|| metric(&agent, "actuations_total{result=\"failed\"}") >= round);
        assert_eq!(processes(agent.folder.path()), 0);
    }
    assert!(metric(&agent, "actuator_failures_in_a_row") >= 4);
    let log = agent.wait_for_log("killed after 0.3 s");
    assert!(!log.contains("cannot be killed"), "{log}");
}

#[test]
fn what_a_hook_leaves_behind_ends_with_it() {
    let (folder, config) = with_hook("sleep 300 &\necho $SCALEIQ_JOBS > done\n", 30.0);
    let agent = Agent::start_in(folder, &config, None);
    let jobs = wanted(&agent, now(), 250);
    until(|| metric(&agent, "actuations_total{result=\"done\"}") == 1);
    assert_eq!(processes(agent.folder.path()), 0);
    assert_eq!(agent.wait_for("done"), format!("{jobs}\n"));
    assert_eq!(metric(&agent, "jobs_applied"), jobs);
}

#[test]
fn an_older_number_never_comes_after_a_newer_one() {
    // The first hook hangs, with its number still on its way.
    let script = "if mkdir first 2> mkdir.log; then\n\
                  (sleep 1; echo $SCALEIQ_JOBS late > in_force) & sleep 300\nfi\n\
                  echo $SCALEIQ_JOBS > in_force\n";
    let (folder, config) = with_hook(script, 0.4);
    let agent = Agent::start_in(folder, &config, None);
    let begin = now() - 100;
    let older = wanted(&agent, begin, 200);
    until(|| metric(&agent, "actuations_total{result=\"failed\"}") == 1);
    assert_eq!(processes(agent.folder.path()), 0, "nobody is left to write {older}");
    let newer = wanted(&agent, begin + 1, 250);
    assert_ne!(older, newer);
    until(|| metric(&agent, "actuations_total{result=\"done\"}") == 1);
    assert_eq!(agent.wait_for("in_force"), format!("{newer}\n"));
    assert_eq!(metric(&agent, "actuator_failures_in_a_row"), 0);
}

#[test]
fn hooks_run_one_at_a_time_in_the_order_of_their_ids() {
    let script = "mkdir busy || echo busy >> overlaps\nsleep 0.1\n\
                  echo $SCALEIQ_TERM $SCALEIQ_ID $SCALEIQ_JOBS >> done\nrmdir busy\n";
    let (mut folder, config) = with_hook(script, 30.0);
    let config = format!("{config}journal: {{folder: kept}}\n");
    let mut time = now() - 200;
    let mut orders: Vec<[u64; 3]> = Vec::new();
    let mut terms: Vec<u64> = Vec::new();
    for round in 0..3 {
        let agent = Agent::start_in(folder, &config, None);
        let mut last = 0;
        for k in 0..12 {
            time += 1;
            last = wanted(&agent, time, 200 + 5 * (12 * round + k));
        }
        let file = agent.folder.path().join("done");
        until(|| {
            let done = fs::read_to_string(&file).unwrap_or_default();
            let fields = |line: &str| -> Vec<u64> {
                line.split(' ').map(|field| field.parse().unwrap()).collect()
            };
            let lines = done.lines().map(|line| <[u64; 3]>::try_from(fields(line)).unwrap());
            orders = lines.collect();
            orders.last().is_some_and(|order| order[2] == last && !terms.contains(&order[0]))
        });
        terms.extend(orders.last().map(|order| order[0]));
        folder = agent.kill();
        // A hook outlives an agent that is killed; it is known by its term.
        until(|| processes(folder.path()) == 0);
        assert!(!folder.path().join("overlaps").exists());
    }
    assert!(orders.is_sorted_by(|a, b| a[1] < b[1] && a[0] <= b[0]), "{orders:?}");
    assert!(orders.len() < 36, "what waited was replaced: {orders:?}");
}

#[test]
fn a_hook_sees_neither_the_token_nor_open_files() {
    let script = "env > seen\nls -l /proc/$$/fd > files\necho > done\n";
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("hook"), script).unwrap();
    let hook = folder.path().join("hook");
    let config = format!(
        "listen: 127.0.0.1:0\nmode: active\njournal: {{folder: kept}}\ntoken: my-${{env:SECRET}}\n\
         actuator: {{type: exec, command: [sh, {hook:?}]}}\n"
    );
    let agent = Agent::start_as(&config, |command| {
        command.env("SECRET", "0123456789abcdef").env("SCALEIQ_TOKEN", "another one");
        command.env("URL", "http://x/?t=my-0123456789abcdef").env("MINE", "kept");
    });
    let idle = TcpStream::connect(agent.address).unwrap();
    let own = agent.address.to_string();
    let headers = [("Host", own.as_str()), ("Authorization", "Bearer my-0123456789abcdef")];
    let answer = request(&agent, "POST", "/ingest", &headers, sample(now(), 250));
    assert_eq!(answer.0, 200, "{}", answer.1);
    agent.wait_for("done");
    let read = |name: &str| fs::read_to_string(agent.folder.path().join(name)).unwrap();
    let seen = read("seen");
    assert!(!seen.contains("0123456789abcdef") && !seen.contains("SCALEIQ_TOKEN"), "{seen}");
    for name in
        ["PATH", "MINE", "SCALEIQ_JOBS", "SCALEIQ_CURRENT_JOBS", "SCALEIQ_REASON", "SCALEIQ_ID"]
    {
        assert!(seen.lines().any(|line| line.starts_with(&format!("{name}="))), "{name}: {seen}");
    }
    let files = read("files");
    assert!(!files.contains("socket:") && !files.contains("kept"), "{files}");
    drop(idle);
}

#[test]
fn without_a_record_jobs_are_added_and_none_taken_away() {
    let (folder, config) = with_hook("echo $SCALEIQ_JOBS >> done\n", 30.0);
    let config = format!("{config}journal: {{folder: kept}}\n");
    // The disk is full after some ten decisions.
    let agent = Agent::start_in(folder, &config, Some(4));
    let begin = now() - 280;
    let most = (0..60).map(|k| wanted(&agent, begin + k, 200 + 3 * k)).max().unwrap();
    let done = || fs::read_to_string(agent.folder.path().join("done")).unwrap();
    until(|| done().ends_with(&format!("{most}\n")));
    assert_eq!(metric(&agent, "journal_failing"), 1);
    assert_eq!(metric(&agent, "actuations_total{result=\"unrecorded\"}"), 0);

    let mut time = begin + 60;
    let mut quiet = || {
        time += 1;
        wanted(&agent, time, 10)
    };
    until(|| quiet() < most && metric(&agent, "actuations_total{result=\"unrecorded\"}") > 0);
    assert!(done().ends_with(&format!("{most}\n")), "{}", done());
    let answer = json(&post(&agent, "/decide", "").1);
    assert_eq!(answer["recorded"], false, "{answer}");

    agent.give_room();
    let fewer = quiet();
    assert!(fewer < most);
    until(|| done().ends_with(&format!("{fewer}\n")));
    assert_eq!(metric(&agent, "journal_failing"), 0);
    assert_eq!(json(&post(&agent, "/decide", "").1)["recorded"], true);
}

#[test]
fn the_example_of_a_hook_refuses_what_is_older() {
    let folder = TempDir::new().unwrap();
    let at = folder.path();
    let kubectl = "#!/bin/sh\necho $1 $2 $3 > in_force\n";
    fs::write(at.join("kubectl"), kubectl).unwrap();
    let everyone = fs::Permissions::from_mode(0o755);
    fs::set_permissions(at.join("kubectl"), everyone).unwrap();
    let path = format!("{}:{}", at.display(), std::env::var("PATH").unwrap());
    let in_force = |id: u64, jobs: u32| {
        let mut hook = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/hook.example.sh"));
        hook.arg("deployment/worker").current_dir(at).env("PATH", &path).env("STATE", at);
        hook.env("SCALEIQ_ID", id.to_string()).env("SCALEIQ_JOBS", jobs.to_string());
        assert!(hook.status().unwrap().success());
        fs::read_to_string(at.join("in_force")).unwrap()
    };
    let scaled = |jobs: u32| format!("scale deployment/worker --replicas={jobs}\n");
    assert_eq!(in_force(1_795_867_247_047_002, 5), scaled(5));
    assert_eq!(in_force(1_795_867_247_047_001, 9), scaled(5), "it is older");
    assert_eq!(in_force(1_795_867_247_047_002, 7), scaled(7), "it is tried again");
    assert_eq!(in_force(1_795_867_247_048_001, 3), scaled(3));
}
