//! How decisions are traced back to the model that made them.

use super::choice::NO_MODEL;
use super::engine::Engine;
use scaleiq_core::model::{Card, sha256_hex};
use serde::{Deserialize, Serialize};

/// Word with which names of devices' models begin.
const DEVICE: &str = "device";

/// Which model decides, as decisions are traced back to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelId {
    /// Its name.
    pub name: String,
    /// SHA-256 of all that its card says and, if it is not tract in int8, of the engine's name, and so of
    /// all that decisions follow from: the card holds the hash of each network. It is taken after
    /// parsing, so layout does not matter. `None` without networks.
    pub sha256: Option<String>,
}

impl ModelId {
    /// No networks.
    #[must_use]
    pub fn none() -> Self {
        Self { name: NO_MODEL.into(), sha256: None }
    }

    /// The model of `card` in `engine`.
    ///
    /// # Errors
    /// If the card cannot be written as JSON.
    pub fn new(card: &Card, engine: Engine) -> serde_json::Result<Self> {
        let mut text = card.identity()?;
        if engine != Engine::TractInt8 {
            text += engine.word();
        }
        Ok(Self { name: card.name.clone(), sha256: Some(sha256_hex(text.as_bytes())) })
    }

    /// The pack with this CRC in the device on `port`. All that is known of it is the CRC, so that is
    /// what the hash is taken over, behind a word that tells it from other models.
    #[must_use]
    pub fn device(port: &str, pack_crc: u32) -> Self {
        let sha256 = sha256_hex(format!("{DEVICE} {pack_crc:08x}").as_bytes());
        Self { name: format!("{DEVICE} {port}, pack {pack_crc:08x}"), sha256: Some(sha256) }
    }

    /// Whether a device decided. It is seen from the hash: a card may have any name.
    #[must_use]
    pub fn is_device(&self) -> bool {
        let crc = self.name.rsplit(' ').next().and_then(|crc| u32::from_str_radix(crc, 16).ok());
        crc.is_some_and(|crc| Self::device("", crc).sha256 == self.sha256)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use scaleiq_core::model::{Bundle, Q_NETWORK_F32};

    #[test]
    fn whatever_decisions_follow_from_is_in_the_hash() {
        let mut card = Bundle::shipped().unwrap().card().clone();
        let id = |card: &Card| ModelId::new(card, Engine::TractInt8).unwrap();
        let shipped = id(&card);
        assert_eq!(shipped, id(&card.clone()));
        let [native, float] =
            [Engine::Native, Engine::TractF32].map(|e| ModelId::new(&card, e).unwrap());
        assert!(shipped != native && shipped != float && native != float);
        card.policy.min_advantage = 0.125;
        assert_ne!(shipped.sha256, id(&card).sha256);
        card = Bundle::shipped().unwrap().card().clone();
        card.files.insert(Q_NETWORK_F32.into(), "0".repeat(64));
        assert_ne!(shipped.sha256, id(&card).sha256);
    }

    #[test]
    fn a_device_is_known_by_its_hash_alone() {
        let device = ModelId::device("/dev/ttyACM0", 0x0b1c_2d3e);
        assert_eq!(device.name, "device /dev/ttyACM0, pack 0b1c2d3e");
        assert!(device.is_device());
        assert_eq!(device.sha256, ModelId::device("COM3", 0x0b1c_2d3e).sha256);
        assert_ne!(device.sha256, ModelId::device("/dev/ttyACM0", 1).sha256);
        let namesake = ModelId { sha256: Some("0".repeat(64)), ..device };
        assert!(!namesake.is_device() && !ModelId::none().is_device());
    }
}
