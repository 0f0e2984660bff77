//! The journal of `agent run`, end to end: processes that are killed, a disk that is full, and
//! `agent replay` on what they leave.

use super::http::{Agent, get, post, until};
use super::{json, now};
use serde_json::Value;
use std::path::Path;
use std::process::{Command, Output};
use tempfile::TempDir;

const CONFIG: &str = "listen: 127.0.0.1:0\njournal: {folder: kept}\n";

fn sample(time: u64, arrivals: u64) -> String {
    json!({
        "time": time, "interval_s": 1, "logged_events": arrivals, "processed_events": arrivals,
        "unprocessed_events": 0, "queued_events": 0, "avg_processing_ms": 100, "jobs_ready": 10,
        "jobs_starting": 0
    })
    .to_string()
}

fn replay(folder: &Path, options: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_agent"));
    command.args(["replay", "--journal"]).arg(folder.join("kept")).args(options).output().unwrap()
}

fn replayed(folder: &Path, options: &[&str]) -> Value {
    let output = replay(folder, &[options, &["--json"]].concat());
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_str(&text).unwrap()
}

#[test]
fn killed_at_any_moment_no_decision_is_lost() {
    let hook =
        "mode: active\nactuator: {type: exec, command: [sh, -c, 'echo $SCALEIQ_JOBS >> done']}\n";
    let config = format!("{CONFIG}{hook}");
    let mut folder = TempDir::new().unwrap();
    let mut answered: Vec<Value> = Vec::new();
    // A past that is long enough for every round, in steps of a second.
    let mut time = now() - 280;
    for round in 0..8 {
        let agent = Agent::start_in(folder, &config, None);
        if let Some(last) = answered.last() {
            let again = json(&post(&agent, "/decide", "").1);
            assert_eq!(&again, last, "the last decision is still in force");
        }
        for k in 0..10 {
            time += 1;
            let arrivals = 40 + 37 * ((k + 3 * round) % 10);
            assert_eq!(post(&agent, "/ingest", &sample(time, arrivals)).0, 200);
            answered.push(json(&post(&agent, "/decide", "").1));
        }
        // One more on its way, that may or may not arrive.
        time += 1;
        let (address, body) = (agent.address, sample(time, 300));
        let last = std::thread::spawn(move || {
            use std::io::Write as _;
            let mut stream = std::net::TcpStream::connect(address).ok()?;
            let length = body.len();
            let head = format!(
                "POST /ingest HTTP/1.1\r\nHost: {address}\r\nContent-Length: {length}\r\n\r\n"
            );
            stream.write_all((head + &body).as_bytes()).ok()
        });
        std::thread::sleep(std::time::Duration::from_micros(700 * round));
        folder = agent.kill();
        let _ = last.join();
        let found = replayed(folder.path(), &["--last", "200"]);
        assert_eq!(found["same"], found["decisions"], "{found}");
        let recorded = found["explained"].as_array().unwrap();
        let hashes: Vec<&Value> = recorded.iter().map(|d| &d["input_sha256"]).collect();
        for answer in &answered {
            assert!(hashes.contains(&&answer["input_sha256"]), "{answer} was answered and is lost");
        }
        // Whatever was done had been recorded (promise J-1).
        let done = std::fs::read_to_string(folder.path().join("done")).unwrap_or_default();
        let jobs: Vec<String> =
            recorded.iter().map(|d| d["decision"]["jobs"].to_string()).collect();
        for line in done.lines() {
            assert!(jobs.iter().any(|jobs| jobs == line), "{line} was done and not recorded");
        }
        // What the killed process left undecided is not known to the next round.
        let last = recorded.last().unwrap();
        if last["input_sha256"] != answered.last().unwrap()["input_sha256"] {
            answered.clear();
        }
    }
}

#[test]
fn a_full_disk_is_told_once_and_stops_nothing() {
    let folder = TempDir::new().unwrap();
    let agent = Agent::start_in(folder, CONFIG, Some(4));
    let begin = now() - 200;
    for k in 0..60 {
        let (status, body) = post(&agent, "/ingest", &sample(begin + k, 40 + k));
        assert_eq!(status, 200, "{body}");
        assert!(json(&body)["jobs"].as_u64().unwrap() > 0);
    }
    let log = agent.wait_for_log("WITHOUT a record");
    assert_eq!(log.matches("WITHOUT a record").count(), 1, "{log}");
    let metrics = get(&agent, "/metrics").1;
    let failed =
        metrics.lines().find(|l| l.starts_with("scaleiq_journal_writes_total{result=\"failed\"}"));
    let failed: u32 = failed.unwrap().rsplit(' ').next().unwrap().parse().unwrap();
    assert!((10..60).contains(&failed), "{failed}");
    let folder = agent.kill();
    let found = replayed(folder.path(), &[]);
    assert_eq!(found["same"], found["decisions"], "{found}");
    // It starts on a full disk, too.
    let agent = Agent::start_in(folder, CONFIG, Some(4));
    let (status, body) = post(&agent, "/ingest", &sample(begin + 60, 50));
    assert_eq!(status, 200, "{body}");
    assert_eq!(json(&post(&agent, "/decide", "").1)["recorded"], false);
    let folder = agent.kill();
    // With room again it goes on from what was recorded, which may be that sample.
    let agent = Agent::start_in(folder, CONFIG, None);
    let (status, body) = post(&agent, "/ingest", &sample(begin + 61, 50));
    assert_eq!(status, 200, "{body}");
    assert!(
        get(&agent, "/metrics").1.contains("scaleiq_journal_writes_total{result=\"failed\"} 0")
    );
    assert_eq!(agent.terminate().0, Some(0));
}

