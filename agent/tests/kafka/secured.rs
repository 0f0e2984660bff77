//! Behind TLS and a password: a door before recorded frames, since neither broker has both. Its side of SCRAM
//! is made from RFC 5802 for its own.

use super::frames::Frames;
use super::servers::{Certificates, Watched, events};
use super::watch;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::{digest, hmac, pbkdf2};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::num::NonZeroU32;
use std::sync::Arc;

const API_VERSIONS: u8 = 18;
const SASL_HANDSHAKE: u8 = 17;
const SASL_AUTHENTICATE: u8 = 36;
const REFUSED: u16 = 58;
const SALT: &[u8] = b"of the sea";
const ROUNDS: u32 = 4096;

/// What a broker asks for before it answers.
#[derive(Default)]
pub(crate) struct Door {
    tls: Option<Arc<ServerConfig>>,
    login: Option<Login>,
}

/// How the user `scaleiq` logs in.
struct Login {
    mechanism: &'static str,
    password: &'static str,
    /// Whether it lets in whoever comes, since it does not know the password itself.
    is_impostor: bool,
}

/// How far a connection is.
#[derive(Default)]
pub(crate) struct Guest {
    is_in: bool,
    /// The first message of SCRAM, and the answer.
    said: Option<(String, String)>,
}

pub(crate) trait Stream: Read + Write {}

impl<T: Read + Write> Stream for T {}

impl Door {
    pub(crate) fn stream(&self, tcp: TcpStream) -> io::Result<Box<dyn Stream>> {
        let Some(config) = &self.tls else { return Ok(Box::new(tcp)) };
        let server = ServerConnection::new(config.clone()).map_err(io::Error::other)?;
        Ok(Box::new(StreamOwned::new(server, tcp)))
    }

    /// The door's own answer, without its number; `None` if the broker answers.
    pub(crate) fn answer(&self, guest: &mut Guest, question: &[u8]) -> io::Result<Option<Vec<u8>>> {
        let Some(login) = &self.login else { return Ok(None) };
        // Behind the header: key, version, number, and the client's name with its length.
        let body = &question[10 + usize::from(question[9])..];
        match question[1] {
            API_VERSIONS => Ok(None),
            SASL_HANDSHAKE => {
                let known = login.mechanism.as_bytes();
                let error = if &body[2..] == known { 0 } else { 33 };
                Ok(Some([&[0, error, 0, 0, 0, 1, 0, known.len() as u8], known].concat()))
            }
            SASL_AUTHENTICATE => {
                let said = String::from_utf8(body[4..].to_vec()).unwrap();
                let answer = login.step(guest, &said);
                let error = if answer.is_some() { 0 } else { REFUSED };
                let bytes = answer.unwrap_or_default().into_bytes();
                let length = (bytes.len() as u32).to_be_bytes();
                Ok(Some([&error.to_be_bytes()[..], &[0, 4], b"why?", &length, &bytes].concat()))
            }
            _ if guest.is_in => Ok(None),
            _ => Err(io::ErrorKind::PermissionDenied.into()),
        }
    }

    /// The broker's answer; where a password is asked for, it knows the questions about it, too.
    pub(crate) fn with_login(&self, question: &[u8], mut answer: Vec<u8>) -> Vec<u8> {
        if self.login.is_some() && question[1] == API_VERSIONS {
            // Behind its error: how many it knows, in four bytes, of which the last one does here.
            answer[5] += 2;
            for key in [SASL_HANDSHAKE, SASL_AUTHENTICATE] {
                answer.extend([0, key, 0, 0, 0, 1]);
            }
        }
        answer
    }
}

impl Login {
    /// The answer to a step; `None` refuses.
    fn step(&self, guest: &mut Guest, said: &str) -> Option<String> {
        if self.mechanism == "PLAIN" {
            guest.is_in = said == format!("\0scaleiq\0{}", self.password);
            return guest.is_in.then(String::new);
        }
        let Some((first, answered)) = guest.said.take() else {
            let first = said.strip_prefix("n,,")?;
            let nonce = first.strip_prefix("n=scaleiq,r=")?;
            let answer = format!("r={nonce}+more,s={},i={ROUNDS}", STANDARD.encode(SALT));
            guest.said = Some((first.into(), answer.clone()));
            return Some(answer);
        };
        let (unproved, proof) = said.split_once(",p=")?;
        let (digest, mac, rounds) = match self.mechanism {
            "SCRAM-SHA-256" => (&digest::SHA256, hmac::HMAC_SHA256, pbkdf2::PBKDF2_HMAC_SHA256),
            _ => (&digest::SHA512, hmac::HMAC_SHA512, pbkdf2::PBKDF2_HMAC_SHA512),
        };
        let mut salted = vec![0; digest.output_len()];
        let password = self.password.as_bytes();
        pbkdf2::derive(rounds, NonZeroU32::new(ROUNDS)?, SALT, password, &mut salted);
        let sign = |key: &[u8], text: &str| hmac::sign(&hmac::Key::new(mac, key), text.as_bytes());
        let stored = digest::digest(digest, sign(&salted, "Client Key").as_ref());
        let all = format!("{first},{answered},{unproved}");
        let signature = sign(stored.as_ref(), &all);
        let proof = STANDARD.decode(proof).ok()?;
        // From the proof follows the key, of which the server has stored what it hashes to.
        let key: Vec<u8> = proof.iter().zip(signature.as_ref()).map(|(p, s)| p ^ s).collect();
        guest.is_in = self.is_impostor || digest::digest(digest, &key).as_ref() == stored.as_ref();
        let signature = sign(sign(&salted, "Server Key").as_ref(), &all);
        guest.is_in.then(|| format!("v={}", STANDARD.encode(signature)))
    }
}

