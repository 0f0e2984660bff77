//! The client's side of SCRAM (RFC 5802, with SHA-256 and SHA-512 as RFC 7677 has it).
//!
//! The password never leaves: each side shows that it knows what was made of it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::{digest, hmac, pbkdf2};
use std::num::NonZeroU32;

/// No channel is bound, and nobody else is asked for.
const GS2: &str = "n,,";
/// Most rounds that a server may ask for: Kafka's most are 16 384, and each costs time.
const MAX_ROUNDS: u32 = 100_000;

/// What SCRAM is made of in one of its variants.
#[derive(Clone, Copy)]
pub(super) struct Hash {
    digest: &'static digest::Algorithm,
    hmac: hmac::Algorithm,
    pbkdf2: pbkdf2::Algorithm,
}

/// SCRAM-SHA-256.
pub(super) static SHA256: Hash =
    Hash { digest: &digest::SHA256, hmac: hmac::HMAC_SHA256, pbkdf2: pbkdf2::PBKDF2_HMAC_SHA256 };
/// SCRAM-SHA-512.
pub(super) static SHA512: Hash =
    Hash { digest: &digest::SHA512, hmac: hmac::HMAC_SHA512, pbkdf2: pbkdf2::PBKDF2_HMAC_SHA512 };

/// What is said first.
pub(super) struct First {
    hash: Hash,
    nonce: String,
    bare: String,
}

/// What is said last.
pub(super) struct Last {
    /// The message.
    pub(super) message: String,
    expected: hmac::Tag,
}

impl First {
    /// Begins as `user`; `nonce` is used once, and has no comma.
    pub(super) fn new(hash: Hash, user: &str, nonce: String) -> Self {
        // Kafka prepares neither names nor passwords (SASLprep), so neither is done here.
        let user = user.replace('=', "=3D").replace(',', "=2C");
        Self { hash, bare: format!("n={user},r={nonce}"), nonce }
    }

    /// The message.
    pub(super) fn message(&self) -> String {
        format!("{GS2}{}", self.bare)
    }

    /// Answers what the server said; `None` if that is no answer to the first message.
    pub(super) fn answer(&self, server: &str, password: &str) -> Option<Last> {
        let mut parts = server.split(',');
        let nonce = parts.next()?.strip_prefix("r=")?;
        let salt = STANDARD.decode(parts.next()?.strip_prefix("s=")?).ok()?;
        let rounds: u32 = parts.next()?.strip_prefix("i=")?.parse().ok()?;
        if !nonce.starts_with(&self.nonce) || nonce == self.nonce || rounds > MAX_ROUNDS {
            return None;
        }
        let Hash { digest, hmac, pbkdf2 } = self.hash;
        let mut salted = vec![0; digest.output_len()];
        pbkdf2::derive(pbkdf2, NonZeroU32::new(rounds)?, &salt, password.as_bytes(), &mut salted);
        let keyed =
            |key: &[u8], text: &str| hmac::sign(&hmac::Key::new(hmac, key), text.as_bytes());
        let client_key = keyed(&salted, "Client Key");
        let stored_key = digest::digest(digest, client_key.as_ref());
        let unproved = format!("c={},r={nonce}", STANDARD.encode(GS2));
        let all = format!("{},{server},{unproved}", self.bare);
        let signature = keyed(stored_key.as_ref(), &all);
        let bytes = client_key.as_ref().iter().zip(signature.as_ref());
        let proof: Vec<u8> = bytes.map(|(key, signature)| key ^ signature).collect();
        let server_key = keyed(&salted, "Server Key");
        Some(Last {
            message: format!("{unproved},p={}", STANDARD.encode(proof)),
            expected: keyed(server_key.as_ref(), &all),
        })
    }
}

impl Last {
    /// Whether the server has shown that it knows the password, too.
    pub(super) fn is_confirmed_by(&self, server: &str) -> bool {
        let signature = server.split(',').next().and_then(|part| part.strip_prefix("v="));
        let signature = signature.and_then(|text| STANDARD.decode(text).ok());
        signature.is_some_and(|signature| signature == self.expected.as_ref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(hash: Hash) -> First {
        First::new(hash, "user", "rOprNGfwEbeRWgbNEkqO".into())
    }

    #[test]
    fn the_example_of_rfc_7677_comes_out() {
        let first = first(SHA256);
        assert_eq!(first.message(), "n,,n=user,r=rOprNGfwEbeRWgbNEkqO");
        let server = "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
                      s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
        let last = first.answer(server, "pencil").unwrap();
        assert_eq!(
            last.message,
            "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
             p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
        );
        assert!(last.is_confirmed_by("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="));
        assert!(!last.is_confirmed_by("v=7rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="));
        assert!(!last.is_confirmed_by("e=invalid-proof"));
    }

    #[test]
    fn sha_512_comes_out_as_python_computes_it() {
        let server = "r=rOprNGfwEbeRWgbNEkqO02431b08-2f89-4bad-a4e6-80c0564ec865,\
                      s=Yin2FuHTt/M0kJWb0t9OI32n2VmOGi3m+JfjOvuDF88=,i=4096";
        let last = first(SHA512).answer(server, "pencil").unwrap();
        let proof = last.message.split_once(",p=").unwrap().1;
        assert_eq!(
            proof,
            "Hc5yec3NmCD7t+kFRw4/3yD6/F3SQHc7AVYschRja+Bc\
             3sbdjlA0eH1OjJc0DD4ghn1tnXN5/Wr6qm9xmaHt4A=="
        );
        assert!(last.is_confirmed_by(
            "v=BQuhnKHqYDwQWS5jAw4sZed+C9KFUALsbrq81bB0mh+b\
             cUUbbMPNNmBIupnS2AmyyDnG5CTBQtkjJ9kyY4kzmw=="
        ));
    }

    #[test]
    fn what_is_no_answer_to_the_first_message_is_refused() {
        for server in [
            "",
            "r=another,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
            "r=rOprNGfwEbeRWgbNEkqO,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
            "r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=0",
            "r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4000000000",
            "e=other-error",
        ] {
            assert!(first(SHA256).answer(server, "pencil").is_none(), "{server}");
        }
    }

    #[test]
    fn names_are_escaped() {
        assert_eq!(First::new(SHA256, "a=b,c", "n".into()).message(), "n,,n=a=3Db=2Cc,r=n");
    }
}
