//! `POST /ingest`: bodies as senders write them, senders with wrong clocks, and several senders.

use super::http::{Agent, get, post, request};
use super::{json, now};
use serde_json::Value;
use std::io::Write;

/// A sample of 30 s that ends `age_s` ago.
fn sample(age_s: i64) -> Value {
    json!({
        "time": now() as i64 - age_s, "interval_s": 30, "logged_events": 3000,
        "processed_events": 3000, "unprocessed_events": 0, "queued_events": 0,
        "avg_processing_ms": 100, "jobs_ready": 10, "jobs_starting": 0
    })
}

fn samples(source: Option<&str>, ages: impl Iterator<Item = i64>) -> Vec<Value> {
    let named = |age| {
        let mut sample = sample(age);
        if let Some(source) = source {
            sample["source"] = json!(source);
        }
        sample
    };
    ages.map(named).collect()
}

fn start() -> Agent {
    Agent::start("listen: 127.0.0.1:0\n")
}

/// Posts, and gives the status and the answer.
fn ingest(agent: &Agent, body: impl ToString) -> (u16, Value) {
    let (status, answer) = post(agent, "/ingest", &body.to_string());
    (status, json(&answer))
}

fn metric(agent: &Agent, name: &str) -> Option<String> {
    let metrics = get(agent, "/metrics").1;
    let line = metrics.lines().find(|line| line.starts_with(name))?;
    line.rsplit(' ').next().map(str::to_owned)
}

