//! `/metrics` as a real Prometheus sees it: its own checker finds no fault, it scrapes, and answers what an
//! operator asks.
#![cfg(all(unix, feature = "http"))]

#[path = "../servers/mod.rs"]
mod servers;

use serde_json::{Value, json};
use servers::http::{Agent, get, post, until};
use servers::{Server, require};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

const HOOK: &str = "listen: 127.0.0.1:0\nname: mail\nmode: active\nsla_s: 60\n\
                    actuator: {type: exec, command: [sh, -c, 'exit 3']}\njournal: {folder: kept}\n";

/// An hour of samples that end now, on ten jobs; every tenth of them brings more than they can do.
fn samples() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let mut backlog = 0;
    let sample = |k: u64| {
        let arrivals = if k % 40 > 35 { 9000 } else { 2000 };
        let processed = (backlog + arrivals).min(3000);
        backlog = backlog + arrivals - processed;
        let sample = json!({
            "time": now - 30 * (120 - k), "interval_s": 30, "logged_events": arrivals,
            "processed_events": processed, "unprocessed_events": backlog, "avg_processing_ms": 100,
            "jobs_ready": 10, "jobs_starting": 0
        });
        format!("{sample}\n")
    };
    (0..=120).map(sample).collect()
}

fn check(text: &str) {
    let Some(promtool) = require("promtool", "prometheus") else { return };
    let mut child = Command::new(promtool)
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    assert!(output.status.success(), "{}\n{text}", String::from_utf8_lossy(&said));
    assert!(said.is_empty(), "{}", String::from_utf8_lossy(&said));
}

#[test]
fn its_checker_finds_no_fault_before_and_behind_the_first_sample() {
    let agent = Agent::start(HOOK);
    let text = get(&agent, "/metrics").1;
    check(&text);
    for unknown in ["scaleiq_jobs_wanted ", "scaleiq_pool_sla_ratio{", "scaleiq_backlog_events "] {
        assert!(!text.contains(unknown), "{unknown} is not known yet");
    }
    assert_eq!(post(&agent, "/ingest", &samples()).0, 200);
    until(|| get(&agent, "/metrics").1.contains("scaleiq_actuation_duration_seconds_count 1\n"));
    check(&get(&agent, "/metrics").1);
}

/// The value of `expression`, once there is one.
fn value(server: &Server, expression: &str) -> f64 {
    let mut found = f64::NAN;
    until(|| {
        let answer = ask(server.port, expression);
        let value = answer["data"]["result"][0]["value"][1].as_str().map(str::to_owned);
        found = value.and_then(|value| value.parse().ok()).unwrap_or(f64::NAN);
        found.is_finite()
    });
    found
}

fn ask(port: u16, expression: &str) -> Value {
    let query: String = expression.bytes().map(|b| format!("%{b:02x}")).collect();
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let request = format!("GET /api/v1/query?query={query} HTTP/1.0\r\nHost: p\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    serde_json::from_str(body).unwrap_or(Value::Null)
}

#[test]
fn what_an_operator_asks_is_answered() {
    let agent = Agent::start(HOOK);
    // One by one: what counts is what came behind the first decision.
    for sample in samples().lines() {
        assert_eq!(post(&agent, "/ingest", sample).0, 200);
    }
    let target = agent.address;
    let started = Server::start("prometheus", "prometheus", move |command, place| {
        let config = format!(
            "global: {{scrape_interval: 1s}}\nscrape_configs:\n- job_name: scaleiq\n  static_configs:\n  - \
             targets: ['{target}']\n"
        );
        std::fs::write(place.folder.join("prometheus.yml"), config).unwrap();
        command.args(["--config.file=prometheus.yml", "--storage.tsdb.path=data"]);
        command.arg(format!("--web.listen-address=127.0.0.1:{}", place.port));
    });
    let Some(server) = started else { return };
    assert_eq!(value(&server, "up{job=\"scaleiq\"}"), 1.0);
    let sla = value(&server, "scaleiq_pool_sla_ratio{pool=\"real\"}");
    let late = value(&server, "scaleiq_pool_late_events_total / scaleiq_pool_events_total");
    assert!((0.0..=1.0).contains(&sla) && (0.0..=1.0).contains(&late), "{sla} {late}");
    let wait = "scaleiq_pool_wait_seconds{pool=\"real\", percentile=\"99\"}";
    assert!(value(&server, wait) >= 0.0);
    assert!(value(&server, "scaleiq_saving_ratio{against=\"hpa\"}") <= 1.0);
    assert!(value(&server, "scaleiq_actuator_failures_in_a_row > 0") >= 1.0);
    assert!(value(&server, "scaleiq_jobs_wanted <= scaleiq_jobs_max") >= 1.0);
    let slow = "histogram_quantile(0.99, scaleiq_decision_duration_seconds_bucket)";
    assert!(value(&server, slow) > 0.0);
    assert!(value(&server, "scaleiq_data_age_seconds") >= 0.0);
}
