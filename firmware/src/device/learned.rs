//! What was learned goes to the host, and comes back.
//!
//! ```text
//! 0   "SIQL"
//! 4   version, u16 little-endian            LAYOUT
//! 6   number of experts, u16 little-endian  a program with seasons of its own has more
//! 8   length of the model's interval in seconds, u32 little-endian
//! 12  CRC-32 of the rest (ISO-HDLC, as in zip), u32 little-endian
//! 16  the controller, the last sample and its decision
//! ```

use super::Device;
use crate::retained::Memory;
use crate::store::Store;
use crc::{CRC_32_ISO_HDLC, Crc};
use heapless::Vec;
use scaleiq_core::forecast::EXPERTS;
use scaleiq_core::learned::{Archive, LAYOUT, Learned};
use scaleiq_core::wire::{CHUNK, Message, Refusal};

const MAGIC: [u8; 4] = *b"SIQL";
const HEADER: usize = 16;

const CRC: Crc<u32> = Crc::<u32>::new(&CRC_32_ISO_HDLC);

/// All of a device that a restart forgets.
impl<'m, M: Memory, S: Store<'m>> Learned for Device<'m, M, S> {
    fn pass(&mut self, archive: &mut Archive<'_>) {
        self.controller.pass(archive);
        self.last.pass(archive);
        archive.value(&mut self.last_decision);
        self.status.epoch.pass(archive);
    }
}

impl<'m, M: Memory, S: Store<'m>> Device<'m, M, S> {
    /// The part of it that begins at `offset`.
    pub(super) fn learned(&mut self, offset: u32) -> Message {
        let (length, crc) = Archive::check(self);
        let mut part = [0; CHUNK];
        let header = self.header(crc);
        let from = offset as usize;
        let heads = header.iter().skip(from);
        let before = heads.len();
        part.iter_mut().zip(heads).for_each(|(to, byte)| *to = *byte);
        let room = part.get_mut(before..).unwrap_or_default();
        let count = before + Archive::write(self, from.saturating_sub(HEADER), room);
        let bytes = Vec::from_slice(part.get(..count).unwrap_or_default()).unwrap_or_default();
        let length = (HEADER + length) as u32;
        Message::Learned { epoch: self.status.epoch, length, offset, bytes }
    }

    /// Makes the device what it was when `bytes` were had of it.
    pub(super) fn bring_back(&mut self, bytes: &[u8]) -> Result<(), Refusal> {
        let (header, body) = bytes.split_first_chunk::<HEADER>().ok_or(Refusal::Learned)?;
        if *header != self.header(CRC.checksum(body)) {
            return Err(Refusal::Learned);
        }
        if !Archive::read(self, body) {
            // Made by hand, with a right checksum: what is there now is nothing to decide with.
            self.forget();
            return Err(Refusal::Learned);
        }
        Ok(())
    }

    fn header(&self, crc: u32) -> [u8; HEADER] {
        let [m0, m1, m2, m3] = MAGIC;
        let [v0, v1] = LAYOUT.to_le_bytes();
        let [i0, i1, i2, i3] = self.controller.settings().interval.seconds().to_le_bytes();
        let [c0, c1, c2, c3] = crc.to_le_bytes();
        let [e0, e1] = (EXPERTS as u16).to_le_bytes();
        [m0, m1, m2, m3, v0, v1, e0, e1, i0, i1, i2, i3, c0, c1, c2, c3]
    }
}
