//! `agent pipe`: one line in, one line out, whatever comes.

use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
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
    assert_eq!(answers[39]["stage"], "plan");
}

#[cfg(unix)]
#[test]
fn a_hangup_ends_nothing() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_agent"))
        .arg("pipe")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut answers = BufReader::new(child.stdout.take().unwrap()).lines();
    for k in 1..=3 {
        writeln!(stdin, "{}", sample(1_751_328_000 + 30 * k, 3000.0)).unwrap();
        let answer: Value = serde_json::from_str(&answers.next().unwrap().unwrap()).unwrap();
        assert!(answer["jobs"].is_u64(), "{answer}");
        let id = child.id().to_string();
        assert!(Command::new("kill").args(["-HUP", &id]).status().unwrap().success());
    }
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
}

#[test]
fn six_columns_are_enough() {
    let row = |k: i64, events: u32| {
        let (minute, second) = (k / 60, k % 60);
        format!(
            "{{\"DateTime\": \"2025-07-01T00:{minute:02}:{second:02}Z\", \"avg_average_processing_duration_ms\": \
             100, \"avg_unprocessed_events_count\": 0, \"avg_processed_events_in_interval\": {events}, \
             \"avg_logged_events_in_interval\": {events}, \"avg_queued_events_in_interval\": 0}}\n"
        )
    };
    let input: String = (1..=40).map(|k| row(30 * k, 3000 + 10 * (k % 7) as u32)).collect();
    let answers = pipe(input.as_bytes());
    assert_eq!(answers.len(), 40);
    let kinds = |answer: &Value| -> Vec<String> {
        let warnings = answer["warnings"].as_array().into_iter().flatten();
        warnings.map(|warning| warning["kind"].as_str().unwrap().to_string()).collect()
    };
    // Of the first nothing tells that it is of 30 s.
    assert_eq!(kinds(&answers[0]), ["interval", "assumed"]);
    assert_eq!(kinds(&answers[1]), ["interval"]);
    for (k, answer) in answers.iter().enumerate().skip(1) {
        assert!(answer["stage"] != "hold" && answer["doubts"] == json!(["pool"]), "{answer}");
        assert!((3..=25).contains(&answer["jobs"].as_u64().unwrap()), "{k}: {answer}");
    }
    // Said again after a quarter of an hour.
    let said = answers.iter().filter(|a| kinds(a).contains(&"assumed".to_string())).count();
    assert_eq!(said, 2);
    assert!((10..=22).contains(&answers[39]["jobs"].as_u64().unwrap()), "{}", answers[39]);
}

