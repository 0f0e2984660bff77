//! A Redis server: how it is reached, and what goes wrong with it in words that say what to do.

use crate::config::{Fields, Parsed, Secret, Text, Token};
use crate::observe::held::Held;
use crate::observe::probe::ProbeError;
use crate::platform::tls::{TlsSettings, is_of_tls};
use redis::aio::MultiplexedConnection;
use redis::{
    AsyncConnectionConfig, ErrorKind, FromRedisValue, Pipeline, RedisConnectionInfo, RedisError,
};
use rustls::pki_types::ServerName;
use std::io;
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// Default port of Redis.
const PORT: u16 = 6379;

/// An address, without a name or password in it, which would be shown.
#[derive(Clone, Debug)]
struct Address {
    host: String,
    port: u16,
    database: u32,
    is_tls: bool,
}

/// Which server, and as whom.
#[derive(Clone, Debug)]
pub(super) struct Server {
    address: Address,
    username: Option<String>,
    password: Option<Secret>,
    tls: TlsSettings,
}

impl Server {
    pub(super) fn fields(f: &mut Fields<'_>) -> Option<Self> {
        let about = "the primary: redis://HOST:6379/0 or, with TLS, rediss://HOST:6379/0; the number at \
                     the end is the database";
        let address = f.required("url", about, Parsed(address));
        let username = f.optional("username", "name of an ACL user", Text);
        let about = "password of `username`, or of everybody: ${env:NAME}";
        let password = f.optional("password", about, Token { min_chars: 1 });
        let tls = TlsSettings::fields(f);
        if let (Some(place), None) = (f.given("username"), f.given("password")) {
            f.problem(place, format!("`{}` needs `password` beside it", f.name("username")));
        }
        let address = address?.value;
        if !address.is_tls {
            TlsSettings::refuse_without(f, "rediss://");
        }
        Some(Self {
            address,
            username: username.map(|given| given.value),
            password: password.map(|given| given.value),
            tls: tls?,
        })
    }

    /// Returns where it is, for people.
    pub(super) fn describe(&self) -> String {
        let Address { host, port, database, .. } = &self.address;
        format!("database {database} of Redis at {host}:{port}")
    }

    /// Says what of the settings cannot be used.
    ///
    /// # Errors
    /// If a file cannot be read, or is not what it should be.
    pub(super) fn check(&self) -> io::Result<()> {
        self.address.is_tls.then(|| self.tls.client()).transpose().map(|_| ())
    }

    async fn connect(&self) -> Result<MultiplexedConnection, ProbeError> {
        let Address { host, port, database, is_tls } = &self.address;
        let mut settings = RedisConnectionInfo::default().set_db(i64::from(*database));
        if let Some(username) = &self.username {
            settings = settings.set_username(username);
        }
        if let Some(password) = &self.password {
            settings = settings.set_password(password.reveal());
        }
        // Nothing is asked for that a user without rights to it would be refused.
        let settings = settings.set_skip_set_lib_name();
        let stream = TcpStream::connect((host.as_str(), *port)).await.map_err(unreachable)?;
        if !is_tls {
            return drive(
                MultiplexedConnection::new_with_config(&settings, stream, config()).await,
            );
        }
        let tls = self.tls.client().map_err(|why| ProbeError::Denied(why.to_string()))?;
        let name = ServerName::try_from(host.clone()).map_err(|_| {
            ProbeError::Invalid(format!("{host} is no name that a certificate has"))
        })?;
        let connected = TlsConnector::from(Arc::new(tls)).connect(name, stream).await;
        let stream = connected.map_err(unreachable)?;
        drive(MultiplexedConnection::new_with_config(&settings, stream, config()).await)
    }
}

/// What stands for `redis://HOST:PORT/DATABASE`.
fn address(text: &str) -> Result<Address, String> {
    let url = redis::parse_redis_url(text).ok_or("is no address: redis://HOST:6379/0")?;
    let is_tls = match url.scheme() {
        "redis" | "valkey" => false,
        "rediss" | "valkeys" => true,
        _ => return Err("begins with neither redis:// nor rediss://".into()),
    };
    if !url.username().is_empty() || url.password().is_some() {
        return Err(
            "holds a name or password; `username` and `password` are fields of their own".into()
        );
    }
    let host = url.host_str().filter(|host| !host.is_empty()).ok_or("has no host")?;
    let database = match url.path().trim_matches('/') {
        "" => 0,
        number => number.parse().map_err(|_| "ends with what is no number of a database")?,
    };
    let host = host.trim_matches(['[', ']']).to_owned();
    Ok(Address { host, port: url.port().unwrap_or(PORT), database, is_tls })
}

