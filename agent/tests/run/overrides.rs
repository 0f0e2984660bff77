//! What people set by hand: limits and pauses, with an end.

use super::http::{Agent, delete, get, post};
use super::{json, samples};
use serde_json::Value;
use std::fs;
use std::process::Command;
use std::thread;
use std::time::Duration;
use tempfile::TempDir;

const ACTIVE: &str = "listen: 127.0.0.1:0\nmode: active\nactuator: {type: stdout}\nmodel: none\n";

fn set(agent: &Agent, body: &str) -> (u16, Value) {
    let (status, answer) = post(agent, "/overrides", body);
    (status, json(&answer))
}

fn jobs(agent: &Agent) -> u64 {
    json(&get(agent, "/decide").1)["jobs"].as_u64().unwrap()
}

#[test]
fn a_minimum_is_in_force_at_once_told_everywhere_and_ends() {
    let agent = Agent::start(ACTIVE);
    assert_eq!(post(&agent, "/ingest", &samples(3000)).0, 200);
    let before = jobs(&agent);
    let (status, entry) =
        set(&agent, r#"{"min": 40, "for_s": 3600, "who": "ana", "why": "a campaign"}"#);
    assert_eq!((status, &entry["min"], &entry["who"]), (201, &40.into(), &"ana".into()), "{entry}");
    assert_eq!(jobs(&agent), 40);
    let decision = json(&get(&agent, "/decide").1);
    assert_eq!(decision["changes"].as_array().unwrap().last().unwrap()["by"], "limits");

    let told = "at least 40 jobs until";
    assert!(get(&agent, "/readyz").1.contains(told));
    let status = json(&get(&agent, "/status").1);
    assert_eq!((&status["limits"]["min"], &status["limits"]["max"]), (&40.into(), &200.into()));
    assert!(status["limits"]["why"][0].as_str().unwrap().contains("set by ana: a campaign"));
    let metrics = get(&agent, "/metrics").1;
    assert!(metrics.contains("scaleiq_jobs_min 40\n") && metrics.contains("_overridden 1\n"));

    let list = json(&get(&agent, "/overrides").1);
    assert_eq!(list["overrides"].as_array().unwrap().len(), 1);
    let path = format!("/overrides/{}", entry["id"]);
    assert_eq!(delete(&agent, &path).0, 200);
    assert_eq!(delete(&agent, &path).0, 404);
    assert!(get(&agent, "/metrics").1.contains("scaleiq_jobs_min 1\n"));
    assert!(jobs(&agent) <= 40 && before < 40, "it comes back in steps");
}

#[test]
fn a_pause_holds_the_number_whatever_comes() {
    let agent = Agent::start(ACTIVE);
    assert_eq!(post(&agent, "/ingest", &samples(3000)).0, 200);
    let before = jobs(&agent);
    let body = r#"{"pause": "all", "for_s": 600, "who": "ana", "why": "a migration"}"#;
    assert_eq!(set(&agent, body).0, 201);
    thread::sleep(Duration::from_millis(1100));
    let now = super::now();
    let flood = format!(
        r#"{{"time": {now}, "interval_s": 1, "logged_events": 90000, "processed_events": 100,
            "unprocessed_events": 90000, "avg_processing_ms": 100, "jobs_ready": 10}}"#
    );
    assert_eq!(post(&agent, "/ingest", &flood).0, 200);
    assert_eq!(jobs(&agent), before);
    let decision = json(&get(&agent, "/decide").1);
    assert!(decision["proposed"].as_u64().unwrap() > before, "{decision}");
}