#[test]
fn bad_lines_are_answered_and_the_stream_goes_on() {
    let start = 1_751_328_000;
    let huge = format!("{{\"time\": {}}}", "1".repeat(70_000));
    let good = sample(start + 30, 3000.0).to_string();
    let mut endless = json!({"time": start + 60, "interval_s": 0}).to_string();
    endless.push('\r');
    let lines = [
        "not json",
        &good,
        "",
        "NaN",
        "{\"interval_s\": 30}",
        &endless,
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
        "field `interval_s` is too small",
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
fn a_bad_field_costs_itself_and_the_answer_says_so() {
    let start = 1_751_328_000;
    let mut lines = Vec::new();
    // A lag of -1, a negative difference, what Python makes of no number, quotes, another name.
    for (k, (field, value)) in [
        ("unprocessed_events", "-1"),
        ("logged_events", "-3000"),
        ("avg_processing_ms", "NaN"),
        ("queued_events", "-Infinity"),
        ("processed_events", "\"3000\""),
        ("jobs_starting", "0.4"),
        ("unprocessed_events", "9223372036854775807"),
        ("host", "\"worker-1\""),
        ("time", "1751328270000"),
        ("time", "\"2025-07-01T00:05:00Z\""),
    ]
    .into_iter()
    .enumerate()
    {
        let mut sample = sample(start + 30 * (k as i64 + 1), 3000.0);
        sample[field] = json!("here");
        lines.push(sample.to_string().replace("\"here\"", value));
    }
    let answers = pipe(lines.join("\n").as_bytes());
    let kinds: Vec<&str> = answers
        .iter()
        .map(|answer| answer["warnings"][0]["kind"].as_str().unwrap_or_default())
        .collect();
    assert_eq!(
        kinds,
        [
            "negative",
            "negative",
            "not_finite",
            "not_finite",
            "quoted",
            "not_whole",
            "too_large",
            "unknown",
            "time_form",
            ""
        ]
    );
    assert!(answers.iter().all(|answer| answer["jobs"].as_u64() >= Some(1)), "{answers:?}");
}

#[test]
fn senders_with_names_are_summed_and_those_without_are_told() {
    let line = |time: i64, source: &str| {
        let mut sample = sample(time, 3000.0);
        sample["jobs_ready"] = json!(11);
        if !source.is_empty() {
            sample["source"] = json!(source);
        }
        format!("{sample}\n")
    };
    let start = 1_751_328_000;
    let two = |names: [&str; 2], phase: i64| -> Vec<Value> {
        let pair = |k: i64| {
            [line(start + 30 * k, names[0]), line(start + 30 * k + phase, names[1])].concat()
        };
        pipe((1..=240).map(pair).collect::<String>().as_bytes())
    };
    for phase in [0, 3, 15] {
        let answers = two(["a", "b"], phase);
        assert!(answers[0]["waiting"].is_string(), "{}", answers[0]);
        // Twenty jobs are busy with what both tell.
        assert!(answers[479]["jobs"].as_u64() >= Some(20), "{}", answers[479]);
        let answers = two(["", ""], phase);
        let told = |answer: &Value| answer.to_string().contains("give each a `source`");
        assert!(answers[478..].iter().any(told), "{}", answers[479]);
    }
}

#[test]
fn a_clock_that_was_set_back_and_one_that_lied_shut_nobody_out() {
    let start = 1_751_328_000;
    let steady = |time: i64| sample(time, 3000.0).to_string();
    let mut lines: Vec<String> = (1..=20).map(|k| steady(start + 30 * k)).collect();
    lines.push(steady(start + 315_360_000));
    lines.extend((21..=30).map(|k| steady(start + 30 * k)));
    // Other numbers than at that time before.
    lines.extend((31..=50).map(|k| sample(start + 30 * k - 3600, 3100.0).to_string()));
    let answers = pipe(lines.join("\n").as_bytes());
    let refused: Vec<usize> =
        (0..answers.len()).filter(|k| answers[*k].get("error").is_some()).collect();
    assert_eq!(refused, [20, 31, 32], "{answers:?}");
    assert_eq!(answers[33]["warnings"][0]["kind"], "clock", "{}", answers[33]);
}

#[test]
fn a_line_may_hold_many_samples() {
    let start = 1_751_328_000;
    let list: Vec<Value> = (1..=20).map(|k| sample(start + 30 * k, 3000.0)).collect();
    let wrapped = json!({"source": "a", "samples": list}).to_string();
    let mut broken = list.clone();
    broken[7] = json!({"interval_s": 30});
    let broken = Value::from(broken).to_string();
    for (line, errors) in [(Value::from(list).to_string(), 0), (wrapped, 0), (broken, 1)] {
        let answers = pipe(line.as_bytes());
        assert_eq!(answers.len(), 1);
        assert!(answers[0]["jobs"].as_u64() >= Some(10), "{}", answers[0]);
        assert_eq!(answers[0]["errors"].as_array().map_or(0, Vec::len), errors, "{}", answers[0]);
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
        // 22 jobs' work a tick, and what twelve jobs leave of it.
        let sample = json!({
            "time": 1_751_328_000 + 30 * k, "interval_s": 30, "logged_events": 9000,
            "processed_events": 4800, "unprocessed_events": 4200 * k, "avg_processing_ms": 75,
            "jobs_ready": 12, "jobs_starting": 0,
        });
        writeln!(stdin, "{sample}").unwrap();
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        assert_eq!(serde_json::from_str::<Value>(&line).unwrap()["jobs"], 12);
    }
    drop(stdin);
    assert!(child.wait().unwrap().success());
}
