//! What survives a warm reset: the last decision, the settings, and how often it happened.

use crc::{CRC_32_ISO_HDLC, Crc};
use scaleiq_core::units::Jobs;
use scaleiq_core::wire::Config;
use serde::{Deserialize, Serialize};

/// Bytes that a board must keep through a reset.
pub const RETAINED: usize = 96;
/// Bytes of the checksum in front of them.
const CHECK: usize = 4;

const CRC: Crc<u32> = Crc::<u32>::new(&CRC_32_ISO_HDLC);

/// Memory that a reset leaves as it is, and that holds anything after power came on.
pub trait Memory {
    /// What is there.
    fn load(&self) -> [u8; RETAINED];
    /// Overwrites it.
    fn save(&mut self, bytes: &[u8; RETAINED]);
}

/// What is remembered through a reset.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Retained {
    /// Resets since the power came on.
    pub resets: u32,
    /// Whether the reset that comes next is wanted: any other is the watchdog's.
    pub wanted: bool,
    /// Jobs decided last.
    pub jobs: Option<Jobs>,
    /// Settings that the host sent.
    pub config: Option<Config>,
}

impl Retained {
    /// What was saved before a reset; `None` if the power was off or the bytes were hurt.
    pub fn load(memory: &impl Memory) -> Option<Self> {
        let bytes = memory.load();
        let (check, rest) = bytes.split_first_chunk::<CHECK>()?;
        let sound = CRC.checksum(rest) == u32::from_le_bytes(*check);
        if sound {
            postcard::take_from_bytes(rest).ok().map(|(retained, _)| retained)
        } else {
            None
        }
    }

    /// Saves it.
    pub fn save(&self, memory: &mut impl Memory) {
        let mut bytes = [0; RETAINED];
        if let Some((check, rest)) = bytes.split_first_chunk_mut::<CHECK>()
            && postcard::to_slice(self, rest).is_ok()
        {
            *check = CRC.checksum(rest).to_le_bytes();
            memory.save(&bytes);
        }
    }
}
