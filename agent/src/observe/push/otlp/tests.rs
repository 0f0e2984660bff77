//! Pushes into readings, by the moment.

use super::contract::{
    AnyValue, ExportMetricsServiceRequest, Gauge, Histogram, HistogramDataPoint, KeyValue, Metric,
    NumberDataPoint, Resource, ResourceMetrics, ScopeMetrics, Sum, any_value, metric,
    number_data_point,
};
use super::gather::Gatherer;
use super::mapping::Mapping;
use crate::config;
use crate::observe::queue::{Amount, QueueReading};
use std::path::Path;
use std::time::{Duration, Instant};

const DELTA: i32 = 1;
const TOTAL: i32 = 2;

struct Rig {
    gatherer: Gatherer,
    begin: Instant,
}

impl Rig {
    fn new(settings: &str) -> Self {
        let fields = |f: &mut config::Fields<'_>| Some(Mapping::fields(f));
        let mapping = config::read(settings, Path::new(""), |_| None, fields).unwrap();
        let begin = Instant::now();
        Self { gatherer: Gatherer::new(mapping, true, begin), begin }
    }

    fn at(&self, second: u64) -> Instant {
        self.begin + Duration::from_secs(second)
    }

    /// What `exporter` pushes `second` seconds after the beginning.
    fn push(&mut self, exporter: &str, second: u64, metrics: Vec<Metric>) -> usize {
        let resource = Resource { attributes: vec![attribute("service.instance.id", exporter)] };
        let told = ResourceMetrics {
            resource: Some(resource),
            scope_metrics: vec![ScopeMetrics { metrics }],
        };
        let request = ExportMetricsServiceRequest { resource_metrics: vec![told] };
        let now = self.at(second);
        self.gatherer.take(&request, now)
    }

    fn reading(&mut self, second: u64) -> Option<QueueReading> {
        let now = self.at(second);
        self.gatherer.reading(now)
    }
}

fn attribute(key: &str, value: &str) -> KeyValue {
    let value = AnyValue { value: Some(any_value::Value::StringValue(value.into())) };
    KeyValue { key: key.into(), value: Some(value) }
}

fn point(value: i64, (start, end): (u64, u64), of: &str) -> NumberDataPoint {
    NumberDataPoint {
        start_time_unix_nano: start * 1_000_000_000,
        time_unix_nano: end * 1_000_000_000,
        attributes: vec![attribute("messaging.destination.name", of)],
        flags: 0,
        value: Some(number_data_point::Value::AsInt(value)),
    }
}

fn counter(name: &str, form: i32, data_points: Vec<NumberDataPoint>) -> Metric {
    let sum = Sum { data_points, aggregation_temporality: form, is_monotonic: true };
    Metric { name: name.into(), unit: String::new(), data: Some(metric::Data::Sum(sum)) }
}

fn sent(value: i64, times: (u64, u64)) -> Vec<Metric> {
    vec![counter("messaging.client.sent.messages", TOTAL, vec![point(value, times, "orders")])]
}

fn lag(values: &[(i64, &str)]) -> Vec<Metric> {
    let data_points = values.iter().map(|(value, of)| point(*value, (0, 1), of)).collect();
    let data = Some(metric::Data::Gauge(Gauge { data_points }));
    vec![Metric { name: "kafka.consumer_group.lag".into(), unit: String::new(), data }]
}

fn durations(count: u64, sum: f64, times: (u64, u64)) -> Vec<Metric> {
    let point = HistogramDataPoint {
        start_time_unix_nano: times.0 * 1_000_000_000,
        time_unix_nano: times.1 * 1_000_000_000,
        count,
        sum: Some(sum),
        attributes: Vec::new(),
        flags: 0,
    };
    let histogram = Histogram { data_points: vec![point], aggregation_temporality: TOTAL };
    let data = Some(metric::Data::Histogram(histogram));
    vec![Metric { name: "messaging.process.duration".into(), unit: "s".into(), data }]
}

