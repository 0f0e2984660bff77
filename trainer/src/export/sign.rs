//! Signs models, so that whoever has the public key can tell them from others before reading them.
//!
//! Keys and signatures are those of `openssl`: PKCS #8 in PEM, and the 64 bytes of
//! `openssl pkeyutl -sign -rawin`.

use crate::runtime::files::{FileError, write_atomic};
use anyhow::{Context as _, Result, anyhow, ensure};
use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{DecodePrivateKey as _, EncodePrivateKey as _, KeypairBytes};
use ed25519_dalek::{Signer as _, SigningKey};
use scaleiq_core::model::{
    Bundle, CARD_FILE, CARD_SIGNATURE, ModelKey, PACK, PACK_SIGNATURE, sha256_hex,
};
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::Path;

/// A key that signs.
#[derive(Clone)]
pub struct SignKey(SigningKey);

impl SignKey {
    /// Makes a new one and writes it to `path`, which only the present user may read, and which must not
    /// be there yet.
    ///
    /// # Errors
    /// If the system gives no random numbers, or the file cannot be written.
    pub fn generate(path: &Path) -> Result<Self> {
        let mut secret_key = [0; 32];
        getrandom::fill(&mut secret_key).map_err(|error| anyhow!("no random numbers: {error}"))?;
        // Without the public half, which `openssl` does not read.
        let pem = KeypairBytes { secret_key, public_key: None }.to_pkcs8_pem(LineEnding::LF);
        let pem = pem.map_err(|error| anyhow!("the key cannot be written as PEM: {error}"))?;
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let written = options.open(path).and_then(|mut file| {
            file.write_all(pem.as_bytes())?;
            file.sync_all()
        });
        written.map_err(FileError::of("write", path))?;
        Ok(Self(SigningKey::from_bytes(&secret_key)))
    }

    /// Reads one.
    ///
    /// # Errors
    /// If the file cannot be read, or has no such key.
    pub fn read(path: &Path) -> Result<Self> {
        let pem = fs::read_to_string(path).map_err(FileError::of("read", path))?;
        let key = SigningKey::from_pkcs8_pem(&pem).map_err(|error| {
            anyhow!(
                "{}: no private key of Ed25519 as `trainer key` and `openssl genpkey -algorithm ed25519` \
                 write it, without a password: {error}",
                path.display()
            )
        })?;
        Ok(Self(key))
    }

    /// Its other half, which those who check signatures have.
    #[must_use]
    pub fn public(&self) -> ModelKey {
        self.0.verifying_key().into()
    }

    /// Signs the model in `folder`: its card, which has the hashes of all other files, and its pack, for
    /// devices. Returns the names of the files that were written.
    ///
    /// # Errors
    /// If the card is none, a file is not what it says, or the signatures cannot be written.
    pub fn sign(&self, folder: &Path) -> Result<Vec<&'static str>> {
        let card = Bundle::card_of(folder)?;
        for (name, expected) in &card.files {
            let found = sha256_hex(&read(folder, name)?);
            ensure!(
                found == *expected,
                "{} has SHA-256 {found}, and the card says {expected}: nothing was signed",
                folder.join(name).display()
            );
        }
        let mut written = Vec::new();
        for (name, signature) in [(CARD_FILE, CARD_SIGNATURE), (PACK, PACK_SIGNATURE)] {
            if name == CARD_FILE || card.files.contains_key(name) {
                let bytes = self.0.sign(&read(folder, name)?).to_bytes();
                write_atomic(&folder.join(signature), &bytes)?;
                written.push(signature);
            }
        }
        Ok(written)
    }
}

fn read(folder: &Path, name: &str) -> Result<Vec<u8>> {
    let path = folder.join(name);
    fs::read(&path).with_context(|| format!("reading {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use scaleiq_core::model::{ModelError, Origin};
    use std::path::PathBuf;

    /// A copy of the shipped model, of as much as the card names.
    fn model(at: &Path) -> PathBuf {
        let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/edge");
        let folder = at.join("model");
        fs::create_dir(&folder).unwrap();
        for entry in fs::read_dir(shipped).unwrap().flatten() {
            fs::copy(entry.path(), folder.join(entry.file_name())).unwrap();
        }
        folder
    }

    fn open(path: &Path, key: &SignKey) -> Result<(), ModelError> {
        let key = key.public();
        Bundle::card_of(Origin::Folder { path, key: Some(&key) }).map(|_| ())
    }

    #[test]
    fn what_is_signed_opens_and_nothing_else_does() {
        let at = tempfile::tempdir().unwrap();
        let folder = model(at.path());
        let key = SignKey::generate(&at.path().join("key.pem")).unwrap();
        let other = SignKey::generate(&at.path().join("other.pem")).unwrap();
        assert!(matches!(open(&folder, &key), Err(ModelError::Unsigned { .. })));
        assert_eq!(key.sign(&folder).unwrap(), [CARD_SIGNATURE, PACK_SIGNATURE]);
        open(&folder, &key).unwrap();
        assert!(matches!(open(&folder, &other), Err(ModelError::Signature { .. })));
        let pack = fs::read(folder.join(PACK)).unwrap();
        let signature = fs::read(folder.join(PACK_SIGNATURE)).unwrap();
        assert_eq!(key.public().check(&pack, &signature), Ok(()));

        // What is not signed is not parsed: it is no JSON, and nobody says so.
        let card = folder.join(CARD_FILE);
        fs::write(&card, "{").unwrap();
        assert!(matches!(open(&folder, &key), Err(ModelError::Signature { .. })));
        assert!(matches!(Bundle::card_of(&*folder), Err(ModelError::Card { .. })));
        assert!(key.sign(&folder).unwrap_err().to_string().contains("is not valid"));
    }

    #[test]
    fn a_model_that_is_not_whole_is_not_signed() {
        let at = tempfile::tempdir().unwrap();
        let folder = model(at.path());
        let key = SignKey::generate(&at.path().join("key.pem")).unwrap();
        fs::write(folder.join(PACK), "other").unwrap();
        let error = key.sign(&folder).unwrap_err().to_string();
        assert!(error.contains("model.pack has SHA-256") && error.contains("nothing was signed"));
        assert!(!folder.join(CARD_SIGNATURE).exists());
    }

    #[test]
    fn keys_are_read_back_and_never_overwritten() {
        let at = tempfile::tempdir().unwrap();
        let path = at.path().join("key.pem");
        let key = SignKey::generate(&path).unwrap();
        assert_eq!(SignKey::read(&path).unwrap().public(), key.public());
        assert!(SignKey::generate(&path).is_err());
        assert_eq!(SignKey::read(&path).unwrap().public(), key.public());
        fs::write(&path, "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n").unwrap();
        let error = SignKey::read(&path).err().unwrap().to_string();
        assert!(error.contains("key.pem: no private key of Ed25519"), "{error}");
        // As `openssl genpkey -algorithm ed25519` writes them: the secret key of RFC 8032, 7.1, test 1.
        fs::write(&path, OPENSSL).unwrap();
        assert_eq!(
            SignKey::read(&path).unwrap().public().to_string(),
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
        );
    }

    const OPENSSL: &str = "-----BEGIN PRIVATE KEY-----\n\
        MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n\
        -----END PRIVATE KEY-----\n";
}
