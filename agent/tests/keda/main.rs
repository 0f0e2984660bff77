//! The agent as an external scaler of KEDA: asked by a client made from the public contract, with faults.
#![cfg(all(unix, feature = "grpc"))]

#[path = "../certificates/mod.rs"]
mod certificates;
mod client;
mod faults;
#[allow(dead_code)]
#[path = "../run/http.rs"]
mod http;
mod tls;

use client::Keda;
use http::{Agent, get, post};
use serde_json::{Value, json};
use std::time::{SystemTime, UNIX_EPOCH};
use tonic::Code;

const ACTIVE: &str = "listen: 127.0.0.1:0\nkeda: {listen: 127.0.0.1:0}\nmode: active\n";

/// A sample of 30 s that ends at `time`: so many events of 100 ms on `ready` jobs, which can do 300 of them
/// each.
fn sample(time: u64, arrivals: u64, ready: u64) -> String {
    let processed = arrivals.min(300 * ready);
    let sample = json!({
        "time": time, "interval_s": 30, "logged_events": arrivals, "processed_events": processed,
        "unprocessed_events": 20 * (arrivals - processed), "avg_processing_ms": 100,
        "jobs_ready": ready, "jobs_starting": 0
    });
    format!("{sample}\n")
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// Ten minutes of such samples that end now.
fn samples(arrivals: u64, ready: u64) -> String {
    (0..=20).map(|k| sample(now() - 30 * (20 - k), arrivals, ready)).collect()
}

fn decided(agent: &Agent) -> Value {
    serde_json::from_str(&post(agent, "/decide", "").1).unwrap()
}

#[test]
fn keda_is_told_the_jobs_and_by_what_to_scale() {
    let agent = Agent::start(ACTIVE);
    let keda = Keda::connect(&agent);
    let mut specs = keda.specs().unwrap();
    let told = keda.next(&mut specs).unwrap().unwrap().metric_specs;
    let [spec] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!(
        (&*spec.metric_name, spec.target_size, spec.target_size_float),
        ("scaleiq-jobs", 1, 1.0)
    );
    assert_eq!(keda.spec().unwrap(), told, "it equals what the stream told last");

    let (_, metrics) = get(&agent, "/metrics");
    for call in ["stream_metric_spec", "get_metric_spec"] {
        let counted = format!("scaleiq_keda_calls_total{{call=\"{call}\",result=\"answered\"}} 1");
        assert!(metrics.contains(&counted), "{metrics}");
    }

    // Nothing is known yet: the pool stays, and nothing goes to 0.
    assert!(keda.is_active().unwrap());
    let error = keda.jobs().unwrap_err();
    assert_eq!((error.code(), error.message()), (Code::Unavailable, "no sample has come yet"));
    let mut activity = keda.activity().unwrap();
    assert!(keda.next(&mut activity).unwrap().unwrap().result);

    assert_eq!(post(&agent, "/ingest", &samples(6000, 10)).0, 200);
    let jobs = keda.jobs().unwrap();
    assert!(jobs > 10.0, "{jobs}");
    assert_eq!(json!(jobs as u64), decided(&agent)["jobs"]);
    assert!(keda.is_active().unwrap());
    let error = keda.metrics("s0-scaleiq-jobs").unwrap_err();
    assert_eq!(error.code(), Code::InvalidArgument, "KEDA takes the prefix off: {error}");
}

#[test]
fn streams_end_with_the_agent_and_no_sooner() {
    let agent = Agent::start(ACTIVE);
    let keda = Keda::connect(&agent);
    let (mut activity, mut specs) = (keda.activity().unwrap(), keda.specs().unwrap());
    assert!(keda.next(&mut activity).unwrap().is_some());
    assert!(keda.next(&mut specs).unwrap().is_some());
    let (code, log) = agent.terminate();
    assert_eq!((code, log.contains("still open")), (Some(0), false), "{log}");
    assert!(
        keda.next(&mut activity).unwrap().is_none(),
        "an end, so that KEDA comes again at once"
    );
    assert!(keda.next(&mut specs).unwrap().is_none());
}

#[test]
fn nothing_runs_only_where_that_was_decided() {
    let zero = "jobs: {min: 0, max: 40}\nscale_down_window_s: 30\n";
    let agent = Agent::start(&format!("{ACTIVE}{zero}"));
    let keda = Keda::connect(&agent);
    let mut activity = keda.activity().unwrap();
    assert!(keda.next(&mut activity).unwrap().unwrap().result);
    assert_eq!(post(&agent, "/ingest", &samples(0, 1)).0, 200);
    assert_eq!(decided(&agent)["jobs"], 0);
    assert_eq!((keda.jobs().unwrap(), keda.is_active().unwrap()), (0.0, false));
    assert!(
        !keda.next(&mut activity).unwrap().unwrap().result,
        "told at once, without being asked"
    );
}

#[test]
fn a_trigger_names_one_of_several_workloads() {
    let workloads = "workloads:\n- {name: orders, mode: active, model: none}\n\
                     - {name: mails, mode: active, model: none}\n";
    let agent =
        Agent::start(&format!("listen: 127.0.0.1:0\nkeda: {{listen: 127.0.0.1:0}}\n{workloads}"));
    let keda = Keda::connect(&agent);
    let error = keda.jobs().unwrap_err();
    assert_eq!(error.code(), Code::InvalidArgument);
    assert!(error.message().contains("known are orders, mails"), "{error}");
    assert!(keda.is_active().unwrap() && keda.spec().unwrap().len() == 1);
    let mut mails = client::object();
    mails.scaler_metadata.insert("workload".into(), "mails".into());
    assert!(keda.is_active_for(mails).unwrap());
}

#[test]
fn in_shadow_mode_keda_changes_nothing() {
    let zero = "jobs: {min: 0, max: 40}\nscale_down_window_s: 30\n";
    let agent =
        Agent::start(&format!("listen: 127.0.0.1:0\nkeda: {{listen: 127.0.0.1:0}}\n{zero}"));
    let keda = Keda::connect(&agent);
    assert_eq!(post(&agent, "/ingest", &samples(0, 1)).0, 200);
    assert_eq!(decided(&agent)["jobs"], 0);
    let error = keda.jobs().unwrap_err();
    assert!(error.code() == Code::Unavailable && error.message().contains("shadow"), "{error}");
    assert!(keda.is_active().unwrap() && keda.spec().unwrap().len() == 1);
    assert_eq!(get(&agent, "/readyz").0, 200);
}
