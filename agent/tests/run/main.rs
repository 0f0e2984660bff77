//! `agent run`, end to end: a real process, real sockets, real signals.
#![cfg(unix)]

#[cfg(target_os = "linux")]
mod actuate;
mod attacks;
mod figures;
mod http;
mod ingest;
mod journal;
#[cfg(target_os = "linux")]
mod killed;
mod metrics;
mod model;
mod network;
mod overrides;
mod page;
#[cfg(target_os = "linux")]
mod pool;
mod seed;
mod serial;
mod several;
mod source;
#[cfg(target_os = "linux")]
mod stop;

use http::{Agent, get, post, request};
use serde_json::{Value, json};
use std::net::TcpListener;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The present moment in Unix seconds.
fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// Ten minutes of samples that end now: `arrivals` events of 100 ms in 30 s on ten jobs, which can do
/// 3,000 of them.
fn samples(arrivals: u64) -> String {
    let now = now();
    let processed = arrivals.min(3000);
    (0..=20)
        .map(|k| {
            let backlog = (arrivals - processed) * (k + 1);
            let sample = json!({
                "time": now - 30 * (20 - k), "interval_s": 30, "logged_events": arrivals,
                "processed_events": processed, "unprocessed_events": backlog,
                "queued_events": backlog, "avg_processing_ms": 100, "jobs_ready": 10,
                "jobs_starting": 0
            });
            format!("{sample}\n")
        })
        .collect()
}

#[test]
fn the_life_of_a_sidecar() {
    let agent = Agent::start("listen: 127.0.0.1:0\n");
    assert_eq!(get(&agent, "/healthz").0, 200);
    let (status, body) = get(&agent, "/readyz");
    assert_eq!((status, json(&body)["error"].clone()), (503, json!("no sample has come yet")));
    assert_eq!(post(&agent, "/predict", "").0, 503);
    assert_eq!(post(&agent, "/decide", "").0, 503);

    let (status, body) = post(&agent, "/ingest", &samples(3000));
    assert_eq!((status, json(&body)["accepted"].clone()), (200, json!(21)), "{body}");
    assert_eq!(get(&agent, "/readyz").0, 200);

    let (status, body) = post(&agent, "/predict", "");
    let prediction = json(&body);
    assert_eq!(status, 200);
    assert_eq!(prediction["steps"].as_array().unwrap().len(), 24);
    assert_eq!(prediction["steps"][0]["events"].as_array().unwrap().len(), 9);
    let median = prediction["horizons"][0]["rate_q50"].as_f64().unwrap();
    assert!((50.0..200.0).contains(&median), "{body}");
    let weights = prediction["horizons"][0]["makeup"]["weights"].as_object().unwrap();
    let sum: f64 = weights.values().filter_map(Value::as_f64).sum();
    assert!(weights.contains_key("network") && (sum - 1.0).abs() < 1e-3, "{body}");

    // Without networks their place is taken, and nothing is said to be theirs.
    assert_eq!(prediction["source"], "experts");
    assert_eq!(
        (&weights["network"], weights["baseline"].as_f64() > Some(0.1)),
        (&json!(0.0), true)
    );
    assert_eq!(prediction["horizons"][0]["network_weight"], weights["network"], "{body}");
    assert!(prediction["horizons"][0]["network_effect"].is_number(), "{body}");

    let (status, first) = post(&agent, "/decide", "");
    assert_eq!(status, 200);
    assert_eq!(json(&first)["mode"], "shadow");
    assert!((9..=20).contains(&json(&first)["jobs"].as_u64().unwrap()), "{first}");
    assert_eq!(post(&agent, "/decide", "").1, first, "a decision is latched");

    let (status, text) = get(&agent, "/metrics");
    assert_eq!(status, 200);
    for line in [
        "scaleiq_samples_total 21",
        "scaleiq_jobs_ready 10",
        "scaleiq_arrival_rate 100.0",
        "scaleiq_sample_errors_total{reason=\"time\"} 0",
        "scaleiq_model_failures_total{network=\"forecaster\"} 0",
        "scaleiq_decisions_total{stage=\"plan\"",
        "scaleiq_forecast_rate{ahead_s=\"720\",level=\"0.5\"}",
        "scaleiq_expert_weight{ahead_s=\"2880\",expert=\"network\"}",
        "scaleiq_forecast_network_weight{ahead_s=\"720\"}",
        "scaleiq_forecast_network_effect{ahead_s=\"2880\"}",
        "scaleiq_network_can_act ",
        "scaleiq_forecast_band{ahead_s=\"720\",level=\"0.9\"}",
        "scaleiq_agent_info{version=",
        "scaleiq_data_age_seconds ",
    ] {
        assert!(text.contains(line), "no {line} in\n{text}");
    }
    assert_eq!(get(&agent, "/").0, 200);
    assert_eq!(get(&agent, "/nowhere").0, 404);
    assert_eq!(agent.terminate().0, Some(0));
}