/// It is the sampler that does not wait for ever.
fn config() -> AsyncConnectionConfig {
    AsyncConnectionConfig::new().set_response_timeout(None)
}

/// Has a new connection work for as long as somebody holds it.
fn drive(
    made: Result<(MultiplexedConnection, impl Future<Output = ()> + Send + 'static), RedisError>,
) -> Result<MultiplexedConnection, ProbeError> {
    let (connection, work) = made.map_err(|error| refused(&error))?;
    tokio::spawn(work);
    Ok(connection)
}

fn unreachable(why: io::Error) -> ProbeError {
    match is_of_tls(&why) {
        true => ProbeError::Denied(format!("{why}: check `ca_file`, `cert_file`, `server_name`")),
        false => ProbeError::Unreachable(format!("{why}: is Redis there, and `url` right?")),
    }
}

fn refused(error: &RedisError) -> ProbeError {
    // What the server says to the first that it refused.
    let answers = error.clone().into_server_errors();
    let answer = answers.as_ref().and_then(|answers| answers.first()).map(|(_, answer)| answer);
    let code = answer.map_or("", |answer| answer.code());
    let said = match answer {
        Some(answer) => format!("{code} {}", answer.details().unwrap_or_default()),
        None => error.to_string(),
    };
    match (error.kind(), code) {
        (ErrorKind::AuthenticationFailed, _) | (_, "NOAUTH" | "WRONGPASS") => {
            let check = "check `username` and `password`";
            ProbeError::Denied(format!("Redis does not let the agent in ({said}): {check}"))
        }
        (_, "NOPERM") => ProbeError::Denied(format!("{said}: give the user the right")),
        (ErrorKind::Io, _) | (_, "LOADING" | "MASTERDOWN" | "CLUSTERDOWN") => {
            let check = "is Redis there, and are `url` and, over TLS, `cert_file` right?";
            ProbeError::Unreachable(format!("{said}: {check}"))
        }
        (_, "WRONGTYPE") => {
            ProbeError::Absent(format!("{said}: is this the right key, and `type`?"))
        }
        _ if said.contains("no such key") => {
            ProbeError::Absent("there is no such key: check `key`".into())
        }
        _ => ProbeError::Invalid(said),
    }
}

/// A client, which is connected while somebody answers.
pub(super) struct Client {
    server: Server,
    connection: Held<MultiplexedConnection>,
}

impl Client {
    pub(super) fn new(server: Server) -> Self {
        Self { server, connection: Held::default() }
    }

    /// Asks several things, one behind the other. (A transaction would have them of one moment; the library
    /// panics where rights refuse a part of one.)
    pub(super) async fn ask<T: FromRedisValue>(
        &mut self,
        what: &Pipeline,
    ) -> Result<T, ProbeError> {
        let mut connection = self.connection.take(|_| true, self.server.connect()).await?;
        let answer = what.query_async(&mut connection).await;
        if !answer.as_ref().is_err_and(RedisError::is_unrecoverable_error) {
            self.connection.keep(connection);
        }
        answer.map_err(|error| refused(&error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_and_hold_no_secret() {
        let read = |text: &str| address(text).map(|a| (a.host, a.port, a.database, a.is_tls));
        assert_eq!(read("redis://cache"), Ok(("cache".into(), 6379, 0, false)));
        assert_eq!(read("rediss://cache:7000/3"), Ok(("cache".into(), 7000, 3, true)));
        assert_eq!(read("redis://[::1]:7000"), Ok(("::1".into(), 7000, 0, false)));
        for (bad, why) in [
            ("cache:6379", "is no address"),
            ("http://cache", "is no address"),
            ("redis://:secret@cache", "fields of their own"),
            ("redis://cache/jobs", "no number"),
        ] {
            assert!(read(bad).unwrap_err().contains(why), "{bad}: {:?}", read(bad));
        }
    }
}
