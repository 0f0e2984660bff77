//! A consumer group of Kafka as a source: against librdkafka's mock cluster, which real clients use, against
//! frames that it and tansu have answered, and behind TLS and a password.

mod faults;
mod frames;
mod mock;
mod recorded;
mod secured;
#[path = "../servers/mod.rs"]
mod servers;

use agent::app::{Components, Config};
use mock::Mock;
use servers::{Watched, events};
use std::path::Path;

/// A source of the group `workers` and the topic `orders`, which looks each second.
fn section(brokers: &[String], more: &str) -> String {
    format!(
        "{{type: kafka, brokers: {brokers:?}, group: workers, topics: [orders], every_s: 1{more}}}"
    )
}

fn watch(brokers: &[String], more: &str) -> Watched {
    Watched::start(&section(brokers, more))
}

/// A cluster with the topic `orders` of three partitions, in which the group has committed.
fn cluster(brokers: usize) -> Option<Mock> {
    let mut mock = Mock::start(brokers)?;
    mock.tell("create orders 3");
    for (partition, committed) in [(0, 4), (1, 10), (2, 7)] {
        mock.produce("orders", partition, 10);
        mock.commit("workers", "orders", partition, committed);
    }
    Some(mock)
}

#[test]
fn what_is_produced_has_arrived_what_is_committed_was_processed_and_the_rest_waits() {
    let Some(mut mock) = cluster(3) else { return };
    let source = watch(&mock.brokers, "");
    let told = source.wait_for_more(1);
    assert_eq!(events(&told), (0.0, 0.0, Some(9.0)));
    mock.produce("orders", 0, 30);
    mock.produce("orders", 2, 12);
    source.wait_for(|told| events(told) == (42.0, 0.0, Some(51.0)));
    mock.commit("workers", "orders", 0, 40);
    mock.commit("workers", "orders", 2, 20);
    source.wait_for(|told| events(told) == (42.0, 49.0, Some(2.0)));
    assert_eq!(source.failures("invalid"), 0);
}

#[test]
fn several_topics_are_one_queue() {
    let Some(mut mock) = cluster(2) else { return };
    mock.tell("create returns 2");
    mock.produce("returns", 1, 5);
    mock.commit("workers", "returns", 1, 2);
    let section = format!(
        "{{type: kafka, brokers: {:?}, group: workers, topics: [orders, returns], every_s: 1}}",
        mock.brokers
    );
    let source = Watched::start(&section);
    source.wait_for(|told| events(told) == (0.0, 0.0, Some(12.0)));
    mock.produce("returns", 0, 4);
    mock.commit("workers", "returns", 0, 1);
    source.wait_for(|told| events(told) == (4.0, 1.0, Some(15.0)));
}

#[test]
fn a_partition_without_a_commit_makes_the_backlog_missing_unless_its_beginning_is_told() {
    let Some(mut mock) = Mock::start(1) else { return };
    mock.tell("create orders 3");
    // The third one is empty: nothing waits there, commit or not.
    mock.produce("orders", 0, 10);
    mock.produce("orders", 1, 10);
    mock.commit("workers", "orders", 0, 8);
    let unknown = watch(&mock.brokers, "");
    let told = unknown.wait_for_more(1);
    assert_eq!(events(&told), (0.0, 0.0, None));
    let known = watch(&mock.brokers, ", auto_offset_reset: earliest");
    let told = known.wait_for_more(1);
    assert_eq!(events(&told), (0.0, 0.0, Some(12.0)));
    mock.commit("workers", "orders", 1, 10);
    unknown.wait_for(|told| events(told).2 == Some(2.0));
    known.wait_for(|told| events(told) == (0.0, 10.0, Some(2.0)));
}

/// A configuration, or what is wrong with it.
fn read(settings: &str) -> Result<Config, String> {
    let text = format!("source: {{type: kafka, group: workers, {settings}}}\n");
    let read = Config::parse(&text, Path::new("c.yaml"), |_| None, &Components::default());
    read.map_err(|problems| problems.to_string())
}

#[test]
fn settings_that_cannot_be_used_are_named_and_what_may_not_be_meant_is_noted() {
    for (settings, words) in [
        ("brokers: [kafka-1], topics: [orders]", "`kafka-1`, which lacks its port: kafka-1:9092"),
        ("brokers: [\"kafka-1:9092\"], topics: []", "`source.topics` is empty"),
        ("brokers: [\"kafka-1:9092\"], topics: orders", "a list is needed"),
        ("brokers: [\"kafka-1:9092\"], topics: [orders], sasl: {mechanism: plain}", "PLAIN"),
    ] {
        let problems = read(settings).unwrap_err();
        assert!(problems.contains(words), "{problems}");
    }
    let login = "sasl: {mechanism: PLAIN, username: me, password: hush}";
    let seen = format!("brokers: [\"kafka-1:9092\"], topics: [orders], {login}");
    let note = |settings: &str| read(settings).unwrap().workloads.remove(0).source.note();
    assert!(note(&seen).unwrap().contains("`tls` would hide it"));
    assert_eq!(note(&format!("{seen}, tls: {{}}")), None);
}