#[test]
fn bad_samples_are_refused_by_name() {
    let agent = Agent::start("listen: 127.0.0.1:0\n");
    for (body, status, words) in [
        ("", 400, "empty"),
        ("hello", 400, "not a JSON object"),
        ("{\"interval_s\": 30}", 400, "missing field `time`"),
        ("{\"time\": 1, \"interval_s\": -30}", 400, "field `interval_s` is too small"),
        ("{\"time\": 9999999999, \"interval_s\": 30}", 422, "ahead of this machine's clock"),
    ] {
        let answer = post(&agent, "/ingest", body);
        assert_eq!(answer.0, status, "{body}: {}", answer.1);
        assert!(json(&answer.1)["error"].as_str().unwrap().contains(words), "{}", answer.1);
    }
    let batch = samples(3000);
    assert_eq!(post(&agent, "/ingest", &batch).0, 200);
    // Sent again, as after an answer that was lost: nothing is wrong, and nothing is counted twice.
    let (status, body) = post(&agent, "/ingest", &batch);
    let answer = json(&body);
    assert_eq!((status, &answer["accepted"], &answer["duplicates"]), (200, &json!(0), &json!(21)));
    assert!(get(&agent, "/metrics").1.contains("scaleiq_samples_total 21"));
}

#[test]
fn only_loopback_names_are_served() {
    let agent = Agent::start("listen: 127.0.0.1:0\n");
    let host = |host: &str| request(&agent, "POST", "/decide", &[("Host", host)], "").0;
    assert_eq!(host("evil.example"), 403);
    assert_eq!(host(&format!("localhost:{}", agent.address.port())), 503);
    let own = agent.address.to_string();
    let foreign = [("Host", own.as_str()), ("Origin", "https://evil.example")];
    assert_eq!(request(&agent, "POST", "/decide", &foreign, "").0, 403);
}

#[test]
fn the_token_guards_control_endpoints() {
    let agent = Agent::start("listen: 0.0.0.0:0\ntoken: 0123456789abcdef\n");
    assert_eq!(post(&agent, "/decide", "").0, 401);
    for path in ["/metrics", "/", "/api/live"] {
        assert_eq!(get(&agent, path).0, 401, "{path}");
    }
    assert_eq!((get(&agent, "/healthz").0, get(&agent, "/readyz").0), (200, 503));
    let headers = [("Host", "worker.svc"), ("Authorization", "Bearer 0123456789abcdef")];
    assert_eq!(request(&agent, "POST", "/decide", &headers, "").0, 503);
    assert_eq!(request(&agent, "GET", "/metrics", &headers, "").0, 200);
    // As a browser sends it, which may look and not control: any name, and the token as password.
    let browser = [("Host", "worker.svc"), ("Authorization", "Basic bWU6MDEyMzQ1Njc4OWFiY2RlZg==")];
    assert_eq!(request(&agent, "GET", "/", &browser, "").0, 200);
    assert_eq!(request(&agent, "POST", "/decide", &browser, "").0, 401);
    let (_, log) = agent.terminate();
    assert!(!log.contains("0123456789abcdef"));
}

