//! `source: {type: keda}` beside an operator that is played from the public contract.
#![cfg(all(unix, feature = "grpc"))]

mod operator;
#[path = "../servers/mod.rs"]
mod servers;

use operator::Operator;
use scaleiq_core::sample::Reading;
use servers::authority::{Authority, Identity};
use servers::http::until;
use servers::{Act, Watched, free_port, holds_while_blind};
use std::fs;
use std::path::Path;
use tempfile::TempDir;

/// Certificates of both, and where they are.
struct Files {
    folder: TempDir,
    authority: Authority,
    operator: Identity,
    port: u16,
}

impl Files {
    fn new() -> Self {
        let (folder, authority) = (tempfile::tempdir().unwrap(), Authority::new());
        fs::write(folder.path().join("ca.pem"), &authority.pem).unwrap();
        authority.issue("scaleiq").write(folder.path());
        let operator = authority.issue("keda-operator.keda.svc");
        Self { folder, authority, operator, port: free_port() }
    }

    fn operator(&self) -> Operator {
        Operator::start(self.port, &self.operator, &self.authority)
    }

    fn source(&self, more: &str) -> String {
        let file = |name: &str| Path::join(self.folder.path(), name).display().to_string();
        let (ca, cert, key) = (file("ca.pem"), file("cert.pem"), file("key.pem"));
        format!(
            "{{type: keda, url: \"https://127.0.0.1:{}\", namespace: jobs, scaled_object: worker, \
             waiting: lag, arrived_per_s: rate, every_s: 1, ca_file: {ca}, cert_file: {cert}, \
             key_file: {key}, server_name: keda-operator.keda.svc, {more}}}",
            self.port
        )
    }
}

#[test]
fn what_scalers_measure_becomes_samples() {
    let files = Files::new();
    let operator = files.operator();
    let source = Watched::start(&files.source(""));
    operator.wait_for_subscriber(&["lag", "rate"]);
    source.wait_until_waiting("no value of lag, rate");
    operator.send("lag", 120.0, 1000);
    operator.send("rate", 40.0, 1000);
    let told = source.wait_for_more(2);
    let sample = &told.last().unwrap().sample;
    assert_eq!(sample.backlog_events, Reading::Known(120.0));
    let arrived = sample.arrivals_events.known().unwrap() / sample.interval_s as f32;
    assert!((20.0..=80.0).contains(&arrived), "{sample:?}");
    // A value that is none costs its field, and is no 0.
    operator.send("lag", f64::NAN, 1010);
    source.wait_for(|told| told.last().unwrap().sample.backlog_events == Reading::Missing);
    operator.send("lag", 0.0, 1020);
    source.wait_for(|told| told.last().unwrap().sample.backlog_events == Reading::Known(0.0));
}

#[test]
fn values_grow_old_and_who_was_forgotten_subscribes_again() {
    let files = Files::new();
    let operator = files.operator();
    let source = Watched::start(&files.source("fresh_s: 2"));
    operator.wait_for_subscriber(&["lag", "rate"]);
    operator.send("lag", 7.0, 1000);
    source.wait_for_more(1);
    operator.forget();
    // The same again, from a cache: it keeps nothing fresh.
    source.wait_until_waiting("within 2 s");
    let before = source.told().len();
    operator.wait_for_subscriber(&["lag", "rate"]);
    until(|| {
        operator.send("lag", 9.0, 1000 + source.told().len() as i64);
        source.told().len() > before + 1
    });
    let sample = source.told().last().unwrap().sample;
    assert_eq!(sample.backlog_events, Reading::Known(9.0));
    assert_eq!(sample.arrivals_events, Reading::Missing, "nothing is known of them");
}

#[test]
fn an_operator_that_goes_is_waited_for_and_no_sample_is_made_meanwhile() {
    let files = Files::new();
    let source = Watched::start(&files.source(""));
    source.wait_until_waiting("refused");
    assert!(source.told().is_empty() && source.failures("unreachable") > 0);
    let operator = files.operator();
    operator.wait_for_subscriber(&["lag", "rate"]);
    operator.send("lag", 7.0, 1000);
    source.wait_for_more(2);
    operator.end_streams();
    source.wait_until_waiting("ended the stream");
    operator.wait_for_subscriber(&["lag", "rate"]);
    operator.send("lag", 8.0, 1001);
    source.wait_for(|told| told.last().unwrap().sample.backlog_events == Reading::Known(8.0));
    drop(operator);
    source.wait_until_waiting("KEDA's metrics");
    let operator = files.operator();
    operator.wait_for_subscriber(&["lag", "rate"]);
    operator.send("lag", 9.0, 1002);
    source.wait_for(|told| told.last().unwrap().sample.backlog_events == Reading::Known(9.0));
}

#[test]
fn nothing_scales_down_while_nothing_is_known() {
    let files = Files::new();
    let operator = files.operator();
    let mut second = 1000;
    holds_while_blind(&files.source("fresh_s: 2"), |act| match act {
        Act::Live => {
            second += 1;
            operator.send("lag", 7.0, second);
            operator.send("rate", 40.0, second);
        }
        // What a scaler of KEDA cannot measure is not sent.
        Act::Go => {}
        // Its clock was set back meanwhile.
        Act::Return => second -= 300,
    });
}

#[test]
fn whoever_is_not_trusted_is_told_apart() {
    let files = Files::new();
    let operator = files.operator();
    // The agent comes with a certificate of somebody else.
    Authority::new().issue("scaleiq").write(files.folder.path());
    let source = Watched::start(&files.source(""));
    source.wait_until_waiting("`cert_file`");
    assert!(source.told().is_empty());
    // And once it has a right one, it goes on by itself.
    files.authority.issue("scaleiq").write(files.folder.path());
    operator.wait_for_subscriber(&["lag", "rate"]);
    // An operator that the agent does not trust.
    fs::write(files.folder.path().join("ca.pem"), &Authority::new().pem).unwrap();
    let source = Watched::start(&files.source(""));
    source.wait_until_waiting("check `ca_file`");
    assert!(source.failures("denied") > 0);
    assert!(source.told().is_empty());
}
