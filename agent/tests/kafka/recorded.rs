//! What two brokers have answered to real clients and the agent: it needs neither of them.
//!
//! Written anew by `SCALEIQ_REWRITE=1 cargo test -p agent --test kafka recorded`, with confluent-kafka
//! installed and `tansu` (`cargo install tansu --no-default-features --features dynostore`) in `PATH`.

use super::frames::{Frames, Recorder};
use super::mock::Mock;
use super::secured::Door;
use super::servers::http::{Agent, get, until};
use super::servers::{Server, events};
use super::watch;
use std::sync::{Arc, Mutex};

/// What happened while it was recorded: 9 events waited, 42 came, and 49 were finished.
const SEEN: (f32, f32, Option<f32>) = (42.0, 49.0, Some(2.0));

/// Has a source look at a recorded broker while things happen, and writes the frames down.
fn record(name: &str, about: &str, recorder: &Recorder, clients: &mut Mock) {
    clients.tell("create orders 3");
    for (partition, committed) in [(0, 4), (1, 10), (2, 7)] {
        clients.produce("orders", partition, 10);
        clients.commit("workers", "orders", partition, committed);
    }
    let source = watch(&[recorder.address.to_string()], "");
    source.wait_for(|told| events(told) == (0.0, 0.0, Some(9.0)));
    clients.produce("orders", 0, 30);
    clients.produce("orders", 2, 12);
    source.wait_for(|told| events(told).0 == SEEN.0);
    clients.commit("workers", "orders", 0, 40);
    clients.commit("workers", "orders", 2, 20);
    source.wait_for(|told| events(told) == SEEN);
    recorder.frames().write(name, about);
}

fn play(name: &str) {
    let source = watch(&[Frames::read(name).play(Door::default())], "");
    source.wait_for(|told| events(told) == SEEN);
    assert!(source.failures("invalid") + source.failures("unreachable") == 0);
}

#[test]
fn librdkafka_answers_as_it_did() {
    if std::env::var_os("SCALEIQ_REWRITE").is_some() {
        let mut clients = Mock::start(1).unwrap();
        let broker = Arc::new(Mutex::new(clients.brokers[0].clone()));
        let recorder = Recorder::start(broker);
        let port = recorder.address.port();
        clients.tell(&format!("broker_set_host_port 1 127.0.0.1 {port}"));
        record("librdkafka", "the mock cluster of librdkafka 2.16", &recorder, &mut clients);
    }
    play("librdkafka");
}

#[test]
fn tansu_answers_as_it_did() {
    if std::env::var_os("SCALEIQ_REWRITE").is_some() {
        let broker = Arc::new(Mutex::new(String::new()));
        let recorder = Recorder::start(broker.clone());
        let advertised = recorder.address;
        let tansu = Server::start("tansu", "none: cargo install tansu", move |command, place| {
            command.args(["broker", "--listener-url", &format!("tcp://127.0.0.1:{}", place.port)]);
            command.args(["--advertised-listener-url", &format!("tcp://{advertised}")]);
        });
        let tansu = tansu.unwrap();
        *broker.lock().unwrap() = format!("127.0.0.1:{}", tansu.port);
        let mut clients = Mock::beside(&advertised.to_string()).unwrap();
        record("tansu", "tansu 0.6.0", &recorder, &mut clients);
    }
    play("tansu");
}

#[test]
fn an_agent_beside_a_broker_is_ready_and_knows_the_backlog() {
    let broker = Frames::read("librdkafka").play(Door::default());
    let source =
        format!("{{type: kafka, brokers: [\"{broker}\"], group: workers, topics: [orders]");
    let agent = Agent::start(&format!("source: {source}, every_s: 1}}\n"));
    until(|| get(&agent, "/metrics").1.contains("scaleiq_backlog_events 2.0\n"));
    assert_eq!(get(&agent, "/readyz").0, 200);
}