#[test]
fn a_port_in_use_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let (code, log) = Agent::fail(&format!("listen: {address}\n"));
    assert_eq!(code, Some(1));
    assert!(log.contains(&address.to_string()) && log.contains("listen:"), "{log}");
}

#[test]
fn the_hook_is_run_with_the_decision() {
    let hook = "actuator: {type: exec, command: [sh, -c, 'echo $0 $SCALEIQ_JOBS $SCALEIQ_CURRENT_JOBS $SCALEIQ_REASON >> done', '{jobs}']}\n";
    let agent = Agent::start(&format!("listen: 127.0.0.1:0\nmode: active\n{hook}"));
    let (_, body) = post(&agent, "/ingest", &samples(6000));
    let jobs = json(&body)["jobs"].as_u64().unwrap();
    assert!(jobs > 10, "{body}");
    let done = agent.wait_for("done");
    assert_eq!(done, format!("{jobs} {jobs} 10 catch_up\n"));
    // The hook is done a moment before the agent knows.
    let counted = "scaleiq_actuations_total{result=\"done\"} 1";
    http::until(|| get(&agent, "/metrics").1.contains(counted));
    assert_eq!(agent.terminate().0, Some(0));
}

#[test]
fn a_failing_hook_does_not_stop_the_agent() {
    let hook = "actuator: {type: exec, command: [sleep, '60'], timeout_s: 0.2}\n";
    let agent = Agent::start(&format!("listen: 127.0.0.1:0\nmode: active\n{hook}"));
    post(&agent, "/ingest", &samples(6000));
    agent.wait_for_log("killed after 0.2 s");
    assert_eq!(post(&agent, "/decide", "").0, 200);
    assert_eq!(agent.terminate().0, Some(0));
}

#[test]
fn shadow_mode_changes_nothing() {
    let hook = "actuator: {type: exec, command: [touch, done]}\n";
    let agent = Agent::start(&format!("listen: 127.0.0.1:0\n{hook}"));
    post(&agent, "/ingest", &samples(6000));
    agent.wait_for_log("nothing was changed");
    std::thread::sleep(Duration::from_millis(200));
    assert!(!agent.folder.path().join("done").exists());
}

#[test]
fn stale_data_is_held_and_told() {
    let agent = Agent::start(
        "listen: 127.0.0.1:0\nstale_after_s: 5\nmode: active\nactuator: {type: exec, command: [touch, done]}\n",
    );
    let old = "{\"time\": 1751328030, \"interval_s\": 30, \"logged_events\": 9000, \
               \"unprocessed_events\": 5, \"jobs_ready\": 2}";
    assert_eq!(post(&agent, "/ingest", old).0, 200);
    let (status, body) = get(&agent, "/readyz");
    assert!(status == 503 && body.contains("stale_after_s is 5"), "{body}");
    let decision = json(&post(&agent, "/decide", "").1);
    assert_eq!((&decision["stage"], &decision["jobs"]), (&json!("hold"), &json!(2)));
    assert_eq!(post(&agent, "/predict", "").0, 503);
    assert!(!agent.folder.path().join("done").exists());
}

#[test]
fn a_file_of_samples_is_followed() {
    let agent = Agent::start_with("listen: 127.0.0.1:0\nsource: {type: jsonl, path: in}\n", |at| {
        std::fs::write(at.join("in"), format!("nonsense\n{}", samples(3000))).unwrap();
    });
    agent.wait_for_log("line=1");
    http::until(|| get(&agent, "/readyz").0 == 200);
    assert_eq!(post(&agent, "/ingest", &samples(1)).0, 409);
    std::fs::write(agent.folder.path().join("in"), "{}\n").unwrap();
    agent.wait_for_log("replaced or truncated");
}

fn json(body: &str) -> Value {
    serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {body}"))
}