#[test]
fn what_is_good_in_a_body_is_taken_and_the_rest_is_told() {
    let agent = start();
    let mut list = samples(None, (0..20).rev().map(|k| 30 * k));
    list[3]["unprocessed_events"] = json!(-1);
    list[5]["logged_events"] = json!("3000");
    list[7]["time"] = json!(null);
    list[9]["loged_events"] = json!(1);
    let (status, answer) = ingest(&agent, json!({ "samples": list }));
    assert_eq!((status, &answer["accepted"], &answer["refused"]), (200, &json!(19), &json!(1)));
    assert!(answer["jobs"].as_u64() >= Some(10), "{answer}");
    assert_eq!(answer["errors"][0]["sample"], 8);
    assert!(answer["first_error"].as_str().unwrap().contains("sample 8: "), "{answer}");
    let told: Vec<_> = answer["warnings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|w| (w["sample"].as_u64().unwrap(), w["kind"].as_str().unwrap()))
        .collect();
    assert_eq!(told, [(4, "negative"), (6, "quoted"), (10, "unknown")], "{answer}");
    for (labels, count) in [
        ("field=\"unprocessed_events\",kind=\"negative\"", "1"),
        ("field=\"logged_events\",kind=\"quoted\"", "1"),
        ("field=\"other\",kind=\"unknown\"", "1"),
    ] {
        let name = format!("scaleiq_sample_warnings_total{{{labels}}}");
        assert_eq!(metric(&agent, &name).as_deref(), Some(count), "{name}");
    }
}

#[test]
fn bodies_may_be_packed_with_gzip_and_nothing_else() {
    let agent = start();
    let body = Value::from(samples(None, (0..20).rev().map(|k| 30 * k))).to_string();
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(body.as_bytes()).unwrap();
    let packed = packer.finish().unwrap();
    let host = agent.address.to_string();
    let send = |encoding: &str, body: &[u8]| {
        let headers = [("Host", host.as_str()), ("Content-Encoding", encoding)];
        request(&agent, "POST", "/ingest", &headers, body)
    };
    assert_eq!(send("gzip", &packed).0, 200);
    // Without the header, too; and it is the same body.
    assert_eq!(json(&send("identity", &packed).1)["duplicates"], 20);
    assert_eq!(send("gzip", body.as_bytes()).0, 400);
    assert_eq!(send("gzip", &packed[..40]).0, 400);
    let (status, answer) = send("br", &packed);
    assert!(status == 415 && answer.contains("`gzip`"), "{answer}");
}

#[test]
fn a_fast_clock_is_told_corrected_and_may_be_set_right() {
    let agent = start();
    let (status, answer) = ingest(&agent, sample(-240));
    assert_eq!((status, &answer["warnings"][0]["kind"]), (200, &json!("clock")), "{answer}");
    let (status, ready) = get(&agent, "/readyz");
    assert!(status == 200 && ready.contains("240 s ahead"), "{ready}");
    let offset = "scaleiq_source_clock_offset_seconds{source=\"\"}";
    let found: i64 = metric(&agent, offset).unwrap().parse().unwrap();
    assert!((-242..=-238).contains(&found), "{found}");
    assert!(metric(&agent, "scaleiq_data_age_seconds").unwrap().parse::<f64>().unwrap() < 10.0);
    // Set right: its next sample would lie before the last one.
    std::thread::sleep(std::time::Duration::from_millis(1500));
    let mut right = sample(0);
    for (field, value) in [("interval_s", 1), ("logged_events", 100), ("processed_events", 100)] {
        right[field] = json!(value);
    }
    assert_eq!(ingest(&agent, right).0, 200);
    assert_eq!(metric(&agent, offset).as_deref(), Some("0"));
    assert_eq!(get(&agent, "/readyz").1, "ready\n");
}

#[test]
fn a_sample_from_years_ahead_is_refused_alone() {
    let agent = start();
    assert_eq!(ingest(&agent, sample(60)).0, 200);
    let (status, answer) = ingest(&agent, sample(-315_360_000));
    assert!(status == 422 && answer["error"].as_str().unwrap().contains("ahead"), "{answer}");
    assert_eq!(ingest(&agent, sample(0)).0, 200);
    assert_eq!(get(&agent, "/readyz").0, 200);
}

#[test]
fn late_samples_keep_their_time_where_the_senders_clock_counts() {
    let agent = Agent::start("listen: 127.0.0.1:0\nsource: {type: http, clock: sender}\n");
    assert_eq!(ingest(&agent, sample(-240)).0, 422);
    assert_eq!(ingest(&agent, sample(100)).0, 200);
    let age: f64 = metric(&agent, "scaleiq_data_age_seconds").unwrap().parse().unwrap();
    assert!(age >= 100.0, "{age}");
}

#[test]
fn two_senders_are_summed_and_one_that_falls_silent_is_told() {
    let agent = start();
    // Both push half of the workload for ten minutes, then one of them falls silent.
    let mut body = Vec::new();
    for k in (10..30).rev() {
        body.extend(samples(Some("a"), std::iter::once(30 * k)));
        body.extend(samples(Some("b"), std::iter::once(30 * k - 7)));
    }
    let (status, answer) = ingest(&agent, Value::from(body));
    assert_eq!((status, &answer["accepted"], &answer["refused"]), (200, &json!(40), &json!(0)));
    assert!(answer["jobs"].as_u64() >= Some(20), "{answer}");
    assert_eq!(metric(&agent, "scaleiq_sources ").as_deref(), Some("2"));
    assert_eq!(metric(&agent, "scaleiq_jobs_ready ").as_deref(), Some("20"));
    let alone = samples(None, (6..10).rev().map(|k| 30 * k));
    let (status, answer) = post(&agent, "/ingest?source=a", &Value::from(alone).to_string());
    assert!(status == 200 && answer.contains("source b has been silent"), "{answer}");
    assert_eq!(metric(&agent, "scaleiq_sources_silent ").as_deref(), Some("1"));
    assert!(json(&answer)["jobs"].as_u64() >= Some(20), "half of the sum is no reason: {answer}");
    let alone = samples(Some("a"), (0..6).rev().map(|k| 30 * k));
    let (_, answer) = ingest(&agent, Value::from(alone));
    assert!(answer.to_string().contains("source b has left"), "{answer}");
    assert_eq!(metric(&agent, "scaleiq_sources ").as_deref(), Some("1"));
    assert_eq!(get(&agent, "/readyz").0, 200);
}