/// The ways of logging in.
const MECHANISMS: [&str; 3] = ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"];

/// A source of a recorded broker behind `door`.
fn behind(door: Door, settings: &str) -> Watched {
    watch(&[Frames::read("librdkafka").play(door)], settings)
}

fn login(mechanism: &'static str, is_impostor: bool) -> Door {
    let login = Login { mechanism, password: "open sesame", is_impostor };
    Door { login: Some(login), ..Door::default() }
}

fn sasl(mechanism: &str, password: &str) -> String {
    format!(", sasl: {{mechanism: {mechanism}, username: scaleiq, password: \"{password}\"}}")
}

#[test]
fn who_knows_the_password_is_let_in() {
    let sources = MECHANISMS
        .map(|mechanism| behind(login(mechanism, false), &sasl(mechanism, "open sesame")));
    for source in sources {
        assert_eq!(events(&source.wait_for_more(1)[..1]).2, Some(9.0));
    }
}

#[test]
fn who_does_not_is_told_so_and_the_password_is_not() {
    let wrong = MECHANISMS
        .map(|mechanism| behind(login(mechanism, false), &sasl(mechanism, "open barley")));
    let otherwise = behind(login("SCRAM-SHA-512", false), &sasl("PLAIN", "open sesame"));
    let nobody = behind(login("PLAIN", false), "");
    // A broker that does not know the password itself would get one, and is not believed.
    let impostor = behind(login("SCRAM-SHA-256", true), &sasl("SCRAM-SHA-256", "open barley"));
    for source in wrong {
        source.wait_until_waiting("refuses the user `scaleiq` (why?); check `sasl.password`");
        assert!(source.failures("denied") > 0 && source.told().is_empty());
        assert!(!format!("{:?}", source.condition()).contains("barley"));
    }
    otherwise.wait_until_waiting("knows SCRAM-SHA-512 and not PLAIN; check `sasl`");
    nobody.wait_until_waiting("closed the connection; if it always does, check `tls` and `sasl`");
    impostor.wait_until_waiting("does not know the password of `sasl` itself");
    assert!(impostor.told().is_empty());
}

/// A door with a certificate, which asks for one, too.
fn locked(certificates: &Certificates) -> Door {
    let read = |name| CertificateDer::from_pem_file(certificates.file(name)).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut roots = RootCertStore::empty();
    roots.add(read("ca.pem")).unwrap();
    let guests = WebPkiClientVerifier::builder_with_provider(roots.into(), provider.clone());
    let key = PrivateKeyDer::from_pem_file(certificates.file("server.key")).unwrap();
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(guests.build().unwrap())
        .with_single_cert(vec![read("server.pem")], key)
        .unwrap();
    Door { tls: Some(Arc::new(config)), ..Door::default() }
}

#[test]
fn certificates_are_checked_on_both_sides() {
    let Some(certificates) = Certificates::make() else { return };
    let file = |name| certificates.file(name).display().to_string();
    let (ca, named) = (format!("ca_file: {}", file("ca.pem")), "server_name: server.test");
    let own = format!("cert_file: {}, key_file: {}", file("client.pem"), file("client.key"));
    let known = behind(locked(&certificates), &format!(", tls: {{{ca}, {named}, {own}}}"));
    // By its address it is not known, its authority is not that of the system, and it asks for the agent's.
    let refused = [format!("{ca}, {own}"), format!("{named}, {own}"), format!("{ca}, {named}")]
        .map(|tls| behind(locked(&certificates), &format!(", tls: {{{tls}}}")));
    let unasked = behind(locked(&certificates), "");
    let asked = behind(Door::default(), &format!(", tls: {{{ca}}}"));
    assert_eq!(events(&known.wait_for_more(1)[..1]).2, Some(9.0));
    for source in refused {
        source.wait_until_waiting("check `tls`");
        assert!(source.failures("denied") > 0);
    }
    unasked.wait_until_waiting("wants TLS: set `tls`");
    asked.wait_until_waiting("closed the connection; if it always does, check `tls` and `sasl`");
}
