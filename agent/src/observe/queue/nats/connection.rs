//! A connection to a NATS server, and what goes wrong with it in words that say what to do.

use super::Nats;
use crate::observe::probe::ProbeError;
use crate::platform::tls::is_of_tls;
use crate::text::causes;
use async_nats::connection::State;
use async_nats::jetstream::context::{Context, ContextBuilder, RequestError, RequestErrorKind};
use async_nats::jetstream::response::Response;
use async_nats::jetstream::{ErrorCode, consumer, stream};
use async_nats::{Client, ConnectError, ConnectErrorKind, ConnectOptions, Event, ServerError};
use serde::de::DeserializeOwned;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// A connection, and then an answer, may take so long: both are within the sampler's usual patience, which
/// cannot say what is wrong.
const TIMEOUT: Duration = Duration::from_secs(2);

/// What a server said without having been asked: rights that are missing are told so, and not in an answer.
type Said = Arc<Mutex<Option<String>>>;

/// A connection that is given up at the first failure.
pub(super) struct Connection {
    client: Client,
    jetstream: Context,
    said: Said,
}

impl Nats {
    /// Returns options without an address.
    ///
    /// # Errors
    /// If a file cannot be read, or is not what it should be.
    pub(super) fn options(&self) -> io::Result<ConnectOptions> {
        let options = self.login.options()?;
        let Some(tls) = &self.tls else { return Ok(options) };
        Ok(options.require_tls(true).tls_client_config(tls.client()?))
    }

    pub(super) async fn connect(&self) -> Result<Connection, ProbeError> {
        let said = Said::default();
        let heard = said.clone();
        let options = self.options().map_err(|why| ProbeError::Denied(why.to_string()))?;
        let client = options
            .name("scaleiq")
            .connection_timeout(TIMEOUT)
            // One round over all servers: after that it is for the next look to say why none will have it.
            .max_reconnects(self.servers.len())
            .reconnect_delay_callback(|_| Duration::ZERO)
            .event_callback(move |event| {
                if let Event::ServerError(ServerError::Other(text)) = event {
                    *heard.lock().unwrap_or_else(PoisonError::into_inner) = Some(text);
                }
                std::future::ready(())
            })
            .connect(&self.servers[..])
            .await
            .map_err(|error| self.refused(&error))?;
        let jetstream = ContextBuilder::new().timeout(TIMEOUT);
        let jetstream = match &self.domain {
            Some(domain) => jetstream.domain(domain).build(client.clone()),
            None => jetstream.build(client.clone()),
        };
        Ok(Connection { client, jetstream, said })
    }

    fn refused(&self, error: &ConnectError) -> ProbeError {
        let why = causes(error);
        match error.kind() {
            ConnectErrorKind::Authentication | ConnectErrorKind::AuthorizationViolation => {
                let check = self.login.fields_to_check();
                ProbeError::Denied(format!("the server does not let the agent in ({why}): {check}"))
            }
            // A server that does not trust the agent says so behind the handshake.
            _ if is_of_tls(error) => {
                let check = "check `ca_file`, `cert_file` and `server_name`";
                ProbeError::Denied(format!("{why}: {check}"))
            }
            _ => ProbeError::Unreachable(format!("{why}: is NATS there, and `servers` right?")),
        }
    }
}

impl Connection {
    pub(super) fn is_up(&self) -> bool {
        self.client.connection_state() == State::Connected
    }

    pub(super) async fn stream(&self, stream: &str) -> Result<stream::Info, ProbeError> {
        self.ask(format!("STREAM.INFO.{stream}")).await
    }

    pub(super) async fn consumer(
        &self,
        stream: &str,
        consumer: &str,
    ) -> Result<consumer::Info, ProbeError> {
        self.ask(format!("CONSUMER.INFO.{stream}.{consumer}")).await
    }

    async fn ask<T: DeserializeOwned>(&self, subject: String) -> Result<T, ProbeError> {
        let nothing = serde_json::Map::new();
        match self.jetstream.request(subject, &nothing).await {
            Ok(Response::Ok(info)) => Ok(info),
            Ok(Response::Err { error }) => Err(match error.error_code() {
                ErrorCode::STREAM_NOT_FOUND => {
                    ProbeError::Absent("there is no such stream: check `stream`".into())
                }
                ErrorCode::CONSUMER_NOT_FOUND => {
                    ProbeError::Absent("the stream has no such consumer: check `consumer`".into())
                }
                ErrorCode::JETSTREAM_NOT_ENABLED | ErrorCode::JETSTREAM_NOT_ENABLED_FOR_ACCOUNT => {
                    ProbeError::Absent(format!("{error}: is this the right account?"))
                }
                _ => ProbeError::Unreachable(error.to_string()),
            }),
            Err(error) => Err(self.unanswered(&error)),
        }
    }

    fn unanswered(&self, error: &RequestError) -> ProbeError {
        let said = self.said.lock().unwrap_or_else(PoisonError::into_inner).take();
        match (error.kind(), said) {
            (_, Some(said)) if said.to_lowercase().contains("permissions violation") => {
                ProbeError::Denied(format!("{said}: give the agent's user the right"))
            }
            (RequestErrorKind::NoResponders, _) => {
                let check = "is JetStream enabled, for this account, and `domain` right?";
                ProbeError::Unreachable(format!("nobody answers for JetStream: {check}"))
            }
            (RequestErrorKind::TimedOut, _) => {
                let seconds = TIMEOUT.as_secs();
                ProbeError::Unreachable(format!("no answer within {seconds} s"))
            }
            _ => ProbeError::Invalid(causes(error)),
        }
    }
}
