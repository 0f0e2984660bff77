//! A job table in PostgreSQL, of which a query tells.

mod connection;
mod row;

use super::{Polled, QueueProbe, QueueReading, QueueSettings};
use crate::config::{Choice, Fields, Parsed, Secret, Text, Token, Whole};
use crate::observe::held::Held;
use crate::observe::probe::{Answer, ProbeError};
use crate::observe::source::SourceVariant;
use crate::platform::tls::TlsSettings;
use connection::Connection;
use row::Reader;
use std::io;

/// Chooses it.
pub const POSTGRES: SourceVariant = SourceVariant {
    word: "postgres",
    about: "a job table in PostgreSQL, of which a query of yours tells",
    example: "{type: postgres, host: 127.0.0.1, database: app, user: scaleiq, query: \"SELECT count(*) AS \
              waiting FROM jobs WHERE finished_at IS NULL\"}",
    fields: |f| {
        let settings = Postgres::fields(f);
        Polled::fields(f, settings)
    },
};

/// Longest time that a query may run on the server, in seconds: a count of a large table needs an index.
const MAX_QUERY_S: u32 = 30;
/// Default time limit of a query: less than a sampler waits, which cannot say what is wrong.
const QUERY_S: u32 = 4;
/// Whether the server is spoken to over TLS, by its words.
const TLS: Choice<bool> = Choice(&[("on", true), ("off", false)]);

/// Which table, and how it is reached.
#[derive(Clone, Debug)]
struct Postgres {
    host: String,
    port: u16,
    database: String,
    user: String,
    password: Option<Secret>,
    /// `None`: in plain.
    tls: Option<TlsSettings>,
    query: String,
    query_timeout_s: u32,
}

impl Postgres {
    fn fields(f: &mut Fields<'_>) -> Option<Self> {
        let about =
            "the server: a name, an address, or the folder of its socket (/var/run/postgresql)";
        let host = f.required("host", about, Text);
        let port = f.or("port", "its port", Whole(1..=65535), 5432);
        let database = f.required("database", "the database", Text);
        let about = "a role that may read the table, and nothing else";
        let user = f.required("user", about, Text);
        let password =
            f.optional("password", "password of `user`: ${env:NAME}", Token { min_chars: 1 });
        let about = "`off`: in plain, which is for a network of one's own; a socket has no TLS";
        let tls = f.or("tls", about, TLS, true);
        let trust = TlsSettings::fields(f);
        let about = "the query: one row, with columns such as waiting, in_progress, arrived_total, \
                     processed_total, work_ms";
        let query = f.required("query", about, Parsed(query));
        let about = "seconds that the query may run on the server";
        let query_timeout_s = f.or("query_timeout_s", about, Whole(1..=MAX_QUERY_S), QUERY_S);
        let host = host?.value;
        let is_tls = tls && !host.starts_with('/');
        if !is_tls {
            TlsSettings::refuse_without(f, "TLS");
        }
        Some(Self {
            host,
            port: u16::try_from(port).ok()?,
            database: database?.value,
            user: user?.value,
            password: password.map(|given| given.value),
            tls: trust.filter(|_| is_tls),
            query: query?.value,
            query_timeout_s,
        })
    }
}

/// A query that can stand within another.
fn query(text: &str) -> Result<String, String> {
    let text = text.trim().trim_end_matches(';').trim_end();
    match text.is_empty() {
        true => Err("says nothing".into()),
        false => Ok(text.into()),
    }
}

impl QueueSettings for Postgres {
    fn describe(&self) -> String {
        let Self { host, port, database, .. } = self;
        format!("a query of database {database} of PostgreSQL at {host}:{port}")
    }

    fn probe(&self) -> io::Result<Box<dyn QueueProbe>> {
        if let Some(tls) = &self.tls {
            tls.client()?;
        }
        Ok(Box::new(Probe {
            settings: self.clone(),
            connection: Held::default(),
            reader: Reader::default(),
        }))
    }
}

struct Probe {
    settings: Postgres,
    connection: Held<Connection>,
    reader: Reader,
}

impl Probe {
    async fn look(&mut self) -> Result<QueueReading, ProbeError> {
        let connect = self.settings.connect();
        let connection = self.connection.take(Connection::is_up, connect).await?;
        let row = connection.ask(&self.settings).await?;
        self.connection.keep(connection);
        self.reader.read(&row)
    }
}

impl QueueProbe for Probe {
    fn read(&mut self) -> Answer<'_, QueueReading> {
        Box::pin(self.look())
    }
}
