//! A NATS JetStream consumer as a source, beside a real server.
#![cfg(all(unix, feature = "nats"))]

mod broker;
mod outage;
#[path = "../servers/mod.rs"]
mod servers;

use agent::observe::WarningKind;
use broker::Broker;
use serde_json::json;
use servers::{Watched, events};

#[test]
fn what_arrives_is_taken_and_is_finished_becomes_samples() {
    let Some(broker) = Broker::start() else { return };
    broker.publish("orders.eu", 7);
    let watched = Watched::start(&broker.section(""));
    watched.wait_until_running();
    broker.publish("orders.eu", 30);
    let taken = broker.take(15);
    let (done, held) = taken.split_at(10);
    broker.answer(done.to_vec(), "+ACK");
    // The seven that were there before have not arrived, and wait all the same.
    let told = watched.wait_for(|told| events(told) == (30.0, 10.0, Some(27.0)));
    assert!(told.iter().flat_map(|told| &told.warnings).all(|w| w.kind == WarningKind::Derived));
    // What is delivered again has neither arrived again nor been finished.
    broker.answer(held.to_vec(), "-NAK");
    broker.answer(broker.take(3), "+ACK");
    watched.wait_for(|told| events(told) == (30.0, 13.0, Some(24.0)));
}

#[test]
fn of_a_part_of_a_stream_what_arrives_follows_from_what_is_finished() {
    let Some(broker) = Broker::start() else { return };
    broker.api("CONSUMER.DELETE.ORDERS.workers", &json!({}));
    broker.make_consumer(json!({"filter_subject": "orders.eu"}));
    let watched = Watched::start(&broker.section(""));
    watched.wait_until_running();
    broker.publish("orders.us", 50);
    broker.publish("orders.eu", 12);
    broker.answer(broker.take(4), "+ACK");
    watched.wait_for(|told| events(told) == (12.0, 4.0, Some(8.0)));
}

#[test]
fn a_consumer_without_acknowledgements_has_finished_what_was_delivered() {
    let Some(broker) = Broker::start() else { return };
    broker.api("CONSUMER.DELETE.ORDERS.workers", &json!({}));
    broker.make_consumer(json!({"ack_policy": "none"}));
    let watched = Watched::start(&broker.section(""));
    watched.wait_until_running();
    broker.publish("orders.eu", 12);
    broker.take(5);
    watched.wait_for(|told| events(told) == (12.0, 5.0, Some(7.0)));
}

#[test]
fn a_stream_that_is_made_anew_begins_at_0_and_one_that_is_purged_has_nothing_waiting() {
    let Some(broker) = Broker::start() else { return };
    broker.publish("orders.eu", 200);
    let watched = Watched::start(&broker.section(""));
    watched.wait_until_running();
    broker.api("STREAM.PURGE.ORDERS", &json!({}));
    let told = watched.wait_for(|told| events(told).2 == Some(0.0));
    assert_eq!(events(&told).0, 0.0);
    broker.delete_stream();
    watched.wait_until_waiting("check `stream`");
    broker.make_stream();
    watched.wait_until_waiting("check `consumer`");
    assert!(watched.failures("absent") > 0);
    broker.make_consumer(json!({}));
    broker.publish("orders.eu", 20);
    let told = watched.wait_for(|told| events(told).2 == Some(20.0));
    assert_eq!(events(&told).0, 20.0);
    let warnings = told.iter().flat_map(|told| &told.warnings);
    assert!(warnings.into_iter().any(|warning| warning.kind == WarningKind::Reset));
}
