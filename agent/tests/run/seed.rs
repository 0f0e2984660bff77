//! What a user of the seed has: six columns and no word of the pool. Samples, forecasts and decisions go
//! by these alone.

use super::http::{Agent, get, post, request};
use super::{json, now};
use serde_json::Value;
use std::io::Write;

const COLUMNS: [&str; 6] = [
    "DateTime",
    "avg_average_processing_duration_ms",
    "avg_unprocessed_events_count",
    "avg_processed_events_in_interval",
    "avg_logged_events_in_interval",
    "avg_queued_events_in_interval",
];

/// Two minutes up to `time` in which `events` of 100 ms came and were worked on.
fn row(time: u64, events: u64) -> Value {
    let moment = jiff::Timestamp::from_second(time as i64).unwrap().to_string();
    let values = [json!(moment), json!(100), json!(0), json!(events), json!(events), json!(0)];
    COLUMNS
        .iter()
        .map(|name| (*name).to_string())
        .zip(values)
        .collect::<serde_json::Map<_, _>>()
        .into()
}

/// An hour of rows on whole multiples of two minutes, up to now.
fn rows(events: impl Fn(u64) -> u64) -> Vec<Value> {
    let last = now() / 120 * 120;
    (0..30).map(|k| row(last - 120 * (29 - k), events(k))).collect()
}

/// The rows as a file.
fn csv(rows: &[Value]) -> String {
    let mut text = COLUMNS.join(",") + "\n";
    for row in rows {
        let cells = COLUMNS.map(|name| row[name].to_string().replace('"', ""));
        text += &(cells.join(",") + "\n");
    }
    text
}

fn lines(rows: &[Value]) -> String {
    rows.iter().map(|row| format!("{row}\n")).collect()
}

/// Kinds and fields of the warnings in an answer.
fn warned(answer: &Value) -> Vec<(&str, &str)> {
    let warnings = answer["warnings"].as_array().unwrap();
    warnings
        .iter()
        .map(|w| (w["kind"].as_str().unwrap(), w["field"].as_str().unwrap_or_default()))
        .collect()
}

#[test]
fn six_columns_are_enough_from_the_first_sample_on() {
    let agent = Agent::start("listen: 127.0.0.1:0\nmode: active\nactuator: {type: dry_run}\n");
    // 1,200 jobs-seconds of work a two-minute interval: ten jobs.
    let (status, body) = post(&agent, "/ingest", &row(now() - 120, 12_000).to_string());
    let answer = json(&body);
    assert_eq!((status, &answer["accepted"]), (200, &json!(1)), "{body}");
    assert_eq!(warned(&answer), [("interval", "interval_s"), ("assumed", "jobs_ready")], "{body}");
    assert!(answer["jobs"].as_u64() >= Some(10), "{body}");
    let (status, body) = get(&agent, "/readyz");
    assert!(status == 200 && body.contains("jobs are assumed"), "{body}");
    let (status, body) = get(&agent, "/status");
    assert!(status == 200 && json(&body)["assumed"].is_string(), "{body}");
    let decision = json(&post(&agent, "/decide", "").1);
    assert!(decision["stage"] != "hold" && decision["current_jobs"] == 10, "{decision}");
    assert_eq!(decision["doubts"], json!(["pool"]));
    // What was decided counts, and that it is assumed was said.
    let (_, body) = post(&agent, "/ingest", &row(now(), 24_000).to_string());
    assert_eq!(warned(&json(&body)), [], "{body}");
    let next = json(&post(&agent, "/decide", "").1);
    assert_eq!(next["current_jobs"], decision["jobs"], "{next}");
    assert!(next["jobs"].as_u64() >= Some(18), "{next}");
    // Reported at last, the pool is known.
    let mut told = row(now() + 1, 200);
    told["interval_s"] = json!(1);
    told["jobs_ready"] = json!(19);
    assert_eq!(post(&agent, "/ingest", &told.to_string()).0, 200);
    assert_eq!(get(&agent, "/readyz").1, "ready\n");
}

#[test]
fn a_history_in_six_columns_is_forecast_and_decided_on() {
    for mode in ["shadow", "active"] {
        decide_on_a_history(mode);
    }
}

fn decide_on_a_history(mode: &str) {
    let agent = Agent::start(&format!("listen: 127.0.0.1:0\nmode: {mode}\n"));
    let (status, body) = post(&agent, "/ingest", &json!(rows(|_| 12_000)).to_string());
    let answer = json(&body);
    assert_eq!((status, &answer["accepted"]), (200, &json!(30)), "{body}");
    assert_eq!(warned(&answer), [("interval", "interval_s"), ("assumed", "jobs_ready")], "{body}");
    let (status, body) = get(&agent, "/predict");
    let rate = json(&body)["horizons"][0]["rate_q50"].as_f64().unwrap();
    assert!(status == 200 && (90.0..110.0).contains(&rate), "{body}");
    let decision = json(&post(&agent, "/decide", "").1);
    assert!((10..=15).contains(&decision["jobs"].as_u64().unwrap()), "{mode}: {decision}");
    assert!(json(&get(&agent, "/status").1)["assumed"].is_string(), "{mode}");
}

