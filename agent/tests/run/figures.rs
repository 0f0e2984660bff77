//! What `agent run` tells of how it goes, end to end: by `/status`, `/metrics` and on the page.

use super::http::{Agent, get, post};
use super::{json, now};
use serde_json::Value;

/// What is hours old is acted on here: three hours are too long to wait for.
const CONFIG: &str = "listen: 127.0.0.1:0\nstale_after_s: 86400\n";

/// Three hours of a pool of 40 jobs, a tenth of which is busy, in samples of 30 s that end now.
fn hours() -> Vec<String> {
    let now = now() / 30 * 30;
    let sample = |k: u64| {
        serde_json::json!({
            "time": now - 30 * (360 - k), "interval_s": 30, "logged_events": 1200,
            "processed_events": 1200, "unprocessed_events": 0, "queued_events": 0,
            "avg_processing_ms": 100, "jobs_ready": 40, "jobs_starting": 0
        })
        .to_string()
    };
    (0..=360).map(sample).collect()
}

fn number(value: &Value, path: &str) -> f64 {
    value.pointer(path).and_then(Value::as_f64).unwrap_or_else(|| panic!("no {path} in {value}"))
}

#[test]
fn shadow_mode_tells_what_it_would_save() {
    let price = "price: {job_hour: 0.05, currency: EUR}\n";
    let agent = Agent::start(&format!("{CONFIG}mode: shadow\n{price}"));
    assert_eq!(get(&agent, "/status").0, 503);
    for sample in hours() {
        assert_eq!(post(&agent, "/ingest", &sample).0, 200);
    }
    let (status, text) = get(&agent, "/status");
    let told = json(&text);
    assert_eq!((status, &told["mode"]), (200, &"shadow".into()));
    // Four to eight jobs, where 40 run: more than two thirds are saved, and nothing is late.
    assert_eq!(
        (&told["scaleiq"]["pool"], &told["compared"]["pool"]),
        (&"virtual".into(), &"real".into())
    );
    assert!((number(&told, "/compared/job_hours") - 120.0).abs() < 1.0, "{text}");
    let saving = number(&told, "/saving_ratio");
    assert!((0.67..0.95).contains(&saving), "{text}");
    assert_eq!(number(&told, "/scaleiq/sla_ratio"), 1.0);
    assert_eq!(number(&told, "/jobs_ready"), 40.0);
    assert!((4.0..=12.0).contains(&number(&told, "/jobs_wanted")), "{text}");
    assert!((number(&told, "/money/compared_per_day") - 48.0).abs() < 0.5, "{text}");
    assert!((number(&told, "/money/saving_per_day") - 48.0 * saving).abs() < 0.5, "{text}");
    // Decided as it would be if it were obeyed: from 40 down, and then it stays.
    assert!(number(&told, "/scaleiq/changes_per_day") < 60.0, "{text}");
    assert!(number(&told, "/forecasts/0/error_ratio") < 0.2, "{text}");
    assert!(number(&told, "/forecasts/0/coverage_ratio") > 0.5, "{text}");
    assert!(number(&told, "/decision/p99_s") >= number(&told, "/decision/p50_s"));

    let metrics = get(&agent, "/metrics").1;
    for line in [
        "scaleiq_pool_events_total{pool=\"virtual\"} ",
        "scaleiq_pool_late_events_total{pool=\"real\"} 0.0",
        "scaleiq_pool_job_seconds_total{pool=\"real\"} ",
        "scaleiq_pool_changes_total{pool=\"virtual\"} ",
        "scaleiq_pool_sla_ratio{pool=\"virtual\"} 1.0",
        "scaleiq_pool_wait_seconds{pool=\"real\",percentile=\"99\"} 0.0",
        "scaleiq_saving_ratio{against=\"real\"} 0.",
        "scaleiq_forecast_error_ratio{ahead_s=\"720\"} ",
        "scaleiq_forecast_coverage_ratio{ahead_s=\"2880\"} ",
        "scaleiq_decision_duration_seconds_count 361",
    ] {
        assert!(metrics.contains(line), "no {line} in\n{metrics}");
    }

    let live = json(&get(&agent, "/api/live").1);
    assert_eq!(live["figures"]["saving_ratio"], told["saving_ratio"]);
    let point = live["points"].as_array().unwrap().last().unwrap().as_array().unwrap();
    let columns = live["columns"].as_array().unwrap();
    let at = |name: &str| &point[columns.iter().position(|c| c == name).unwrap()];
    assert_eq!(at("ready"), &Value::from(40));
    assert!(at("virtual_ready").as_u64().unwrap() < 20, "{point:?}");
    assert_eq!(agent.terminate().0, Some(0));
}

#[test]
fn active_mode_tells_its_pool_beside_an_hpa() {
    let agent = Agent::start(&format!("{CONFIG}mode: active\n"));
    for sample in hours().iter().take(200) {
        assert_eq!(post(&agent, "/ingest", sample).0, 200);
    }
    let told = json(&get(&agent, "/status").1);
    let learned = &told["learned"];
    assert!((90.0..110.0).contains(&learned["work_ms"].as_f64().unwrap()), "{told}");
    assert!(learned["start_up_s"].as_f64() > Some(0.0) && told["start_up_stated_s"] == 60.0);
    assert_eq!(
        (&told["scaleiq"]["pool"], &told["compared"]["pool"]),
        (&"real".into(), &"hpa".into())
    );
    // Its pool does not follow here, and an HPA's would have.
    assert!(number(&told, "/saving_ratio") < 0.0 && told["money"].is_null(), "{told}");
    for path in ["sla_ratio", "wait_p99_s", "job_hours", "cost_over_ideal", "changes_per_day"] {
        assert!(number(&told, &format!("/scaleiq/{path}")) >= 0.0);
    }
}

#[test]
fn a_past_that_was_not_decided_on_is_on_nobodys_account() {
    let agent = Agent::start(&format!("{CONFIG}mode: shadow\n"));
    let samples = hours();
    let (last, past) = samples.split_last().unwrap();
    assert_eq!(post(&agent, "/ingest", &past.join("\n")).0, 200);
    let told = json(&get(&agent, "/status").1);
    assert_eq!((number(&told, "/compared/observed_s"), &told["saving_ratio"]), (0.0, &Value::Null));
    assert_eq!(post(&agent, "/ingest", last).0, 200);
    let told = json(&get(&agent, "/status").1);
    assert_eq!(number(&told, "/scaleiq/observed_s"), 30.0);
    assert!(number(&told, "/saving_ratio") > 0.0, "{told}");
}

#[test]
fn what_is_ill_is_told() {
    let hook = "actuator: {type: exec, command: ['false']}\n";
    let agent =
        Agent::start(&format!("listen: 127.0.0.1:0\nmode: active\nstale_after_s: 5\n{hook}"));
    let health = || json(&get(&agent, "/api/live").1)["health"].clone();
    let part = |name: &str| {
        let parts = health().as_array().unwrap().clone();
        parts.into_iter().find(|part| part["name"] == name).unwrap()
    };
    assert_eq!(part("data")["text"], "no sample has come yet");
    // A backlog that calls for more jobs, by a hook that always fails.
    assert_eq!(post(&agent, "/ingest", &super::samples(6000)).0, 200);
    assert_eq!(part("data")["ok"], true);
    super::http::until(|| part("actuator")["ok"] == false);
    // No more samples come.
    super::http::until(|| part("data")["ok"] == false);
    assert_eq!(part("model")["ok"], true);
    agent.wait_for_log("cannot decide: the last sample is");
    assert!(json(&get(&agent, "/status").1)["health"].is_array());
}
