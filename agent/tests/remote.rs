//! Actuators over HTTP, beside stand-ins that check what comes and fail as the real ones do.
#![cfg(all(unix, feature = "http"))]

#[path = "orders/mod.rs"]
mod orders;
#[path = "servers/mod.rs"]
mod servers;

use agent::actuate::actuator::{Outcome, Tools};
use agent::actuate::{Actuator, Order};
use agent::app::{Components, Config, WorkloadConfig};
use agent::observe::pool::PoolReading;
use agent::observe::probe::ProbeError;
use agent::platform::stop::Stop;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use orders::order;
use scaleiq_core::units::Jobs;
use serde_json::{Value, json};
use servers::{Asked, StandIn};
use sha2::Sha256;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};
use tokio::runtime::{Builder, Runtime};

/// An actuator of this section, and what it needs to run.
struct Rig {
    config: WorkloadConfig,
    actuator: Box<dyn Actuator>,
    runtime: Runtime,
}

impl Rig {
    fn new(section: &str) -> Self {
        let text = format!("actuator: {section}\n");
        let config = Config::parse(&text, Path::new(""), |_| None, &Components::default());
        let config = config.unwrap_or_else(|problems| panic!("{problems}"));
        let config = config.workload(None).unwrap();
        let report = Box::new(|order: &Order, _: &io::Result<()>| panic!("{order:?}"));
        let tools =
            Tools { secret: None, fewest: Jobs(0), stop: Stop::on_signal().unwrap(), report };
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let actuator = config.actuator.build(tools).unwrap();
        Self { config, actuator, runtime }
    }

    /// What comes of an order for so many jobs.
    fn apply(&mut self, jobs: u32) -> Result<Outcome, String> {
        let order = order(jobs);
        let done = self.runtime.block_on(self.actuator.apply(&order));
        done.map_err(|error| error.to_string())
    }

    fn pool(&self) -> Result<PoolReading, ProbeError> {
        let pool = self.config.pool.as_ref().unwrap();
        self.runtime.block_on(async { pool.probe().unwrap().read().await })
    }
}

/// Answers in turn; the last answer stays.
fn in_turn(statuses: &'static [u16]) -> impl FnMut(&Asked) -> (u16, String) {
    let mut left = statuses.iter();
    let mut status = 0;
    move |_| {
        status = left.next().copied().unwrap_or(status);
        (status, "busy".into())
    }
}

fn header<'a>(asked: &'a Asked, name: &str) -> &'a str {
    asked.headers[name].to_str().unwrap()
}

#[test]
fn a_webhook_is_signed_and_tried_again_under_the_same_name() {
    let receiver = StandIn::start(in_turn(&[503, 429, 200, 400]));
    let url = format!("http://127.0.0.1:{}/hook", receiver.port);
    let key = STANDARD.encode("a key of a test");
    let mut rig = Rig::new(&format!(
        "{{type: webhook, url: \"{url}\", signing_key: \"whsec_{key}\", headers: [\"X-Team: a\"]}}"
    ));
    assert_eq!(rig.apply(5), Ok(Outcome::Done));
    let asked = receiver.asked();
    assert_eq!(asked.len(), 3, "two were refused for now");
    for asked in &asked {
        assert_eq!((asked.method.as_str(), asked.path.as_str()), ("POST", "/hook"));
        assert_eq!(header(asked, "content-type"), "application/json");
        assert_eq!((header(asked, "idempotency-key"), header(asked, "x-team")), ("7-7000002", "a"));
        let told: Value = serde_json::from_slice(&asked.body).unwrap();
        assert_eq!(told["jobs"], 5);
        assert_eq!((&told["id"], &told["term"]), (&json!(7_000_002), &json!(7)));
        let mut mac = Hmac::<Sha256>::new_from_slice(b"a key of a test").unwrap();
        let (id, time) = (header(asked, "webhook-id"), header(asked, "webhook-timestamp"));
        mac.update(format!("{id}.{time}.").as_bytes());
        mac.update(&asked.body);
        let signature =
            STANDARD.decode(header(asked, "webhook-signature").strip_prefix("v1,").unwrap());
        assert!(mac.verify_slice(&signature.unwrap()).is_ok());
    }
    let refused = rig.apply(6).unwrap_err();
    assert!(refused.contains("400 Bad Request: busy"), "{refused}");
    assert_eq!(receiver.asked().len(), 4, "what is wrong is not tried again");
    drop(receiver);
    let gone = rig.apply(6).unwrap_err();
    assert!(gone.contains("Connection refused"), "{gone}");
}

#[test]
fn a_webhook_that_does_not_answer_is_given_up() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    let mut rig = Rig::new(&format!(
        "{{type: webhook, url: \"http://127.0.0.1:{port}\", timeout_s: 0.2, tries: 2}}"
    ));
    assert_eq!(rig.apply(5).unwrap_err(), "no answer within 0.2 s");
}

