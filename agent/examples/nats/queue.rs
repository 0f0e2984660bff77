//! A work queue of NATS JetStream for each pool.

use crate::day::{Queue, Taken};
use anyhow::Error;
use async_nats::jetstream::consumer::{Consumer, pull};
use async_nats::jetstream::stream::{self, RetentionPolicy, StorageType};
use async_nats::jetstream::{self, Message};
use futures_util::StreamExt;
use std::path::Path;
use std::time::{Duration, SystemTime};

/// The durable consumer that all workers of a pool share.
const CONSUMER: &str = "workers";
/// What a worker took and never finished is given to another after this.
const ACK_WAIT: Duration = Duration::from_secs(10);

/// A connection, and the consumer that was asked last.
pub(crate) struct Nats {
    jetstream: jetstream::Context,
    consumer: Option<Consumer<pull::Config>>,
}

impl Queue for Nats {
    const SERVER: &str = "nats-server";
    type Receipt = Message;

    fn arguments(folder: &Path, port: u16) -> Vec<String> {
        let port = port.to_string();
        let words = ["--addr", "127.0.0.1", "--port", &port, "--jetstream", "--store_dir"];
        words.map(String::from).into_iter().chain([folder.display().to_string()]).collect()
    }

    async fn connect(address: &str) -> anyhow::Result<Self> {
        let client = async_nats::connect(address).await?;
        Ok(Self { jetstream: jetstream::new(client), consumer: None })
    }

    /// A stream `pool` whose events are gone once a worker has acknowledged them.
    async fn make(&mut self, pool: &str) -> anyhow::Result<()> {
        let queue = stream::Config {
            name: pool.into(),
            subjects: vec![subject(pool)],
            retention: RetentionPolicy::WorkQueue,
            storage: StorageType::Memory,
            ..Default::default()
        };
        let workers = pull::Config {
            durable_name: Some(CONSUMER.into()),
            ack_wait: ACK_WAIT,
            ..Default::default()
        };
        self.jetstream.create_stream(queue).await?.create_consumer(workers).await?;
        Ok(())
    }

    async fn send(&mut self, pool: &str, event: &str) -> anyhow::Result<()> {
        // The stream answers when it has it; nobody waits for that here.
        self.jetstream.publish(subject(pool), event.to_owned().into()).await?;
        Ok(())
    }

    async fn take(
        &mut self,
        pool: &str,
        within: Duration,
    ) -> anyhow::Result<Option<Taken<Message>>> {
        let consumer = match &mut self.consumer {
            Some(consumer) => consumer,
            none => none.insert(self.jetstream.get_consumer_from_stream(CONSUMER, pool).await?),
        };
        let mut given = consumer.batch().max_messages(1).expires(within).messages().await?;
        let Some(message) = given.next().await else { return Ok(None) };
        let message = message.map_err(Error::from_boxed)?;
        let came = SystemTime::from(message.info().map_err(Error::from_boxed)?.published);
        let event = std::str::from_utf8(&message.payload)?.to_owned();
        Ok(Some(Taken { event, came, receipt: message }))
    }

    async fn done(&mut self, _pool: &str, message: Message) -> anyhow::Result<()> {
        message.ack().await.map_err(Error::from_boxed)
    }
}

/// Where events for a pool are sent.
fn subject(pool: &str) -> String {
    format!("work.{pool}")
}
