//! What the page is told: marks, what became of orders, and the past that a restart finds in the journal.

use super::http::{Agent, get, post, request, until};
use super::{json, now, samples};
use serde_json::Value;
use std::process::Command;

const CONFIG: &str = "listen: 127.0.0.1:0\nname: mail\nmode: active\njournal: {folder: kept}\n";

fn live(agent: &Agent) -> Value {
    json(&get(agent, "/api/live?run=0&since=0").1)
}

fn replay(agent: &Agent, options: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_agent"));
    command.args(["replay", "--journal"]).arg(agent.folder.path().join("kept")).args(options);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn marks_are_posted_kept_and_shown() {
    let agent = Agent::start(&format!("{CONFIG}token: 0123456789abcdef\n"));
    let mark = r#"{"kind": "deploy", "text": "worker v42", "who": "ci"}"#;
    assert_eq!(post(&agent, "/annotations", mark).0, 401);
    let host = agent.address.to_string();
    let headers = [("Host", host.as_str()), ("Authorization", "Bearer 0123456789abcdef")];
    let send = |body: &str| request(&agent, "POST", "/annotations", &headers, body);
    assert_eq!(send(mark).0, 201);
    for (body, status, words) in [
        ("{}", 422, "`text` is needed"),
        (r#"{"text": "x", "time": "soon"}"#, 400, "field `time` is `soon`"),
        (r#"{"text": "x", "kind": "release"}"#, 400, "unknown variant `release`"),
        (r#"{"text": "x", "tag": 1}"#, 400, "unknown field `tag`"),
    ] {
        let (found, answer) = send(body);
        assert!(found == status && answer.contains(words), "{body}: {found} {answer}");
    }
    let folder = agent.kill();
    let agent = Agent::start_in(folder, CONFIG, None);
    let marks = live(&agent)["marks"].clone();
    let shown = |kind: &str| marks.as_array().unwrap().iter().any(|mark| mark["kind"] == kind);
    assert!(shown("deploy") && shown("start"), "{marks}");
}

#[test]
fn a_restart_shows_the_past_and_what_became_of_the_last_order() {
    let hook = "actuator: {type: exec, command: [sh, -c, 'exit 3']}\n";
    let config = format!("{CONFIG}{hook}");
    let agent = Agent::start(&config);
    assert_eq!(post(&agent, "/ingest", &samples(6000)).0, 200);
    until(|| live(&agent)["carried"]["failures"].as_u64() >= Some(1));
    let before = live(&agent);
    assert_eq!(before["points"].as_array().unwrap().len(), 21, "all samples, not the last alone");
    assert!(get(&agent, "/readyz").1.contains("actuator: failed"));

    // With the next decision it is on the disk.
    let next = samples(6000).lines().last().unwrap().replace("6000", "6001");
    let next = next.replace(&format!("\"time\":{}", now()), &format!("\"time\":{}", now() + 1));
    assert_eq!(post(&agent, "/ingest", &next).0, 200);
    let text = replay(&agent, &["--from", "1h", "--to", "now"]);
    assert!(
        text.contains("NOT carried out: the actuator failed once: sh: exit status: 3"),
        "{text}"
    );
    let text = replay(&agent, &["--last", "2"]);
    assert!(text.contains("  then      NOT carried out"), "{text}");
    let page = agent.folder.path().join("out.html");
    replay(&agent, &["--from", "1h", "--html", page.to_str().unwrap()]);
    assert!(std::fs::read_to_string(page).unwrap().contains("NOT carried out"));

    let folder = agent.kill();
    let agent = Agent::start_in(folder, &config, None);
    let after = live(&agent);
    assert!(after["points"].as_array().unwrap().len() >= 21, "{after}");
    assert!(after["carried"]["error"].as_str().unwrap().contains("exit status: 3"), "{after}");
    assert!(json(&get(&agent, "/api/course").1)["points"].as_array().unwrap().len() >= 2);
}
