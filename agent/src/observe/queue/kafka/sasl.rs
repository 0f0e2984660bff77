//! Logs in: SASL with a password, in the ways that Kafka knows.

use super::connection::Connection;
use super::failure::Failure;
use super::protocol::{SaslAuthenticate, SaslHandshake};
use super::scram::{First, Hash, SHA256, SHA512};
use crate::config::{Choice, Fields, Secret, Text, Token};
use crate::observe::probe::ProbeError;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::rand::{SecureRandom, SystemRandom};

/// A way of logging in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mechanism {
    /// The password goes over the line.
    Plain,
    /// It does not.
    ScramSha256,
    /// It does not.
    ScramSha512,
}

/// By their names in the protocol.
const MECHANISMS: Choice<Mechanism> = Choice(&[
    ("PLAIN", Mechanism::Plain),
    ("SCRAM-SHA-256", Mechanism::ScramSha256),
    ("SCRAM-SHA-512", Mechanism::ScramSha512),
]);

/// Who asks.
#[derive(Clone, Debug)]
pub(super) struct Login {
    mechanism: Mechanism,
    user: String,
    password: Secret,
}

impl Login {
    /// Its fields, in the section `sasl`.
    pub(super) fn fields(f: &mut Fields<'_>) -> Option<Self> {
        let about = "how the user logs in, as the brokers' `sasl.enabled.mechanisms` has it";
        let mechanism = f.required("mechanism", about, MECHANISMS);
        let user = f.required("username", "the user, which needs the right `Describe`", Text);
        let password = f.required("password", "the user's password", Token { min_chars: 1 });
        Some(Self { mechanism: mechanism?.value, user: user?.value, password: password?.value })
    }

    /// Whether the password would be seen by whoever sees the line.
    pub(super) fn shows_password(&self) -> bool {
        self.mechanism == Mechanism::Plain
    }
}

/// Logs in on a new connection.
///
/// # Errors
/// If the broker refuses, or cannot show that it knows the password where SCRAM asks for that.
pub(super) async fn log_in(connection: &mut Connection, login: &Login) -> Result<(), Failure> {
    match login.mechanism {
        Mechanism::Plain => {
            begin(connection, "PLAIN").await?;
            let message = format!("\0{}\0{}", login.user, login.password.reveal());
            step(connection, login, &message).await.map(drop)
        }
        Mechanism::ScramSha256 => scram(connection, login, "SCRAM-SHA-256", SHA256).await,
        Mechanism::ScramSha512 => scram(connection, login, "SCRAM-SHA-512", SHA512).await,
    }
}

async fn scram(
    connection: &mut Connection,
    login: &Login,
    name: &'static str,
    hash: Hash,
) -> Result<(), Failure> {
    begin(connection, name).await?;
    let mut random = [0; 24];
    let drawn = SystemRandom::new().fill(&mut random);
    drawn.map_err(|_| ProbeError::Invalid("this machine has no random numbers".into()))?;
    let first = First::new(hash, &login.user, STANDARD.encode(random));
    let server = step(connection, login, &first.message()).await?;
    let Some(last) = first.answer(&server, login.password.reveal()) else {
        let what = format!("{} answers {name} otherwise than RFC 5802 has it", connection.peer());
        return Err(ProbeError::Invalid(what).into());
    };
    let server = step(connection, login, &last.message).await?;
    if !last.is_confirmed_by(&server) {
        let what = format!("{} does not know the password of `sasl` itself", connection.peer());
        return Err(ProbeError::Denied(what).into());
    }
    Ok(())
}

async fn begin(connection: &mut Connection, mechanism: &'static str) -> Result<(), Failure> {
    let answer = connection.ask(&SaslHandshake(mechanism)).await?;
    let peer = connection.peer();
    let what = match answer.error {
        0 => return Ok(()),
        33 => format!("{peer} knows {} and not {mechanism}", answer.known.join(", ")),
        34 => format!("{peer} wants no `sasl`"),
        code => format!("{peer} lets nobody log in: error {code}"),
    };
    Err(ProbeError::Denied(format!("{what}; check `sasl`")).into())
}

async fn step(
    connection: &mut Connection,
    login: &Login,
    message: &str,
) -> Result<String, Failure> {
    let answer = connection.ask(&SaslAuthenticate(message.as_bytes())).await?;
    let text = String::from_utf8_lossy(&answer.bytes).into_owned();
    // SCRAM has a way of its own to refuse.
    let refused = text.strip_prefix("e=").map(str::to_owned);
    let Some(why) = refused.or((answer.error != 0).then_some(answer.message)) else {
        return Ok(text);
    };
    let (peer, user) = (connection.peer(), &login.user);
    let what = format!("{peer} refuses the user `{user}` ({why}); check `sasl.password`");
    Err(ProbeError::Denied(what).into())
}
