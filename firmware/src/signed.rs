//! Who may say which model decides.

use scaleiq_core::engine::Pack;
use scaleiq_core::wire::Refusal;

/// Bytes of an Ed25519 public key (RFC 8032).
pub type Key = [u8; 32];

/// Who has to sign models: known when the image is built, so that one without a key has nothing of what
/// checks signatures in it.
pub trait Signer {
    /// The key; none on a bench, where any model is taken.
    const KEY: Option<Key>;
}

/// Bytes of a signature, which follow those of the pack.
pub(crate) const SIGNATURE: usize = 64;

/// The pack that `bytes` are, without its signature: with a `key` only if that was made with it. Nothing
/// but the length that the pack tells is read before.
pub(crate) fn pack<'m>(bytes: &'m [u8], key: Option<&Key>) -> Result<&'m [u8], Refusal> {
    let length = Pack::length(bytes).ok_or(Refusal::Pack)?;
    let (pack, rest) = bytes.split_at_checked(length).ok_or(Refusal::Pack)?;
    let signature = rest.first_chunk();
    match key {
        None if rest.is_empty() || rest.len() == SIGNATURE => Ok(pack),
        None => Err(Refusal::Pack),
        Some(key) => match signature {
            Some(signature) if is_signed(pack, signature, key) => Ok(pack),
            _ => Err(Refusal::Signature),
        },
    }
}

#[cfg(not(feature = "prove-no-panic"))]
fn is_signed(pack: &[u8], signature: &[u8; SIGNATURE], key: &Key) -> bool {
    let signature = ed25519_dalek::Signature::from_bytes(signature);
    ed25519_dalek::VerifyingKey::from_bytes(key)
        .is_ok_and(|key| key.verify_strict(pack, &signature).is_ok())
}

/// The proof is about what decides: the crate of the signature is left to its own tests.
#[cfg(feature = "prove-no-panic")]
fn is_signed(_: &[u8], _: &[u8; SIGNATURE], _: &Key) -> bool {
    false
}
