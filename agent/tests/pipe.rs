//! `agent pipe`: one line in, one line out, whatever comes.

use serde_json::{Value, json};
use std::io::Write;
use std::process::{Command, Stdio};

fn sample(time: i64, arrivals: f64) -> Value {
    json!({
        "time": time, "interval_s": 30, "logged_events": arrivals, "processed_events": arrivals,
        "unprocessed_events": 0, "queued_events": 0.0, "avg_processing_ms": 100.0,
        "jobs_ready": 10, "jobs_starting": 0
    })
}

/// What the agent answers to `input`, line by line.
fn pipe(input: &[u8]) -> Vec<Value> {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("c.yaml");
    // Rules alone: what is tested here is the protocol.
    std::fs::write(&config, "model: none\n").unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_agent"))
        .args(["pipe", "--config"])
        .arg(&config)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    let writer = std::thread::spawn(move || stdin.write_all(&input).unwrap());
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn each_sample_gets_a_decision() {
    let input: String =
        (1..=40).map(|k| format!("{}\n", sample(1_751_328_000 + 30 * k, 3000.0))).collect();
    let answers = pipe(input.as_bytes());
    assert_eq!(answers.len(), 40);
    for answer in &answers {
        let jobs = answer["jobs"].as_u64().unwrap();
        assert!((10..=25).contains(&jobs), "{answer}");
        for field in ["stage", "reason", "multiplier", "proposed", "constraints"] {
            assert!(answer.get(field).is_some(), "{answer} lacks {field}");
        }
    }
    assert_eq!(answers[39]["stage"], "planner");
}

#[test]
fn bad_lines_are_answered_and_the_stream_goes_on() {
    let start = 1_751_328_000;
    let huge = format!("{{\"time\": {}}}", "1".repeat(70_000));
    let good = sample(start + 30, 3000.0).to_string();
    let mut negative = sample(start + 60, -1.0).to_string();
    negative.push('\r');
    let lines = [
        "not json",
        &good,
        "",
        "NaN",
        "{\"interval_s\": 30}",
        &negative,
        &good,
        &sample(start, 1.0).to_string(),
        &huge,
        "\u{fffd}\u{0}",
        "[1, 30]",
        &sample(start + 60, 3000.0).to_string(),
    ];
    // The last line is without its end.
    let answers = pipe(lines.join("\n").as_bytes());
    assert_eq!(answers.len(), lines.len());
    assert_eq!(answers[0]["jobs"], Value::Null, "nothing is known, so no number is safe");
    let jobs = answers[1]["jobs"].as_u64().unwrap();
    let words = [
        "",
        "",
        "not a JSON object",
        "not a JSON object",
        "missing field `time`",
        "field `logged_events` is too small",
        "duplicate time",
        "is before the last sample's",
        "longer than 65536 bytes",
        "not a JSON object",
        "not a JSON object",
        "",
    ];
    for (k, (answer, words)) in answers.iter().zip(words).enumerate() {
        if k == 1 || k == 11 {
            assert!(answer.get("error").is_none(), "{answer}");
            continue;
        }
        assert!(answer["error"].as_str().unwrap().contains(words), "{answer}");
        assert_eq!(answer["line"], k + 1);
        assert!(k == 0 || answer["jobs"] == jobs, "{answer}");
    }
}

#[test]
fn answers_come_at_once_and_limits_of_the_configuration_hold() {
    use std::io::{BufRead, BufReader};
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("c.yaml");
    std::fs::write(&config, "jobs: {min: 2, max: 12}\nmodel: none\n").unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_agent"))
        .args(["pipe", "--config", config.to_str().unwrap()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    for k in 1..4 {
        writeln!(stdin, "{}", sample(1_751_328_000 + 30 * k, 9000.0)).unwrap();
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        assert_eq!(serde_json::from_str::<Value>(&line).unwrap()["jobs"], 12);
    }
    drop(stdin);
    assert!(child.wait().unwrap().success());
}
