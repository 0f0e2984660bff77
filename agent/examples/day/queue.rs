//! What the example needs of a system of queues.

use std::path::Path;
use std::time::{Duration, SystemTime};

/// An event that a worker has taken.
pub(crate) struct Taken<R> {
    /// What was sent.
    pub(crate) event: String,
    /// When it came in, by the server's clock.
    pub(crate) came: SystemTime,
    /// What the queue needs to be told that it is done.
    pub(crate) receipt: R,
}

/// A connection to a system of queues.
pub(crate) trait Queue: Sized {
    /// The server's program, which is its package in Debian as well.
    const SERVER: &str;
    /// What an event that was taken is acknowledged by.
    type Receipt;

    /// Returns the arguments of a server that keeps its files in `folder` and listens on `port` of 127.0.0.1.
    fn arguments(folder: &Path, port: u16) -> Vec<String>;

    /// Connects to the server at `address`, `HOST:PORT`.
    async fn connect(address: &str) -> anyhow::Result<Self>;

    /// Makes the queue `pool`, with a group of consumers that its workers share.
    async fn make(&mut self, pool: &str) -> anyhow::Result<()>;

    /// Sends an event to the queue `pool`.
    async fn send(&mut self, pool: &str, event: &str) -> anyhow::Result<()>;

    /// Takes the oldest event of `pool` that no worker has; `None` if none came `within` that time.
    async fn take(
        &mut self,
        pool: &str,
        within: Duration,
    ) -> anyhow::Result<Option<Taken<Self::Receipt>>>;

    /// Tells that the work on an event of `pool` is done.
    async fn done(&mut self, pool: &str, receipt: Self::Receipt) -> anyhow::Result<()>;
}
