//! What the numbers of a consumer and its stream mean.

use crate::observe::probe::ProbeError;
use crate::observe::queue::rising::Rising;
use crate::observe::queue::{Amount, QueueReading};
use async_nats::jetstream::consumer::{self, AckPolicy};
use async_nats::jetstream::stream::{self, ClusterInfo};

/// Makes readings of what leaders tell; remembers the totals.
#[derive(Default)]
pub(super) struct Reader {
    arrived: Since,
    finished: Since,
}

impl Reader {
    /// Returns what a stream and its consumer tell, which were asked at the same time.
    ///
    /// What waits is `num_pending`, what a worker has is `num_ack_pending`: also what is to be delivered again.
    ///
    /// A consumer of all of its stream gets each message of it: the stream's last sequence is the total that
    /// arrived, and what was finished follows from it and the backlog, so that a message counts once however
    /// often it is delivered. What a stream drops by its limits, or is purged, counts as finished.
    ///
    /// Of a part of a stream nobody counts what arrives. What is counted are deliveries that came to an end,
    /// by an acknowledgement or by another delivery: one that is delivered twice counts twice, as work that
    /// was done and as an arrival of more of it.
    ///
    /// # Errors
    /// If the numbers are not those of a leader.
    pub(super) fn read(
        &mut self,
        stream: &stream::Info,
        consumer: &consumer::Info,
    ) -> Result<QueueReading, ProbeError> {
        for (cluster, what) in [(&stream.cluster, "stream"), (&consumer.cluster, "consumer")] {
            if !cluster.as_ref().is_none_or(is_led) {
                let why = format!("the {what} has no leader that most of its replicas follow");
                return Err(ProbeError::Unreachable(why));
            }
        }
        let arrived = stream.state.last_sequence as f64;
        let in_progress = consumer.num_ack_pending as f64;
        let finished = consumer.delivered.consumer_sequence as f64 - in_progress;
        let arrived = self.arrived.total(arrived, stream.created.unix_timestamp_nanos());
        let finished = self.finished.total(finished, consumer.created.unix_timestamp_nanos());
        let gets_all = gets_all(stream, consumer);
        Ok(QueueReading {
            arrived: if gets_all { arrived } else { Amount::Unknown },
            processed: if gets_all { Amount::Unknown } else { finished },
            waiting: Some(consumer.num_pending as f64),
            // Without acknowledgements nobody knows what a worker still has.
            in_progress: (consumer.config.ack_policy != AckPolicy::None).then_some(in_progress),
            ..QueueReading::default()
        })
    }
}

/// A total of something that was made at a moment.
#[derive(Default)]
struct Since {
    made: Option<i128>,
    rising: Rising,
}

impl Since {
    fn total(&mut self, total: f64, made: i128) -> Amount {
        let is_new = self.made.replace(made) != Some(made);
        self.rising.total(total, is_new)
    }
}

/// Whether every message of the stream is for the consumer.
fn gets_all(stream: &stream::Info, consumer: &consumer::Info) -> bool {
    let config = &consumer.config;
    let one = Some(&config.filter_subject).filter(|subject| !subject.is_empty());
    let filters: Vec<_> = config.filter_subjects.iter().chain(one).collect();
    let config = &stream.config;
    // What comes from another stream keeps its subject, which is none of these.
    let is_fed = config.mirror.is_some() || config.sources.as_ref().is_some_and(|s| !s.is_empty());
    let are_all = || config.subjects.iter().all(|subject| filters.contains(&subject));
    filters.is_empty()
        || filters.iter().any(|filter| *filter == ">")
        || (!is_fed && !config.subjects.is_empty() && are_all())
}