#[test]
fn what_is_held_on_stale_data_is_recorded_once_and_made_again_too() {
    let agent = Agent::start(&format!("{CONFIG}stale_after_s: 5\n"));
    assert_eq!(post(&agent, "/ingest", &sample(now() - 4, 40)).0, 200);
    // Several times in a second, and by the clock.
    until(|| json(&post(&agent, "/decide", "").1)["stage"] == "hold");
    let written = || {
        let metrics = get(&agent, "/metrics").1;
        let line =
            metrics.lines().find(|l| l.starts_with("scaleiq_journal_writes_total{result=\"done"));
        line.unwrap().to_string()
    };
    let before = written();
    let held = post(&agent, "/decide", "").1;
    for _ in 0..20 {
        assert_eq!(post(&agent, "/decide", "").1, held);
    }
    assert_eq!(written(), before, "nothing new was decided");
    std::thread::sleep(std::time::Duration::from_secs(2));
    assert_eq!(post(&agent, "/ingest", &sample(now(), 60)).0, 200);
    let folder = agent.kill();
    let found = replayed(folder.path(), &[]);
    assert_eq!(found["same"], found["decisions"], "{found}");
    assert_eq!(found["decisions"], 3, "{found}");
}

#[test]
fn decisions_are_explained() {
    let agent = Agent::start(CONFIG);
    let begin = now() - 250;
    for k in 0..20 {
        assert_eq!(post(&agent, "/ingest", &sample(begin + 10 * k, 40 + 30 * (k % 5))).0, 200);
    }
    let answer = json(&post(&agent, "/decide", "").1);
    assert_eq!(answer["input_sha256"].as_str().unwrap().len(), 64);
    assert_eq!(answer["model"], json!({"name": "none", "sha256": null}));
    assert_eq!(answer["prospects"].as_array().unwrap().len(), 2);
    let live = json(&get(&agent, "/api/live").1);
    assert_eq!(live["decisions"][0]["input_sha256"], answer["input_sha256"]);

    // The journal of an agent that runs can be read.
    let at = agent.folder.path().to_path_buf();
    let output = replay(&at, &["--last", "1"]);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}");
    for words in [
        "proposed",
        "guard",
        "decided",
        "expected",
        "instead",
        "risk to break the SLA",
        "the same to the bit",
        "20 samples, 20 decisions",
        answer["input_sha256"].as_str().unwrap(),
    ] {
        assert!(text.contains(words), "no {words} in\n{text}");
    }
    let found = replayed(&at, &["--last", "3"]);
    assert_eq!(found["explained"][2]["decision"]["jobs"], answer["jobs"]);
    assert_eq!(found["explained"][2]["verdict"], "same");
    let moment = found["explained"][1]["decision"]["at"].to_string();
    assert_eq!(replayed(&at, &["--at", &moment])["explained"].as_array().unwrap().len(), 1);

    let other = Command::new(env!("CARGO_BIN_EXE_agent"))
        .args(["run", "--config", "c.yaml"])
        .current_dir(&at)
        .output()
        .unwrap();
    let log = String::from_utf8_lossy(&other.stderr).into_owned();
    assert!(other.status.code() == Some(1) && log.contains("in use by another agent"), "{log}");
    until(|| get(&agent, "/readyz").0 == 200);
    let _ = agent.kill();
}

#[test]
fn what_cannot_be_replayed_is_told() {
    let folder = TempDir::new().unwrap();
    let output = replay(folder.path(), &[]);
    assert_eq!(output.status.code(), Some(2));
    std::fs::create_dir(folder.path().join("kept")).unwrap();
    let output = replay(folder.path(), &[]);
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.code() == Some(1) && text.contains("there is no journal in"), "{text}");
    assert_eq!(replay(folder.path(), &["--at", "soon"]).status.code(), Some(2));

    let agent = Agent::start_in(folder, CONFIG, None);
    assert_eq!(post(&agent, "/ingest", &sample(now(), 40)).0, 200);
    let folder = agent.kill();
    let output = replay(folder.path(), &["--model", "shipped"]);
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.code() == Some(1) && text.contains("made by the model none"), "{text}");

    let file = folder.path().join("kept/00000001.journal");
    let mut bytes = std::fs::read(&file).unwrap();
    bytes[20] ^= 1;
    std::fs::write(&file, bytes).unwrap();
    let output = replay(folder.path(), &[]);
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        output.status.code() == Some(1) && text.contains("00000001.journal, byte 0: "),
        "{text}"
    );
}