#[test]
fn the_count_of_a_group_of_nomad_is_set_once() {
    let state = Arc::new(Mutex::new((4, 3)));
    let kept = state.clone();
    let nomad = StandIn::start(move |asked| {
        let (desired, running) = &mut *kept.lock().unwrap();
        if asked.headers.get("authorization").is_none_or(|given| given != "Bearer right") {
            return (403, "Permission denied".into());
        }
        if asked.path != "/v1/job/web%2Fworker/scale?namespace=prod" {
            return (404, "job not found".into());
        }
        if asked.method == "GET" {
            let group =
                json!({"Desired": *desired, "Placed": 4, "Running": *running, "Healthy": 3});
            return (
                200,
                json!({"JobID": "web/worker", "TaskGroups": {"worker": group}}).to_string(),
            );
        }
        assert_eq!(
            (asked.method.as_str(), header(asked, "content-type")),
            ("POST", "application/json")
        );
        let told: Value = serde_json::from_slice(&asked.body).unwrap();
        assert_eq!(told["Target"], json!({"Group": "worker"}));
        assert!(told["Message"].as_str().unwrap().starts_with("ScaleIQ 7-7000002: "));
        *desired = told["Count"].as_u64().unwrap();
        (200, json!({"EvalID": "5e1f", "Index": 9}).to_string())
    });
    let rig = |fields: &str| {
        let url = format!("http://127.0.0.1:{}", nomad.port);
        Rig::new(&format!(
            "{{type: nomad, url: \"{url}\", job: web/worker, namespace: prod, {fields}}}"
        ))
    };
    let mut right = rig("group: worker, token: right");
    assert_eq!(right.pool(), Ok(PoolReading { ready: Jobs(3), starting: Jobs(1) }));
    assert_eq!(right.apply(6), Ok(Outcome::Done));
    assert_eq!(right.apply(6), Ok(Outcome::Done), "the same order changes nothing more");
    let posted = nomad.asked().iter().filter(|asked| asked.method == "POST").count();
    assert_eq!((posted, state.lock().unwrap().0), (1, 6));
    // Tasks that are stopped run for a while.
    *state.lock().unwrap() = (2, 6);
    assert_eq!(right.pool(), Ok(PoolReading { ready: Jobs(2), starting: Jobs(0) }));
    let wrong = rig("group: worker, token: wrong");
    assert_eq!(wrong.pool().unwrap_err().word(), "denied");
    let other = rig("group: other, token: right").apply(3).unwrap_err();
    assert_eq!(other, "the job web/worker has no group other");
}

/// A service as an engine tells it, with what an update must not lose.
fn service(version: u64, replicas: u64) -> Value {
    json!({
        "ID": "x1", "Version": {"Index": version},
        "Spec": {
            "Name": "worker", "Labels": {"team": "a"},
            "TaskTemplate": {"ContainerSpec": {"Image": "worker:7@sha256:0"}, "Resources":
                {"Limits": {"NanoCPUs": 9_007_199_254_740_993_u64}}},
            "Mode": {"Replicated": {"Replicas": replicas}}
        }
    })
}

#[test]
fn a_service_of_a_swarm_is_updated_whole_also_if_somebody_else_is_faster() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("docker.sock");
    // Version, replicas, and how often somebody else is faster.
    let state = Arc::new(Mutex::new((10, 4, 0)));
    let kept = state.clone();
    let engine = StandIn::start_at(&socket, move |asked| {
        let (version, replicas, faster) = &mut *kept.lock().unwrap();
        if asked.method == "GET" && asked.path == "/v1.41/services/worker" {
            let told = service(*version, *replicas).to_string();
            if *faster > 0 {
                (*version, *faster) = (*version + 1, *faster - 1);
            }
            return (200, told);
        }
        if asked.method == "GET" && asked.path.starts_with("/v1.41/services?status=true&filters=") {
            let name =
                ["worker", "other"].map(|name| format!("%7B%22name%22%3A%5B%22{name}%22%5D%7D"));
            assert!(name.iter().any(|name| asked.path.ends_with(name)), "{}", asked.path);
            let listed = |name: &str, running: u64| {
                json!({"Spec": {"Name": name},
                    "ServiceStatus": {"RunningTasks": running, "DesiredTasks": *replicas}})
            };
            return (200, json!([listed("worker-2", 1), listed("worker", 3)]).to_string());
        }
        assert_eq!(
            (asked.method.as_str(), header(asked, "content-type")),
            ("POST", "application/json")
        );
        if asked.path != format!("/v1.41/services/worker/update?version={version}") {
            let message = "rpc error: code = Unknown desc = update out of sequence";
            return (500, json!({"message": message}).to_string());
        }
        let spec: Value = serde_json::from_slice(&asked.body).unwrap();
        *replicas = spec.pointer("/Mode/Replicated/Replicas").unwrap().as_u64().unwrap();
        assert_eq!(spec, service(*version, *replicas)["Spec"], "all else is as it was");
        *version += 1;
        (200, json!({"Warnings": null}).to_string())
    });
    let url = format!("unix://{}", socket.display());
    let mut rig = Rig::new(&format!("{{type: swarm, url: \"{url}\", service: worker}}"));
    assert_eq!(rig.pool(), Ok(PoolReading { ready: Jobs(3), starting: Jobs(1) }));
    assert_eq!(rig.apply(6), Ok(Outcome::Done));
    assert_eq!(rig.apply(6), Ok(Outcome::Done));
    assert_eq!(*state.lock().unwrap(), (11, 6, 0), "the same order changes nothing more");
    state.lock().unwrap().2 = 2;
    assert_eq!(rig.apply(2), Ok(Outcome::Done));
    assert_eq!(*state.lock().unwrap(), (14, 2, 0));
    state.lock().unwrap().2 = 99;
    assert!(rig.apply(3).unwrap_err().contains("update out of sequence"));
    let mut other = Rig::new(&format!("{{type: swarm, url: \"{url}\", service: other}}"));
    assert_eq!(other.pool().unwrap_err().word(), "absent");
    drop(engine);
    assert!(other.apply(3).is_err());
}
