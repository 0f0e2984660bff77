//! The queue's server, started in a folder of its own.

use super::queue::Queue;
use anyhow::{Context as _, bail};
use std::net::TcpListener;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep};

/// Where Debian puts servers, which is not in everybody's `PATH`.
const BESIDE_PATH: &str = "/usr/sbin";
/// The server answers within this.
const TIMEOUT: Duration = Duration::from_secs(20);

/// A server, ended when dropped.
pub(crate) struct Server {
    /// Host and port.
    pub(crate) address: String,
    _process: Child,
}

impl Server {
    /// Starts that of `Q`, whose files are in `folder`, and connects to it.
    pub(crate) async fn start<Q: Queue>(folder: &Path) -> anyhow::Result<(Self, Q)> {
        let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
        let address = format!("127.0.0.1:{port}");
        let words = Q::arguments(folder, port);
        let mut process = spawn(Path::new(Q::SERVER), &words)
            .or_else(|_| spawn(&Path::new(BESIDE_PATH).join(Q::SERVER), &words))
            .with_context(|| format!("cannot start {0}: apt-get install {0}", Q::SERVER))?;
        let begin = Instant::now();
        let queue = loop {
            if let Some(status) = process.try_wait()? {
                bail!("{} ended: {status}", Q::SERVER);
            }
            match Q::connect(&address).await {
                Ok(queue) => break queue,
                Err(error) if begin.elapsed() > TIMEOUT => return Err(error),
                Err(_) => sleep(Duration::from_millis(50)).await,
            }
        };
        Ok((Self { address, _process: process }, queue))
    }
}

fn spawn(program: &Path, words: &[String]) -> std::io::Result<Child> {
    Command::new(program)
        .args(words)
        // Ctrl-C is for those who end it in order.
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
}
