//! Who must have signed a model.

use core::fmt;
use core::str::FromStr;
use ed25519_dalek::{Signature, VerifyingKey};

/// Bytes of a signature (RFC 8032).
pub const SIGNATURE_BYTES: usize = 64;

/// An Ed25519 public key (RFC 8032): what it signed may be parsed. Written as 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ModelKey([u8; 32]);

/// Why something does not count as signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureFault {
    /// What should be a signature has another length.
    #[error("{0} bytes are no Ed25519 signature, which has {SIGNATURE_BYTES}")]
    Length(usize),
    /// It was made with another key, or over something else.
    #[error("it was not made over this card with the key {0}")]
    Other(ModelKey),
}

impl ModelKey {
    /// Checks that `signature` was made over `message` with this key's other half.
    ///
    /// # Errors
    /// If it was not.
    pub fn check(&self, message: &[u8], signature: &[u8]) -> Result<(), SignatureFault> {
        let bytes = signature.try_into().map_err(|_| SignatureFault::Length(signature.len()))?;
        let signature = Signature::from_bytes(bytes);
        let checked = VerifyingKey::from_bytes(&self.0)
            .and_then(|key| key.verify_strict(message, &signature));
        checked.map_err(|_| SignatureFault::Other(*self))
    }
}

impl From<VerifyingKey> for ModelKey {
    fn from(key: VerifyingKey) -> Self {
        Self(key.to_bytes())
    }
}

impl FromStr for ModelKey {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut bytes = [0; 32];
        let digit = |byte: u8| char::from(byte).to_digit(16);
        let digits: Option<Vec<u32>> = text.trim().bytes().map(digit).collect();
        let digits = digits.filter(|digits| digits.len() == 2 * bytes.len());
        let digits = digits.ok_or("is not 64 hexadecimal digits")?;
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            // Two digits are less than 256.
            *byte = (16 * pair[0] + pair[1]) as u8;
        }
        match VerifyingKey::from_bytes(&bytes) {
            Ok(key) if !key.is_weak() => Ok(key.into()),
            _ => Err("is no public key of Ed25519"),
        }
    }
}

impl fmt::Display for ModelKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for ModelKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ModelKey({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ed25519_dalek::{Signer as _, SigningKey};

    /// RFC 8032, section 7.1, test 1: secret and public key, and the signature over nothing.
    const SECRET: &str = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
    const PUBLIC: &str = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
    const SIGNATURE: &str = "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b";

    fn bytes(hex: &str) -> Vec<u8> {
        let at = |k: usize| u8::from_str_radix(&hex[k..k + 2], 16).unwrap();
        (0..hex.len()).step_by(2).map(at).collect()
    }

    #[test]
    fn what_the_standard_signed_is_signed_and_a_bit_more_is_not() {
        let key: ModelKey = PUBLIC.parse().unwrap();
        assert_eq!(key.to_string(), PUBLIC);
        let mut signature = bytes(SIGNATURE);
        assert_eq!(key.check(b"", &signature), Ok(()));
        assert_eq!(key.check(b"x", &signature), Err(SignatureFault::Other(key)));
        signature[3] ^= 1;
        assert_eq!(key.check(b"", &signature), Err(SignatureFault::Other(key)));
        assert_eq!(key.check(b"", b"none"), Err(SignatureFault::Length(4)));
        let secret = SigningKey::from_bytes(bytes(SECRET).as_slice().try_into().unwrap());
        assert_eq!(ModelKey::from(secret.verifying_key()), key);
        assert_eq!(key.check(b"card", &secret.sign(b"card").to_bytes()), Ok(()));
    }

    #[test]
    fn what_is_no_key_is_said_to_be_none() {
        for text in ["", "d75a", &PUBLIC.replace('d', "g"), &PUBLIC.replace('d', "é")] {
            assert_eq!(text.parse::<ModelKey>(), Err("is not 64 hexadecimal digits"), "{text}");
        }
        // The neutral element: every signature would be good under it.
        let weak = format!("01{}", "0".repeat(62));
        assert_eq!(weak.parse::<ModelKey>(), Err("is no public key of Ed25519"));
    }
}