/// Whether the answer is that of a leader which most of its group follows. One that was cut off from the
/// others tells old numbers for some seconds, and a group without a leader those of the beginning.
fn is_led(cluster: &ClusterInfo) -> bool {
    let has_leader = cluster.leader.as_ref().is_some_and(|leader| !leader.is_empty());
    let followers = cluster.replicas.iter().filter(|replica| !replica.offline).count();
    has_leader && 2 * (followers + 1) > cluster.replicas.len() + 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn stream(last: u64, more: &Value) -> stream::Info {
        let mut info = json!({
            "config": {
                "name": "ORDERS", "subjects": ["orders.*"], "retention": "workqueue",
                "max_consumers": -1, "max_msgs": -1, "max_bytes": -1, "max_age": 0, "max_msg_size": -1,
                "discard": "old", "storage": "file", "num_replicas": 1, "duplicate_window": 0,
                "max_msgs_per_subject": -1, "allow_rollup_hdrs": false, "deny_delete": false,
                "deny_purge": false
            },
            "created": "2026-11-28T10:00:00Z",
            "state": {
                "messages": 3, "bytes": 300, "first_seq": 1, "first_ts": "2026-11-28T10:00:00Z",
                "last_seq": last, "last_ts": "2026-11-28T10:00:00Z", "consumer_count": 1
            }
        });
        merge(&mut info, more);
        serde_json::from_value(info).unwrap()
    }

    fn consumer(delivered: u64, pending: u64, more: &Value) -> consumer::Info {
        let mut info = json!({
            "stream_name": "ORDERS", "name": "workers", "created": "2026-11-28T10:00:00Z",
            "config": {
                "ack_policy": "explicit", "ack_wait": 30_000_000_000_u64, "deliver_policy": "all",
                "durable_name": "workers", "max_deliver": -1, "replay_policy": "instant"
            },
            "delivered": {"consumer_seq": delivered, "stream_seq": delivered},
            "ack_floor": {"consumer_seq": 0, "stream_seq": 0},
            "num_ack_pending": 5, "num_redelivered": 0, "num_waiting": 1, "num_pending": pending
        });
        merge(&mut info, more);
        serde_json::from_value(info).unwrap()
    }

    fn merge(into: &mut Value, more: &Value) {
        match (into, more) {
            (Value::Object(into), Value::Object(more)) => {
                for (key, value) in more {
                    merge(into.entry(key.clone()).or_insert(Value::Null), value);
                }
            }
            (into, more) => *into = more.clone(),
        }
    }

    fn read(stream_more: &Value, consumer_more: &Value) -> Result<QueueReading, ProbeError> {
        Reader::default().read(&stream(120, stream_more), &consumer(100, 20, consumer_more))
    }

    #[test]
    fn of_a_whole_stream_the_arrivals_are_counted_and_of_a_part_what_is_finished() {
        let nothing = json!({});
        let whole = read(&nothing, &nothing).unwrap();
        assert_eq!(whole.arrived, Amount::Total(120.0));
        assert_eq!(whole.processed, Amount::Unknown);
        assert_eq!((whole.waiting, whole.in_progress), (Some(20.0), Some(5.0)));
        let filter = |subject: &str| json!({"config": {"filter_subject": subject}});
        assert_eq!(read(&nothing, &filter("orders.*")), Ok(whole));
        assert_eq!(read(&nothing, &filter(">")), Ok(whole));
        let several = json!({"config": {"filter_subjects": ["orders.eu", "orders.us"]}});
        for part in [&filter("orders.eu"), &several] {
            let part = read(&nothing, part).unwrap();
            assert_eq!((part.arrived, part.processed), (Amount::Unknown, Amount::Total(95.0)));
        }
        let fed = json!({"config": {"sources": [{"name": "OTHER"}]}});
        assert_eq!(read(&fed, &filter("orders.*")).unwrap().arrived, Amount::Unknown);
        assert_eq!(read(&fed, &nothing).unwrap().arrived, Amount::Total(120.0));
    }

    #[test]
    fn without_acknowledgements_nothing_is_known_to_be_in_progress() {
        let none = json!({"config": {"ack_policy": "none"}, "num_ack_pending": 0});
        assert_eq!(read(&json!({}), &none).unwrap().in_progress, None);
    }

    #[test]
    fn who_has_lost_the_majority_is_not_believed() {
        let replica = |name: &str, offline: bool| json!({"name": name, "current": true, "active": 0, "offline": offline});
        let cluster = |leader: &str, offline: [bool; 2]| {
            let replicas = [replica("n1", offline[0]), replica("n2", offline[1])];
            json!({"cluster": {"name": "c", "leader": leader, "replicas": replicas}})
        };
        let nothing = json!({});
        for sound in [cluster("n0", [false, false]), cluster("n0", [false, true])] {
            assert!(read(&sound, &sound).is_ok());
        }
        for old in [cluster("", [false, false]), cluster("n0", [true, true])] {
            for told in [read(&old, &nothing), read(&nothing, &old)] {
                assert_eq!(told.unwrap_err().word(), "unreachable");
            }
        }
    }

    #[test]
    fn a_stream_that_lost_its_end_has_not_begun_anew_and_another_has() {
        let mut reader = Reader::default();
        let nothing = json!({});
        let other = json!({"created": "2026-11-28T11:00:00Z"});
        let mut arrived = |last: u64, more: &Value| {
            reader.read(&stream(last, more), &consumer(9, 0, &nothing)).unwrap().arrived
        };
        assert_eq!(arrived(120, &nothing), Amount::Total(120.0));
        assert_eq!(arrived(110, &nothing), Amount::Total(120.0));
        assert_eq!(arrived(115, &nothing), Amount::Total(125.0));
        assert_eq!(arrived(40, &other), Amount::Total(40.0));
    }
}