#[test]
fn rows_are_forecast_in_every_form_and_leave_no_trace() {
    let agent = Agent::start("listen: 127.0.0.1:0\nmodel: shipped\n");
    let rows = rows(|k| 10_000 + 100 * k);
    let (status, of_json) = post(&agent, "/predict", &json!(rows).to_string());
    assert_eq!(status, 200, "{of_json}");
    let of_json = json(&of_json);
    assert_eq!((&of_json["rows"], &of_json["refused"]), (&json!(30), &json!(0)));
    assert_eq!(of_json["steps"].as_array().unwrap().len(), 24);
    assert_eq!(of_json["source"], "network");
    let host = agent.address.to_string();
    let send = |headers: &[(&str, &str)], body: &[u8]| {
        let headers = [&[("Host", host.as_str())], headers].concat();
        let (status, body) = request(&agent, "POST", "/predict", &headers, body);
        assert_eq!(status, 200, "{body}");
        json(&body)
    };
    let file = csv(&rows);
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(file.as_bytes()).unwrap();
    let form = [("Content-Type", "application/x-www-form-urlencoded")];
    for answer in [
        send(&[], lines(&rows).as_bytes()),
        send(&[("Content-Type", "text/csv; charset=utf-8")], file.as_bytes()),
        send(&form, file.as_bytes()),
        send(&[("Content-Encoding", "gzip")], &packer.finish().unwrap()),
    ] {
        assert_eq!(
            (&answer["rows"], &answer["steps"]),
            (&json!(30), &of_json["steps"]),
            "{answer}"
        );
    }
    assert_eq!(get(&agent, "/readyz").0, 503, "nothing was observed");
    assert_eq!(get(&agent, "/predict").0, 503);
    assert!(get(&agent, "/metrics").1.contains("scaleiq_samples_total 0"));
}

#[test]
fn rows_give_the_forecast_that_the_loop_would_have_made_of_them() {
    let agent = Agent::start("listen: 127.0.0.1:0\nmodel: shipped\n");
    let now = now();
    let samples: Vec<Value> = (0..60)
        .map(|k| {
            let events = 9_000 + 50 * k + 700 * (k % 7);
            json!({
                "time": now - 120 * (59 - k), "interval_s": 120, "logged_events": events,
                "processed_events": events, "unprocessed_events": 0, "avg_processing_ms": 100,
                "jobs_ready": 12, "jobs_starting": 0
            })
        })
        .collect();
    let body = json!(samples).to_string();
    assert_eq!(post(&agent, "/ingest", &body).0, 200);
    let live = json(&get(&agent, "/predict").1);
    let of_rows = json(&post(&agent, "/predict", &body).1);
    for part in ["origin", "steps", "horizons", "quantiles", "model"] {
        assert_eq!(live[part], of_rows[part], "{part}");
    }
}

#[test]
fn what_is_wrong_with_rows_is_named() {
    let agent = Agent::start("listen: 127.0.0.1:0\n");
    let good = rows(|_| 10_000);
    let file = csv(&good).replacen("10000", "ten", 1);
    let mut list = good.clone();
    list[4]["avg_logged_events_in_interval"] = json!("many");
    list[6]["DateTime"] = json!("noon");
    let (status, body) = post(&agent, "/predict", &json!(list).to_string());
    let answer = json(&body);
    assert_eq!(
        (status, &answer["rows"], &answer["refused"]),
        (200, &json!(29), &json!(1)),
        "{body}"
    );
    assert!(answer["errors"][0]["row"] == 7 && body.contains("field `DateTime` is"), "{body}");
    let bad = answer["warnings"].as_array().unwrap().iter().find(|w| w["kind"] == "not_a_number");
    assert_eq!(bad.map(|w| (&w["row"], &w["field"])), Some((&json!(5), &json!("logged_events"))));
    for (body, status, words) in [
        (file, 400, "line 2"),
        (file_in_one_line(&good), 400, "--data-binary"),
        ("hello".into(), 400, "body"),
        (json!([{"avg_logged_events_in_interval": 5}]).to_string(), 400, "row 1: "),
        (json!([row(7200, 5), row(7320, 6)]).to_string(), 200, "\"rows\":2"),
        (json!([{"time": 7200, "unprocessed_events": 5}]).to_string(), 422, "more are needed"),
    ] {
        let (found, answer) = post(&agent, "/predict", &body);
        assert!(found == status && answer.contains(words), "{body}: {found} {answer}");
    }
}

fn file_in_one_line(rows: &[Value]) -> String {
    csv(rows).replace('\n', "")
}

#[test]
fn columns_that_are_not_used_are_named_once() {
    let agent = Agent::start("listen: 127.0.0.1:0\n");
    let mut rows = rows(|_| 10_000);
    for row in &mut rows {
        row["cpu_percent"] = json!(40);
        row["latency_ms"] = json!(12);
    }
    for path in ["/ingest", "/predict"] {
        let (status, body) = post(&agent, path, &json!(rows).to_string());
        let answer = json(&body);
        let told = warned(&answer).into_iter().filter(|(kind, _)| *kind == "unused");
        let fields: Vec<_> = told.map(|(_, field)| field).collect();
        assert_eq!((status, fields), (200, vec!["cpu_percent", "latency_ms"]), "{body}");
    }
    let file: String = csv(&rows)
        .lines()
        .enumerate()
        .map(|(k, line)| format!("{line},{}\n", if k == 0 { "cpu_percent" } else { "40" }))
        .collect();
    let (status, body) = post(&agent, "/predict", &file);
    assert!(
        status == 200 && body.contains("column `cpu_percent` is accepted and not used"),
        "{body}"
    );
}