#[test]
fn shares_of_all_exporters_are_summed_once_all_have_spoken() {
    let mut rig = Rig::new("");
    // Both count since long ago: what they show first is where they begin.
    rig.push("a", 1, sent(1000, (1, 5001)));
    rig.push("b", 2, sent(500, (1, 5002)));
    assert_eq!(rig.reading(3).unwrap().arrived, Amount::Total(0.0));
    rig.push("a", 61, sent(1030, (1, 5061)));
    assert_eq!(rig.reading(62), None, "the other one is waited for");
    rig.push("b", 62, sent(520, (1, 5062)));
    assert_eq!(rig.reading(63).unwrap().arrived, Amount::Total(50.0));
    // It is told again, as after an answer that was lost.
    rig.push("b", 64, sent(520, (1, 5062)));
    rig.push("a", 121, sent(1031, (1, 5121)));
    assert_eq!(rig.reading(122).unwrap().arrived, Amount::Total(51.0));
}

#[test]
fn an_exporter_whose_clock_is_off_or_is_set_back_is_counted_on() {
    let delta = |value, end| {
        let points = vec![point(value, (end - 60, end), "orders")];
        vec![counter("messaging.client.sent.messages", DELTA, points)]
    };
    for form in [TOTAL, DELTA] {
        let mut rig = Rig::new("");
        let mut push = |second: u64, total: i64, came: i64, end: u64| {
            let told = if form == TOTAL { sent(total, (1, end)) } else { delta(came, end) };
            rig.push("a", second, told);
            rig.reading(second).unwrap().arrived
        };
        // Five minutes ahead of ours, and then right.
        let before = push(61, 1000, 0, 5361);
        let Amount::Total(before) = before else { panic!("{before:?}") };
        assert_eq!(push(121, 1030, 30, 5421), Amount::Total(before + 30.0));
        assert_eq!(push(181, 1070, 40, 5181), Amount::Total(before + 70.0));
        assert_eq!(push(241, 1070, 0, 5241), Amount::Total(before + 70.0));
        assert_eq!(push(301, 1090, 20, 5301), Amount::Total(before + 90.0));
    }
}

#[test]
fn a_producer_that_falls_silent_is_waited_for_and_a_worker_is_not() {
    let mut rig = Rig::new("");
    let push = |rig: &mut Rig, second: u64, producer: bool, workers: &[&str]| {
        let times = (1, 5000 + second);
        if producer {
            rig.push("producer", second, sent(second as i64, times));
        }
        for worker in workers {
            rig.push(worker, second, durations(second, second as f64 / 4.0, times));
        }
    };
    push(&mut rig, 10, true, &["w1", "w2"]);
    push(&mut rig, 70, true, &["w1", "w2"]);
    let reading = rig.reading(70).unwrap();
    assert_eq!((reading.arrived, reading.processed), (Amount::Total(60.0), Amount::Total(120.0)));
    assert_eq!((reading.work_ms, reading.jobs_ready), (Some(250.0), Some(2.0)));
    push(&mut rig, 130, true, &["w1"]);
    assert_eq!(rig.reading(131), None, "the second worker may be late");
    push(&mut rig, 190, true, &["w1"]);
    let reading = rig.reading(190).unwrap();
    assert_eq!((reading.processed, reading.jobs_ready), (Amount::Total(240.0), Some(1.0)));
    push(&mut rig, 250, false, &["w1"]);
    push(&mut rig, 310, false, &["w1"]);
    assert_eq!(rig.reading(311), None, "without the producer less would seem to come");
    push(&mut rig, 450, false, &["w1"]);
    assert_eq!(rig.reading(450).unwrap().arrived, Amount::Unknown, "it has left");
}

#[test]
fn a_start_that_is_later_and_a_total_that_is_smaller_have_begun_anew() {
    let mut rig = Rig::new("");
    rig.push("a", 10, sent(100, (1, 1010)));
    assert_eq!(rig.reading(11).unwrap().arrived, Amount::Total(0.0));
    // The process was started again 20 s ago, and has counted more since than before.
    rig.push("a", 70, sent(130, (1050, 1070)));
    assert_eq!(rig.reading(71).unwrap().arrived, Amount::Total(130.0));
    // Without a start it shows by the total.
    rig.push("b", 72, sent(50, (0, 1072)));
    rig.push("b", 130, sent(7, (0, 1130)));
    rig.push("a", 131, sent(130, (1050, 1131)));
    assert_eq!(rig.reading(132).unwrap().arrived, Amount::Total(137.0));
}

