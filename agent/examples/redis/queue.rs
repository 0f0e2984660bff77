//! A Redis stream with a consumer group for each pool.

use crate::day::{Queue, Taken};
use anyhow::Context;
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, RedisResult, cmd};
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The consumer group that all workers of a pool share.
const GROUP: &str = "workers";
/// The one field of an entry.
const EVENT: &str = "event";

/// What `XREADGROUP` answers: keys, each with entries, each with an id and fields.
type Read = Option<Vec<(String, Vec<(String, Vec<String>)>)>>;

/// A connection.
pub(crate) struct Redis(MultiplexedConnection);

impl Queue for Redis {
    const SERVER: &str = "redis-server";
    /// The entry's id.
    type Receipt = String;

    fn arguments(folder: &Path, port: u16) -> Vec<String> {
        let (folder, port) = (folder.display().to_string(), port.to_string());
        let words = ["--bind", "127.0.0.1", "--port", &port, "--dir", &folder, "--save", ""];
        words.map(String::from).to_vec()
    }

    async fn connect(address: &str) -> anyhow::Result<Self> {
        let client = Client::open(format!("redis://{address}"))?;
        // A worker waits in the server for its next event.
        let patient = AsyncConnectionConfig::new().set_response_timeout(None);
        Ok(Self(client.get_multiplexed_async_connection_with_config(&patient).await?))
    }

    async fn make(&mut self, pool: &str) -> anyhow::Result<()> {
        let mut make = cmd("XGROUP");
        make.arg("CREATE").arg(pool).arg(GROUP).arg("0").arg("MKSTREAM");
        Ok(make.query_async(&mut self.0).await?)
    }

    async fn send(&mut self, pool: &str, event: &str) -> anyhow::Result<()> {
        Ok(cmd("XADD").arg(pool).arg("*").arg(EVENT).arg(event).exec_async(&mut self.0).await?)
    }

    async fn take(
        &mut self,
        pool: &str,
        within: Duration,
    ) -> anyhow::Result<Option<Taken<String>>> {
        let worker = std::process::id();
        let mut take = cmd("XREADGROUP");
        take.arg("GROUP").arg(GROUP).arg(worker).arg("COUNT").arg(1);
        take.arg("BLOCK").arg(within.as_millis() as u64).arg("STREAMS").arg(pool).arg(">");
        let read: RedisResult<Read> = take.query_async(&mut self.0).await;
        let entries = read?.into_iter().flatten().flat_map(|(_, entries)| entries).next();
        let Some((id, fields)) = entries else { return Ok(None) };
        let [_, event] = <[String; 2]>::try_from(fields).ok().context("what is this entry?")?;
        // An id begins with the milliseconds at which the entry came.
        let ms = id.split('-').next().and_then(|ms| ms.parse().ok()).context("what is this id?")?;
        let came: SystemTime = UNIX_EPOCH + Duration::from_millis(ms);
        Ok(Some(Taken { event, came, receipt: id }))
    }

    async fn done(&mut self, pool: &str, id: String) -> anyhow::Result<()> {
        Ok(cmd("XACK").arg(pool).arg(GROUP).arg(id).exec_async(&mut self.0).await?)
    }
}
