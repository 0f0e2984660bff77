//! What workers tell the program that plays: datagrams through a socket in its folder, whatever the queue is.

use std::path::Path;
use std::time::Duration;
use tokio::net::UnixDatagram;

/// The socket's name; workers start in its folder.
const SOCKET: &str = "told";
/// Longer than any of it, in bytes.
const LONGEST: usize = 128;

/// Something that a worker tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    /// It began an event that had waited so long, and that counts or does not.
    Began { waited: Duration, counts: bool },
    /// It is alive.
    Alive,
}

/// Where it is heard.
pub(crate) struct Ear(UnixDatagram);

impl Ear {
    /// Listens in `folder`.
    pub(crate) fn open(folder: &Path) -> std::io::Result<Self> {
        Ok(Self(UnixDatagram::bind(folder.join(SOCKET))?))
    }

    /// Waits until a worker tells something; returns its pool, and what.
    pub(crate) async fn hear(&self) -> anyhow::Result<(String, Told)> {
        let mut bytes = [0; LONGEST];
        let length = self.0.recv(&mut bytes).await?;
        let text = std::str::from_utf8(&bytes[..length])?;
        let words: Vec<&str> = text.split(' ').collect();
        match words[..] {
            [pool, "began", us, counts] => {
                let waited = Duration::from_micros(us.parse()?);
                Ok((pool.into(), Told::Began { waited, counts: counts.parse()? }))
            }
            [pool, "alive"] => Ok((pool.into(), Told::Alive)),
            _ => anyhow::bail!("a worker tells {text:?}"),
        }
    }
}

/// By which a worker of a pool tells.
pub(crate) struct Mouth {
    socket: UnixDatagram,
    pool: String,
}

impl Mouth {
    /// For a worker of `pool` that was started in the ear's folder.
    pub(crate) fn open(pool: &str) -> std::io::Result<Self> {
        let socket = UnixDatagram::unbound()?;
        socket.connect(SOCKET)?;
        Ok(Self { socket, pool: pool.into() })
    }

    /// Tells it.
    pub(crate) async fn tell(&self, told: Told) -> std::io::Result<()> {
        let text = match told {
            Told::Began { waited, counts } => {
                format!("{} began {} {counts}", self.pool, waited.as_micros())
            }
            Told::Alive => format!("{} alive", self.pool),
        };
        self.socket.send(text.as_bytes()).await.map(|_| ())
    }
}
