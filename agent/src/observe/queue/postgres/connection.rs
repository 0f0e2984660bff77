//! A connection to PostgreSQL, and what goes wrong with it in words that say what to do.

use super::Postgres;
use crate::observe::probe::ProbeError;
use crate::platform::tls::is_of_tls;
use crate::text::causes;
use std::io;
use std::time::Duration;
use tokio_postgres::config::{Config, SslMode};
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Error, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

/// A connection that takes longer is none.
const CONNECT: Duration = Duration::from_secs(4);
/// Most characters of a row that are read: its numbers are few.
const MAX_CHARS: usize = 16 << 10;

/// A connection that is given up at the first failure.
pub(super) struct Connection(Client);

impl Postgres {
    pub(super) async fn connect(&self) -> Result<Connection, ProbeError> {
        let mut config = Config::new();
        config
            .host(&self.host)
            .port(self.port)
            .dbname(&self.database)
            .user(&self.user)
            .application_name("scaleiq")
            .connect_timeout(CONNECT)
            .ssl_mode(if self.tls.is_some() { SslMode::Require } else { SslMode::Disable });
        if let Some(password) = &self.password {
            config.password(password.reveal());
        }
        let refused = |error: Error| self.refused(&error);
        let Some(tls) = &self.tls else {
            let (client, work) = config.connect(NoTls).await.map_err(refused)?;
            tokio::spawn(work);
            return Ok(Connection(client));
        };
        let tls = tls.client().map_err(|why: io::Error| ProbeError::Denied(why.to_string()))?;
        let (client, work) = config.connect(MakeRustlsConnect::new(tls)).await.map_err(refused)?;
        tokio::spawn(work);
        Ok(Connection(client))
    }

    fn refused(&self, error: &Error) -> ProbeError {
        let said = match error.as_db_error() {
            Some(answer) => answer.message().to_owned(),
            None => causes(error),
        };
        let denied = |check: &str| ProbeError::Denied(format!("{said}: {check}"));
        let code = error.code().map_or("", SqlState::code);
        match code {
            _ if is_of_tls(error) => denied("check `ca_file`, `cert_file` and `server_name`"),
            _ if said.contains("does not support TLS") => {
                denied("`tls: off` would send all of it in plain")
            }
            "28P01" | "28000" => denied("check `user` and `password`"),
            // Nothing was sent: the server asks for a password, and there is none.
            "" if said.contains("password") => denied("check `user` and `password`"),
            "42501" => denied("grant `user` the right, such as SELECT on the table"),
            "25006" => denied("the query may only read"),
            "3D000" => ProbeError::Absent(format!("{said}: check `database`")),
            "57014" => {
                let seconds = self.query_timeout_s;
                let why = "an index may help, or a longer `query_timeout_s`";
                ProbeError::Unreachable(format!("the query took longer than {seconds} s: {why}"))
            }
            // Shutting down, starting, full, or nothing that the server said.
            "" => {
                ProbeError::Unreachable(format!("{said}: is PostgreSQL there, and `host` right?"))
            }
            _ if ["57", "53", "08"].iter().any(|class| code.starts_with(class)) => {
                ProbeError::Unreachable(said)
            }
            _ => ProbeError::Invalid(format!("{said} ({code}): check `query`")),
        }
    }
}

impl Connection {
    pub(super) fn is_up(&self) -> bool {
        !self.0.is_closed()
    }

    /// Returns the row of the query as JSON, in which numbers of every type are the same.
    ///
    /// The query runs within a transaction that may only read and has no more than its time, and, being a part
    /// of another, is one. All of it also works through a pool of connections that is shared.
    pub(super) async fn ask(&self, settings: &Postgres) -> Result<String, ProbeError> {
        let refused = |error: Error| settings.refused(&error);
        let Postgres { query, query_timeout_s, .. } = settings;
        let begin = format!("BEGIN READ ONLY; SET LOCAL statement_timeout = '{query_timeout_s}s'");
        let ask = format!(
            "SELECT left(row_to_json(answer)::text, {MAX_CHARS}) FROM (\n{query}\n) AS answer LIMIT 2"
        );
        self.0.batch_execute(&begin).await.map_err(refused)?;
        let rows = self.0.query_typed(&ask, &[]).await.map_err(refused)?;
        self.0.batch_execute("COMMIT").await.map_err(refused)?;
        match &rows[..] {
            [row] => row.try_get(0).map_err(refused),
            [] => Err(ProbeError::Absent("the query gives no row: check `query`".into())),
            _ => {
                let why = "the query gives more than one row: have it count them, in one";
                Err(ProbeError::Invalid(why.into()))
            }
        }
    }
}
