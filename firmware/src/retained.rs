//! What survives a warm reset: the last decision, the settings, and how often it happened.
//!
//! ```text
//! 0   CRC-32 of the rest (ISO-HDLC, as in zip), u32 little-endian
//! 4   "R", version
//! 6   postcard of `Retained`, then zeros
//! ```
//!
//! An image that was replaced by another over a warm reset finds what the other one wrote: of another
//! version nothing is read, and the device begins as after power came on.

use crc::{CRC_32_ISO_HDLC, Crc};
use scaleiq_core::units::Jobs;
use scaleiq_core::wire::Config;
use serde::{Deserialize, Serialize};

/// Bytes that a board must keep through a reset.
pub const RETAINED: usize = 96;
/// Bytes of the checksum in front of them.
const CHECK: usize = 4;
/// What follows the checksum. Records before version 2 had no version: their second byte here is 0 or 1.
const VERSION: [u8; 2] = *b"R\x02";

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
    /// What was saved before a reset; `None` if the power was off, the bytes were hurt, or another
    /// version wrote them.
    pub fn load(memory: &impl Memory) -> Option<Self> {
        let bytes = memory.load();
        let (check, rest) = bytes.split_first_chunk::<CHECK>()?;
        if CRC.checksum(rest) != u32::from_le_bytes(*check) {
            return None;
        }
        let record = rest.strip_prefix(&VERSION)?;
        postcard::take_from_bytes(record).ok().map(|(retained, _)| retained)
    }

    /// Saves it.
    pub fn save(&self, memory: &mut impl Memory) {
        let mut bytes = [0; RETAINED];
        if let Some((check, rest)) = bytes.split_first_chunk_mut::<CHECK>()
            && let Some((version, record)) = rest.split_first_chunk_mut()
            && postcard::to_slice(self, record).is_ok()
        {
            *version = VERSION;
            *check = CRC.checksum(rest).to_le_bytes();
            memory.save(&bytes);
        }
    }
}
