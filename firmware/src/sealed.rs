//! Records in memory that may hold anything: what was written whole is read, and nothing else.
//!
//! ```text
//! 0   CRC-32 of the rest (ISO-HDLC, as in zip), u32 little-endian
//! 4   a letter that says what it is, and a version
//! 6   postcard of the record, then zeros
//! ```

use crc::{CRC_32_ISO_HDLC, Crc};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Bytes of the checksum in front.
const CHECK: usize = 4;

const CRC: Crc<u32> = Crc::<u32>::new(&CRC_32_ISO_HDLC);

/// The record that `bytes` hold under `tag`; `None` if another version wrote them, or nobody.
pub(crate) fn unseal<T: DeserializeOwned>(bytes: &[u8], tag: [u8; 2]) -> Option<T> {
    let (check, rest) = bytes.split_first_chunk::<CHECK>()?;
    if CRC.checksum(rest) != u32::from_le_bytes(*check) {
        return None;
    }
    let record = rest.strip_prefix(&tag)?;
    postcard::take_from_bytes(record).ok().map(|(record, _)| record)
}

/// `record` under `tag`; `None` if it does not fit.
pub(crate) fn seal<const N: usize>(record: &impl Serialize, tag: [u8; 2]) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    let (check, rest) = bytes.split_first_chunk_mut::<CHECK>()?;
    let (version, room) = rest.split_first_chunk_mut()?;
    postcard::to_slice(record, room).ok()?;
    *version = tag;
    *check = CRC.checksum(rest).to_le_bytes();
    Some(bytes)
}
