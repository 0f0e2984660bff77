//! The NATS server: started in a folder of its own, with a work queue for each pool.

use anyhow::{Context as _, bail};
use async_nats::jetstream::stream::{RetentionPolicy, StorageType};
use async_nats::jetstream::{self, consumer, stream};
use std::net::TcpListener;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep};

/// The durable consumer that all workers of a pool share.
pub(crate) const CONSUMER: &str = "workers";
/// Where Debian puts the server, which is not in everybody's `PATH`.
const BESIDE_PATH: &str = "/usr/sbin/nats-server";
/// The server answers within this.
const PATIENCE: Duration = Duration::from_secs(20);
/// What a worker took and never finished is given to another after this.
const ACK_WAIT: Duration = Duration::from_secs(10);

/// A server, ended when dropped.
pub(crate) struct Broker {
    /// Host and port.
    pub(crate) address: String,
    _server: Child,
}

impl Broker {
    /// Starts one whose files are in `folder`, with a queue for each of `pools`.
    pub(crate) async fn start(folder: &Path, pools: &[&str]) -> anyhow::Result<Self> {
        let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
        let address = format!("127.0.0.1:{port}");
        let mut server = spawn("nats-server", folder, port)
            .or_else(|_| spawn(BESIDE_PATH, folder, port))
            .context("cannot start nats-server: apt-get install nats-server")?;
        let begin = Instant::now();
        let client = loop {
            if let Some(status) = server.try_wait()? {
                bail!("nats-server ended: {status}");
            }
            match async_nats::connect(&address).await {
                Ok(client) => break client,
                Err(error) if begin.elapsed() > PATIENCE => return Err(error.into()),
                Err(_) => sleep(Duration::from_millis(50)).await,
            }
        };
        let jetstream = jetstream::new(client);
        for pool in pools {
            make_queue(&jetstream, pool).await?;
        }
        Ok(Self { address, _server: server })
    }
}

fn spawn(program: &str, folder: &Path, port: u16) -> std::io::Result<Child> {
    Command::new(program)
        .args(["--addr", "127.0.0.1", "--port", &port.to_string(), "--jetstream", "--store_dir"])
        .arg(folder)
        // Ctrl-C is for those who end it in order.
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
}

/// A stream `pool` whose events are gone once a worker has acknowledged them.
async fn make_queue(jetstream: &jetstream::Context, pool: &str) -> anyhow::Result<()> {
    let queue = stream::Config {
        name: pool.into(),
        subjects: vec![subject(pool)],
        retention: RetentionPolicy::WorkQueue,
        storage: StorageType::Memory,
        ..Default::default()
    };
    let workers = consumer::pull::Config {
        durable_name: Some(CONSUMER.into()),
        ack_wait: ACK_WAIT,
        ..Default::default()
    };
    jetstream.create_stream(queue).await?.create_consumer(workers).await?;
    Ok(())
}

/// Where events for a pool are sent.
pub(crate) fn subject(pool: &str) -> String {
    format!("work.{pool}")
}