#[test]
fn two_processes_that_call_themselves_the_same_are_counted_both() {
    let mut rig = Rig::new("");
    for second in [10, 70, 130] {
        rig.push("worker", second, sent(10 * second as i64, (1, 1000 + second)));
        rig.push("worker", second + 1, sent(second as i64, (2, 1001 + second)));
    }
    assert_eq!(rig.reading(132).unwrap().arrived, Amount::Total(1200.0 + 120.0));
}

#[test]
fn a_new_worker_is_news_and_an_old_one_that_is_met_is_not() {
    let mut rig = Rig::new("");
    rig.push("old", 100, durations(9000, 900.0, (1, 90_100)));
    rig.push("new", 100, durations(30, 3.0, (90_080, 90_100)));
    assert_eq!(rig.reading(101).unwrap().processed, Amount::Total(30.0));
}

#[test]
fn differences_are_counted_once_and_levels_are_summed() {
    let mut rig = Rig::new("");
    let delta = |value, times| {
        let points = vec![point(value, times, "orders")];
        vec![counter("messaging.client.sent.messages", DELTA, points)]
    };
    rig.push("a", 10, delta(5, (1000, 1010)));
    rig.push("a", 11, delta(5, (1000, 1010)));
    rig.push("collector", 12, lag(&[(30, "p0"), (40, "p1")]));
    let reading = rig.reading(13).unwrap();
    assert_eq!((reading.arrived, reading.waiting), (Amount::Total(5.0), Some(70.0)));
    rig.push("a", 20, delta(6, (1010, 1020)));
    rig.push("collector", 21, lag(&[(30, "p0")]));
    let reading = rig.reading(22).unwrap();
    assert_eq!((reading.arrived, reading.waiting), (Amount::Total(11.0), None), "p1 is lacking");
    rig.push("a", 30, delta(0, (1020, 1030)));
    rig.push("collector", 31, lag(&[(31, "p0")]));
    assert_eq!(rig.reading(32).unwrap().waiting, Some(31.0), "and then it is gone");
}

#[test]
fn what_is_of_another_workload_or_no_number_is_left_out() {
    let mut rig = Rig::new("only: [messaging.destination.name=orders]");
    let both = |orders, mails| {
        let points = vec![point(orders, (1, 1000), "orders"), point(mails, (1, 1000), "mails")];
        vec![counter("messaging.client.sent.messages", DELTA, points)]
    };
    rig.push("a", 10, both(5, 100));
    assert_eq!(rig.reading(11).unwrap().arrived, Amount::Total(5.0));
    let mut flagged = point(7, (1000, 1001), "orders");
    flagged.flags = 1;
    let mut endless = point(7, (1000, 1002), "orders");
    endless.value = Some(number_data_point::Value::AsDouble(f64::INFINITY));
    let bad = vec![counter("messaging.client.sent.messages", DELTA, vec![flagged, endless])];
    rig.push("a", 20, bad);
    assert_eq!(rig.reading(21).unwrap().arrived, Amount::Total(5.0));
    let unknown = vec![counter("http.server.requests", TOTAL, vec![point(1, (1, 2), "x")])];
    rig.push("somebody", 25, unknown);
    rig.push("a", 30, both(1, 1));
    assert!(rig.reading(31).is_some(), "who tells nothing of events is not waited for");
}

#[test]
fn the_first_name_counts_and_not_the_second_beside_it() {
    let mut rig = Rig::new("");
    let consumed = |value| {
        counter(
            "messaging.client.consumed.messages",
            DELTA,
            vec![point(value, (1, 1000), "orders")],
        )
    };
    let mut metrics = durations(10, 1.0, (1000, 1010));
    metrics.insert(0, consumed(10));
    rig.push("a", 10, metrics);
    assert_eq!(rig.reading(11).unwrap().processed, Amount::Total(10.0));
}

#[test]
fn room_is_bounded_and_what_does_not_fit_is_told() {
    let mut rig = Rig::new("");
    let names: Vec<String> = (0..3000).map(|k| format!("queue-{k}")).collect();
    let points = names.iter().map(|name| point(1, (1, 1000), name)).collect();
    let many = vec![counter("messaging.client.sent.messages", DELTA, points)];
    assert_eq!(rig.push("a", 10, many), 3000 - 1024);
    let refused: usize = (0..600).map(|k| rig.push(&k.to_string(), 11, sent(1, (1, 2)))).sum();
    assert_eq!(refused, 600 - 511);
}
