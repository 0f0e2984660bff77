//! A request to an address of the user's for each change, signed as standardwebhooks.com describes, so that
//! there are libraries that check it.

use super::actuator::{Actuator, ActuatorSettings, ActuatorVariant, Applying, Outcome, Tools};
use super::order::Order;
use super::remote::{Remote, RemoteSettings};
use crate::config::{Secret, Token, Whole};
use crate::platform::backoff::Backoff;
use crate::platform::http::{Failure, Method};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::io;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Default tries of an order; then it comes again as any other does that failed.
const TRIES: u32 = 3;
/// Pause after the first try; each one after it is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(4);
/// What a key begins with that is written in base64.
const ENCODED: &str = "whsec_";
/// A key with fewer characters can be guessed.
const MIN_KEY_CHARS: usize = 16;

/// `actuator: {type: webhook}`.
pub const WEBHOOK: ActuatorVariant = ActuatorVariant {
    word: "webhook",
    about: "a signed request for each change",
    example: "{type: webhook, url: \"https://example.com/scale\", signing_key: \"${env:SIGNING_KEY}\"}",
    fields: |f| {
        let remote = RemoteSettings::fields(f, "address that decisions are posted to");
        let about = "key that requests are signed with: ${env:NAME}, whsec_... or any other text";
        let key = f.optional("signing_key", about, Token { min_chars: MIN_KEY_CHARS });
        let tries = f.or("tries", "tries of an order, with growing pauses", Whole(1..=10), TRIES);
        let key = key.and_then(|given| match Key::new(&given.value) {
            Some(key) => Some(key),
            None => {
                let name = f.name("signing_key");
                f.problem(given.place, format!("`{name}` begins with {ENCODED} and is no base64"));
                None
            }
        });
        Some(Arc::new(Webhook { remote: remote?, key, tries }))
    },
};

/// Whom to tell.
#[derive(Clone, Debug)]
struct Webhook {
    remote: RemoteSettings,
    key: Option<Key>,
    tries: u32,
}

impl ActuatorSettings for Webhook {
    fn describe(&self) -> String {
        let signed = if self.key.is_some() { "signed" } else { "unsigned" };
        format!("POST {}, {signed}", self.remote.http.url())
    }

    fn build(&self, tools: Tools<'_>) -> io::Result<Box<dyn Actuator>> {
        let remote = self.remote.build(&tools)?;
        Ok(Box::new(Caller { remote, key: self.key.clone(), tries: self.tries }))
    }
}

#[derive(Debug)]
struct Caller {
    remote: Remote,
    key: Option<Key>,
    tries: u32,
}

impl Caller {
    async fn tell(&self, order: &Order) -> io::Result<Outcome> {
        let body = serde_json::to_vec(order)?;
        // The same for each try, so that who has heard it knows.
        let id = format!("{}-{}", order.term, order.id);
        let mut backoff = Backoff::new(FIRST_PAUSE, LONGEST_PAUSE);
        for left in (0..self.tries).rev() {
            match self.remote.within(self.post(&id, &body)).await {
                Ok(()) => break,
                Err(why) if left > 0 && why.is_passing() => {
                    tracing::warn!(id, "{why}; trying again");
                    self.remote.pause(backoff.pause()).await;
                }
                Err(why) => return Err(io::Error::other(why)),
            }
        }
        Ok(Outcome::Done)
    }

    async fn post(&self, id: &str, body: &[u8]) -> Result<(), Failure> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let mut request = self
            .remote
            .client
            .request(Method::POST, &[], &[])
            .header("content-type", "application/json")
            .header("idempotency-key", id)
            .header("webhook-id", id)
            .header("webhook-timestamp", now);
        if let Some(key) = &self.key {
            request = request.header("webhook-signature", key.sign(id, now, body));
        }
        self.remote.client.send(request.body(body.to_vec())).await.map(drop)
    }
}

impl Actuator for Caller {
    fn apply<'a>(&'a mut self, order: &'a Order) -> Applying<'a> {
        Box::pin(self.tell(order))
    }
}

/// What requests are signed with.
#[derive(Clone)]
struct Key(Hmac<Sha256>);

impl Key {
    /// `None` if it should be base64 and is not.
    fn new(secret: &Secret) -> Option<Self> {
        let text = secret.reveal();
        let bytes = match text.strip_prefix(ENCODED) {
            Some(encoded) => STANDARD.decode(encoded).ok()?,
            None => text.as_bytes().to_vec(),
        };
        Hmac::new_from_slice(&bytes).ok().map(Self)
    }

    /// The signature of a request: over its identifier, its time and its body.
    fn sign(&self, id: &str, timestamp_s: u64, body: &[u8]) -> String {
        let mut mac = self.0.clone();
        mac.update(format!("{id}.{timestamp_s}.").as_bytes());
        mac.update(body);
        format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_that_of_the_standard() {
        // The example of its specification.
        let secret = Secret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".into());
        let signature = Key::new(&secret).unwrap().sign(
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1_614_265_330,
            br#"{"test": 2432232314}"#,
        );
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        assert!(Key::new(&Secret::new("whsec_###".into())).is_none());
    }
}