#[test]
fn what_makes_no_sense_is_refused_with_what_to_do() {
    let agent = Agent::start(ACTIVE);
    for (body, status, words) in [
        ("", 400, "EOF"),
        (r#"{"min": 3}"#, 400, "one of `until` and `for_s`"),
        (r#"{"minimum": 3, "for_s": 60}"#, 400, "unknown field `minimum`"),
        (r#"{"min": 3, "for_s": 60}"#, 422, "`who` is needed"),
        (r#"{"min": 3, "until": "soon", "who": "a", "why": "b"}"#, 400, "field `until` is `soon`"),
        (r#"{"min": 9, "max": 2, "for_s": 60, "who": "a", "why": "b"}"#, 422, "above `max` 2"),
    ] {
        let (found, answer) = set(&agent, body);
        assert_eq!(found, status, "{body}: {answer}");
        assert!(answer["error"].as_str().unwrap().contains(words), "{body}: {answer}");
    }
}

#[test]
fn a_restart_forgets_none_and_a_replay_makes_the_same_decisions() {
    let folder = TempDir::new().unwrap();
    let journal = folder.path().join("j");
    let config = format!("{ACTIVE}journal: {{folder: {}}}\n", journal.display());
    let agent = Agent::start(&config);
    assert_eq!(post(&agent, "/ingest", &samples(3000)).0, 200);
    jobs(&agent);
    let body = r#"{"min": 33, "for_s": 3600, "who": "ana", "why": "a campaign"}"#;
    assert_eq!(set(&agent, body).0, 201);
    assert_eq!(jobs(&agent), 33);
    agent.kill();

    let agent = Agent::start(&config);
    assert_eq!(jobs(&agent), 33);
    let id = json(&get(&agent, "/overrides").1)["overrides"][0]["id"].clone();
    assert_eq!(delete(&agent, &format!("/overrides/{id}")).0, 200);
    jobs(&agent);
    assert_eq!(agent.terminate().0, Some(0));
    assert_eq!(fs::read_to_string(journal.join("overrides.json")).unwrap().trim(), "[]");

    let replayed = Command::new(env!("CARGO_BIN_EXE_agent"))
        .args(["replay", "--journal"])
        .arg(&journal)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&replayed.stdout);
    assert!(replayed.status.success() && text.contains("same to the bit"), "{text}");
}

#[test]
fn a_schedule_is_in_force_and_told() {
    let always = "schedule:\n- {start: \"* * * * *\", end: \"0 0 30 2 *\", zone: Europe/Berlin, min: 25, \
                  why: a test}\n";
    let agent = Agent::start(&format!("{ACTIVE}{always}"));
    assert_eq!(post(&agent, "/ingest", &samples(3000)).0, 200);
    assert_eq!(jobs(&agent), 25);
    let list = json(&get(&agent, "/overrides").1);
    assert_eq!(list["limits"]["why"][0], "at least 25 jobs by schedule until `0 0 30 2 *`: a test");
}

#[test]
fn the_command_line_sets_lists_and_ends_them() {
    let folder = TempDir::new().unwrap();
    let agent = Agent::start("listen: 127.0.0.1:0\nname: mail\ntoken: 0123456789abcdef\n");
    let file = folder.path().join("c.yaml");
    let text = format!("listen: {}\nname: mail\ntoken: 0123456789abcdef\n", agent.address);
    fs::write(&file, text).unwrap();
    let run = |args: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_agent"));
        command.arg("override").args(args).arg("--config").arg(&file).env("USER", "ana");
        command.output().unwrap()
    };
    let set =
        run(&["set", "--min", "7", "--pause", "scale-down", "--for", "2h", "--why", "a test"]);
    let entry = json(&String::from_utf8_lossy(&set.stdout));
    assert!(set.status.success(), "{set:?}");
    assert_eq!(
        (&entry["min"], &entry["pause"], &entry["who"]),
        (&7.into(), &"scale_down".into(), &"ana".into())
    );
    let list = run(&["list"]);
    assert_eq!(json(&String::from_utf8_lossy(&list.stdout))["overrides"][0]["id"], entry["id"]);
    assert!(run(&["end", &entry["id"].to_string()]).status.success());
    let gone = run(&["end", &entry["id"].to_string()]);
    assert!(!gone.status.success());
    assert!(String::from_utf8_lossy(&gone.stderr).contains("there is no override"), "{gone:?}");
    let bad = run(&["set", "--min", "7", "--max", "3", "--for", "2h", "--why", "a test"]);
    assert!(String::from_utf8_lossy(&bad.stderr).contains("above `max` 3"), "{bad:?}");
}
