//! The end of the process, whatever hangs.

use super::http::{Agent, get, post, until};
use super::samples;
use serde_json::json;
use std::fs;
use std::io::Write;
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// After a signal the process ends within this.
const PROMISED: Duration = Duration::from_secs(5);

/// Sends SIGTERM to a process that then ends in time: its exit code and its log.
fn terminate(agent: Agent) -> (Option<i32>, String) {
    let begin = Instant::now();
    let ended = agent.terminate();
    let took = begin.elapsed();
    assert!(took < PROMISED, "{took:?}: {}", ended.1);
    ended
}

#[test]
fn neither_a_hook_nor_an_unfinished_body_holds_the_end_up() {
    let agent = Agent::start(
        "listen: 127.0.0.1:0\nmode: active\nactuator: {type: exec, timeout_s: 600, \
         command: [sh, -c, 'trap \"\" TERM; sleep 300 & echo > begun; sleep 300; sleep 300']}\n",
    );
    assert_eq!(post(&agent, "/ingest", &samples(6000)).0, 200);
    agent.wait_for("begun");
    let mut unfinished = TcpStream::connect(agent.address).unwrap();
    let head =
        format!("POST /ingest HTTP/1.1\r\nHost: {}\r\nContent-Length: 9\r\n\r\n{{", agent.address);
    unfinished.write_all(head.as_bytes()).unwrap();
    let (code, log) = terminate(agent);
    assert_eq!(code, Some(0), "{log}");
    assert!(log.contains("killed since the agent is stopping") && log.contains("stopped"), "{log}");
}

#[test]
fn readers_of_nothing_hold_nothing_up() {
    let config = "listen: 127.0.0.1:0\nmode: active\nscale_down_window_s: 0\nstale_after_s: 9000\nactuator: {type: stdout}\n";
    let mut agent = Agent::start_as(config, |command| {
        command.stdout(Stdio::piped()).env("RUST_LOG", "trace");
    });
    let stdout = agent.child.stdout.take().unwrap();
    agent.stop_reading_the_log();
    // Pipes hold 64 KiB: half of that in decisions, and more than that in lines of the log.
    let begin = super::now() - 1000;
    for k in 0..900 {
        let sample = json!({
            "time": begin + k, "interval_s": 1, "logged_events": 500 * (1 + k % 2), "jobs_ready": 10,
            "unprocessed_events": 0, "avg_processing_ms": 100, "jobs_starting": 0
        });
        assert_eq!(post(&agent, "/ingest", &sample.to_string()).0, 200);
    }
    let metrics = get(&agent, "/metrics").1;
    let superseded = "scaleiq_actuations_total{result=\"superseded\"} ";
    let (_, count) = metrics.split_once(superseded).unwrap();
    let count: u32 = count.lines().next().unwrap().parse().unwrap();
    assert!(count > 100, "{metrics}");
    let (code, log) = terminate(agent);
    assert_eq!(code, Some(0), "{log}");
    drop(stdout);
}

#[test]
fn a_hangup_ends_nothing() {
    let agent = Agent::start("listen: 127.0.0.1:0\n");
    assert_eq!(post(&agent, "/ingest", &samples(3000)).0, 200);
    let before = post(&agent, "/decide", "").1;
    let id = agent.child.id().to_string();
    assert!(Command::new("kill").args(["-HUP", &id]).status().unwrap().success());
    agent.wait_for_log("SIGHUP: nothing is reloaded");
    assert_eq!(post(&agent, "/decide", "").1, before);
    assert_eq!(terminate(agent).0, Some(0));
}

#[test]
fn a_start_that_hangs_ends_as_well() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("c.yaml");
    assert!(Command::new("mkfifo").arg(&config).status().unwrap().success());
    let mut agent = Command::new(env!("CARGO_BIN_EXE_agent"))
        .args(["run", "--config"])
        .arg(&config)
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // From here on the signal is the agent's own matter, as it always is for the first process of a
    // container.
    let status = format!("/proc/{}/status", agent.id());
    until(|| {
        let status = fs::read_to_string(&status).unwrap();
        let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap();
        u64::from_str_radix(caught.trim(), 16).unwrap() & (1 << 14) != 0
    });
    assert!(Command::new("kill").arg(agent.id().to_string()).status().unwrap().success());
    let begin = Instant::now();
    assert_eq!(agent.wait().unwrap().code(), Some(0));
    assert!(begin.elapsed() < PROMISED);
}
