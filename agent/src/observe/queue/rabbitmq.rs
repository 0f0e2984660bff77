//! A queue of RabbitMQ, as its management API tells.

use super::rising::Rising;
use super::{Amount, Polled, QueueProbe, QueueReading, QueueSettings};
use crate::config::{Fields, Text, Whole};
use crate::observe::probe::{Answer, ProbeError};
use crate::observe::source::SourceVariant;
use crate::platform::http::{Client, HttpSettings, Method};
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::io;

/// What is asked for: of a queue with many consumers the rest is much.
const COLUMNS: &str = "messages_ready,messages_ready_details,messages_unacknowledged,consumers,\
                       message_stats.publish,message_stats.ack,message_stats.deliver_no_ack,\
                       message_stats.get_no_ack";

/// `source: {type: rabbitmq}`.
pub const RABBITMQ: SourceVariant = SourceVariant {
    word: "rabbitmq",
    about: "a queue of RabbitMQ, by its management API",
    example: "{type: rabbitmq, url: \"http://rabbitmq:15672\", queue: orders, username: scaleiq, \
              password: \"${env:RABBITMQ_PASSWORD}\"}",
    fields: |f| {
        let settings = RabbitMq::fields(f);
        Polled::fields(f, settings)
    },
};

/// Whom to ask, and for which queue.
#[derive(Clone, Debug)]
struct RabbitMq {
    http: HttpSettings,
    vhost: String,
    queue: String,
    /// Consumers of one job, if they tell how many jobs there are.
    consumers_per_job: Option<u32>,
}

impl RabbitMq {
    fn fields(f: &mut Fields<'_>) -> Option<Self> {
        let http = HttpSettings::fields(f, "the management API: http://rabbitmq:15672");
        let vhost = f.or("vhost", "virtual host", Text, "/".into());
        let queue = f.required("queue", "name of the queue", Text);
        let about = "consumers that one job has: jobs are counted by them; else they are not known";
        let consumers_per_job = f.optional("consumers_per_job", about, Whole(1..=10_000));
        let consumers_per_job = consumers_per_job.map(|given| given.value);
        Some(Self { http: http?, vhost, queue: queue?.value, consumers_per_job })
    }
}

impl QueueSettings for RabbitMq {
    fn describe(&self) -> String {
        format!("queue {} of {} at {}", self.queue, self.vhost, self.http.url())
    }

    fn note(&self) -> Option<String> {
        self.http.note()
    }

    fn probe(&self) -> io::Result<Box<dyn QueueProbe>> {
        let client = self.http.client()?;
        Ok(Box::new(Probe { client, settings: self.clone(), totals: None }))
    }
}

#[derive(Debug)]
struct Probe {
    client: Client,
    settings: RabbitMq,
    /// What arrived and what was finished, once the queue was seen to count.
    totals: Option<[Rising; 2]>,
}

/// A queue. What is missing is not known.
#[derive(Deserialize)]
struct Queue {
    messages_ready: Option<f64>,
    messages_unacknowledged: Option<f64>,
    /// It is there where statistics are kept.
    messages_ready_details: Option<IgnoredAny>,
    consumers: Option<f64>,
    /// It is there from the first event on.
    message_stats: Option<Counts>,
}

/// Totals. Those of what never happened may be missing.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Counts {
    publish: f64,
    ack: f64,
    /// Delivered and fetched where nothing is acknowledged: that is the last one hears of it.
    deliver_no_ack: f64,
    get_no_ack: f64,
}

impl Probe {
    async fn reading(&mut self) -> Result<QueueReading, ProbeError> {
        let RabbitMq { vhost, queue, .. } = &self.settings;
        let path = ["api", "queues", vhost, queue];
        let request = self.client.request(Method::GET, &path, &[("columns", COLUMNS)]);
        let told: Queue = self.client.json(request).await.map_err(|failure| match failure.into() {
            ProbeError::Absent(what) => ProbeError::Absent(format!(
                "{what}: check `queue` and `vhost`; a queue is there once somebody has declared it"
            )),
            other => other,
        })?;
        if told.messages_ready.is_none() {
            let what = "RabbitMQ tells no number of this queue: it was just made, its node is down, or \
                        statistics are off (`management.disable_stats`)";
            return Err(ProbeError::Absent(what.into()));
        }
        Ok(self.understood(&told))
    }

    fn understood(&mut self, told: &Queue) -> QueueReading {
        let counts = match &told.message_stats {
            Some(counts) => {
                let finished = counts.ack + counts.deliver_no_ack + counts.get_no_ack;
                let [arrived, processed] = self.totals.get_or_insert_default();
                [since(arrived, counts.publish), since(processed, finished)]
            }
            // Statistics are kept, and there is nothing to count yet.
            None if told.messages_ready_details.is_some() && self.totals.is_none() => {
                [Amount::Total(0.0); 2]
            }
            None => [Amount::Unknown; 2],
        };
        let [arrived, processed] = counts;
        let per_job = self.settings.consumers_per_job.map(f64::from);
        QueueReading {
            arrived,
            processed,
            waiting: told.messages_ready,
            in_progress: told.messages_unacknowledged,
            work_ms: None,
            jobs_ready: told.consumers.zip(per_job).map(|(all, each)| (all / each).ceil()),
        }
    }
}

/// A total that each node of a cluster keeps a share of, in memory: when one of them goes the total falls, and when
/// all of them began anew it begins at 0.
fn since(rising: &mut Rising, total: f64) -> Amount {
    let is_anew = rising.has_halved(total);
    rising.total(total, is_anew)
}

impl QueueProbe for Probe {
    fn read(&mut self) -> Answer<'_, QueueReading> {
        Box::pin(self.reading())
    }
}
