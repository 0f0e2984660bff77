//! A NATS JetStream consumer: what its stream takes in, and what is not acknowledged yet.

mod connection;
mod login;
mod reading;

use super::{Polled, QueueProbe, QueueReading, QueueSettings};
use crate::config::{Fields, List, Parsed};
use crate::observe::held::Held;
use crate::observe::probe::{Answer, ProbeError};
use crate::observe::source::SourceVariant;
use crate::platform::tls::TlsSettings;
use async_nats::ServerAddr;
use connection::Connection;
use login::Login;
use reading::Reader;
use std::io;

/// Most servers that may be named: they tell of the others themselves.
const MAX_SERVERS: usize = 16;
/// Where a server is looked for if none is named.
const NEAREST: &str = "nats://127.0.0.1:4222";

/// Chooses it.
pub const NATS: SourceVariant = SourceVariant {
    word: "nats",
    about: "a consumer of a NATS JetStream stream, as its leader knows it",
    example: "{type: nats, servers: [nats://127.0.0.1:4222], stream: ORDERS, consumer: workers}",
    fields: |f| {
        let settings = Nats::fields(f);
        Polled::fields(f, settings)
    },
};

/// Which consumer, and how it is reached.
#[derive(Clone, Debug)]
struct Nats {
    servers: Vec<ServerAddr>,
    stream: String,
    consumer: String,
    domain: Option<String>,
    login: Login,
    /// `None`: where a server demands it, whom the system trusts.
    tls: Option<TlsSettings>,
}

impl Nats {
    fn fields(f: &mut Fields<'_>) -> Option<Self> {
        let about = "servers to try, in any order; unless given, nats://127.0.0.1:4222";
        let of = Parsed(server);
        let servers = f.optional("servers", about, List { of, max: MAX_SERVERS });
        let stream = f.required("stream", "the stream", Parsed(name));
        let about = "its durable consumer, which all workers share";
        let consumer = f.required("consumer", about, Parsed(name));
        let about = "JetStream domain, where the stream is behind a leaf node";
        let domain = f.optional("domain", about, Parsed(name));
        let login = Login::fields(f);
        let tls = TlsSettings::fields(f);
        let has_failed = f.failed("servers");
        let servers = match servers {
            Some(given) => given.value.into_iter().map(|given| given.value).collect(),
            None => vec![NEAREST.parse().ok()?],
        };
        let is_wanted = servers.iter().any(ServerAddr::tls_required)
            || TlsSettings::NAMES.iter().any(|name| f.given(name).is_some());
        let settings = Self {
            servers,
            stream: stream?.value,
            consumer: consumer?.value,
            domain: domain.map(|given| given.value),
            login: login?,
            tls: tls.filter(|_| is_wanted),
        };
        (!has_failed).then_some(settings)
    }
}

/// An address without a name or password in it, which would be shown.
fn server(text: &str) -> Result<ServerAddr, String> {
    let address: ServerAddr = text.parse().map_err(|why| format!("is no address: {why}"))?;
    match address.has_user_pass() {
        true => {
            Err("holds a name or password; `user` and `password` are fields of their own".into())
        }
        false => Ok(address),
    }
}

/// A name that is one word of a subject.
fn name(text: &str) -> Result<String, String> {
    let is_bad = |c: char| c.is_whitespace() || c.is_control() || ".*>/\\".contains(c);
    match text.contains(is_bad) {
        true => Err("is no name: there are no spaces, dots, `*`, `>` or slashes in one".into()),
        false => Ok(text.into()),
    }
}

impl QueueSettings for Nats {
    fn describe(&self) -> String {
        let addresses: Vec<_> = self
            .servers
            .iter()
            .map(|server| format!("{}:{}", server.host(), server.port()))
            .collect();
        let (stream, consumer) = (&self.stream, &self.consumer);
        format!("consumer {consumer} of stream {stream} on NATS at {}", addresses.join(", "))
    }

    fn probe(&self) -> io::Result<Box<dyn QueueProbe>> {
        // Files are read with each connection, since they may be replaced; here to say at once what is wrong.
        self.options()?;
        Ok(Box::new(Probe {
            settings: self.clone(),
            connection: Held::default(),
            reader: Reader::default(),
        }))
    }
}

struct Probe {
    settings: Nats,
    connection: Held<Connection>,
    reader: Reader,
}

impl Probe {
    async fn look(&mut self) -> Result<QueueReading, ProbeError> {
        let connect = self.settings.connect();
        let connection = self.connection.take(Connection::is_up, connect).await?;
        let (stream, consumer) = (&self.settings.stream, &self.settings.consumer);
        let (stream, consumer) =
            tokio::try_join!(connection.stream(stream), connection.consumer(stream, consumer))?;
        self.connection.keep(connection);
        self.reader.read(&stream, &consumer)
    }
}

impl QueueProbe for Probe {
    fn read(&mut self) -> Answer<'_, QueueReading> {
        Box::pin(self.look())
    }
}
