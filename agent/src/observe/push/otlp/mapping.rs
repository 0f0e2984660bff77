//! Which metric tells what, by its name.

use super::contract::{AnyValue, KeyValue, any_value};
use crate::config::{Fields, Given, List, Parsed, Text};

/// Most names of one role, and most conditions.
const MAX: usize = 16;

/// What a metric tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Role {
    /// Events that arrive.
    Arrived,
    /// Events that are finished.
    Processed,
    /// Events that are in the system.
    Waiting,
    /// Work of events, in seconds.
    Work,
}

impl Role {
    /// All of them.
    pub(super) const ALL: [Self; 4] = [Self::Arrived, Self::Processed, Self::Waiting, Self::Work];
}

/// Which metric tells what.
#[derive(Clone, Debug)]
pub(super) struct Mapping {
    /// Names of each role. Of what one exporter sends, the first counts alone.
    names: [Vec<String>; Role::ALL.len()],
    /// Attributes, and the values that they have to have where there are any.
    only: Vec<(String, String)>,
}

impl Mapping {
    /// Its fields. By default they are OpenTelemetry's names, and those of the collector's receivers.
    pub(super) fn fields(f: &mut Fields<'_>) -> Self {
        let mut names = |name, about, default: &[&str]| {
            let given = f.optional(name, about, List { of: Text, max: MAX });
            let given = given.map(|given| given.value.into_iter().map(|name| name.value).collect());
            given.unwrap_or_else(|| default.iter().map(|name| (*name).to_owned()).collect())
        };
        let arrived = names(
            "arrived",
            "counters of events that arrive; of what one exporter sends the first counts",
            &["messaging.client.sent.messages"],
        );
        let processed = names(
            "processed",
            "counters, or histograms, of events that are finished",
            &["messaging.process.duration", "messaging.client.consumed.messages"],
        );
        let waiting = names(
            "waiting",
            "gauges of events that wait or are worked on",
            &[
                "kafka.consumer_group.lag_sum",
                "kafka.consumer_group.lag",
                "rabbitmq.message.current",
            ],
        );
        let work = names(
            "work",
            "histograms of the seconds of work on an event",
            &["messaging.process.duration"],
        );
        let about = "attributes of this workload, as `messaging.destination.name=orders`: what says \
                     otherwise is left out";
        let only = f.optional("only", about, List { of: Parsed(condition), max: MAX });
        let only = only.map_or_else(Vec::new, |given| given.value);
        Self {
            names: [arrived, processed, waiting, work],
            only: only.into_iter().map(|Given { value, .. }| value).collect(),
        }
    }

    /// Returns the roles of the metric `name`, with its place among the names of each.
    pub(super) fn roles(&self, name: &str) -> impl Iterator<Item = (Role, usize)> {
        let place = |names: &Vec<String>| names.iter().position(|known| known == name);
        let places = self.names.each_ref().map(place);
        Role::ALL.into_iter().zip(places).filter_map(|(role, place)| Some((role, place?)))
    }

    /// Whether nothing in `attributes` says that they are of another workload.
    pub(super) fn is_ours(&self, attributes: &[KeyValue]) -> bool {
        self.only.iter().all(|(key, value)| {
            attributes.iter().filter(|told| told.key == *key).all(|told| text(told) == *value)
        })
    }
}

/// The value of an attribute as a text.
pub(super) fn text(attribute: &KeyValue) -> String {
    use any_value::Value;
    match &attribute.value {
        Some(AnyValue { value: Some(Value::StringValue(text)) }) => text.clone(),
        Some(AnyValue { value: Some(Value::BoolValue(value)) }) => value.to_string(),
        Some(AnyValue { value: Some(Value::IntValue(value)) }) => value.to_string(),
        Some(AnyValue { value: Some(Value::DoubleValue(value)) }) => value.to_string(),
        _ => String::new(),
    }
}

fn condition(text: &str) -> Result<(String, String), String> {
    let parts = text.split_once('=').filter(|(key, _)| !key.is_empty());
    let parts = parts.map(|(key, value)| (key.to_owned(), value.to_owned()));
    parts.ok_or_else(|| "is no `attribute=value`".into())
}
