//! Messages as frames: postcard and a CRC in COBS (Cheshire and Baker 1999), ended by a zero byte.

use super::{Frame, Message, VERSION};
use crc::{CRC_32_ISO_HDLC, Crc};
use heapless::Vec;

/// Longest frame in bytes, its end included.
pub const MAX_FRAME: usize = 512;
/// Bytes of the checksum.
const CHECK: usize = 4;
/// Longest content: what COBS adds and the end fit beside it.
const MAX_CONTENT: usize = MAX_FRAME - MAX_FRAME / 254 - 2;

const CRC: Crc<u32> = Crc::<u32>::new(&CRC_32_ISO_HDLC);

/// Why bytes are no message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameError {
    /// Longer than [`MAX_FRAME`].
    TooLong,
    /// Not COBS, or shorter than the shortest frame.
    Malformed,
    /// The checksum is wrong.
    Checksum,
    /// Sound, but of another version: nothing more of it is known.
    Version(u8),
    /// Sound, but no message of this version.
    Unknown {
        /// The frame's number, which an answer has to bear.
        sequence: u16,
    },
}

/// A message as a frame with the number `sequence`.
///
/// ```
/// use scaleiq_core::wire::{Frame, FrameReader, Message, encode};
///
/// let bytes = encode(7, &Message::Ask)?;
/// assert_eq!(bytes.last(), Some(&0));
/// let mut reader = FrameReader::default();
/// let read = bytes.iter().find_map(|byte| reader.push(*byte));
/// assert_eq!(read, Some(Ok(Frame { sequence: 7, message: Message::Ask })));
/// # Ok::<(), scaleiq_core::wire::FrameError>(())
/// ```
///
/// # Errors
/// If it does not fit into [`MAX_FRAME`].
pub fn encode(sequence: u16, message: &Message) -> Result<Vec<u8, MAX_FRAME>, FrameError> {
    let mut content = [0; MAX_CONTENT];
    let (room, _) = content.split_last_chunk_mut::<CHECK>().ok_or(FrameError::TooLong)?;
    let content_of = (VERSION, sequence.to_le_bytes(), message);
    let used = postcard::to_slice(&content_of, room).map_err(|_| FrameError::TooLong)?;
    let (used, check) = (used.len(), CRC.checksum(used).to_le_bytes());
    let rest = content.iter_mut().skip(used);
    rest.zip(check).for_each(|(to, byte)| *to = byte);
    let content = content.get(..used + CHECK).ok_or(FrameError::TooLong)?;
    stuff(content).ok_or(FrameError::TooLong)
}

/// Bytes between two zeros at most, in a group of COBS.
const GROUP: usize = 254;

/// `content` as a frame with its end: groups of bytes that are not zero, each behind its length and
/// one; a group shorter than [`GROUP`] stands for a zero after it.
pub(super) fn stuff(content: &[u8]) -> Option<Vec<u8, MAX_FRAME>> {
    let mut frame = Vec::new();
    for part in content.split(|byte| *byte == 0) {
        let mut groups = part.chunks(GROUP).peekable();
        // Between two zeros, and after one at the end, there is an empty group.
        if groups.peek().is_none() {
            frame.push(1).ok()?;
        }
        while let Some(group) = groups.next() {
            frame.push(group.len() as u8 + 1).ok()?;
            frame.extend_from_slice(group).ok()?;
            // A full group stands for no zero: one that ends a part needs an empty one behind it.
            if group.len() == GROUP && groups.peek().is_none() {
                frame.push(1).ok()?;
            }
        }
    }
    frame.push(0).ok()?;
    Some(frame)
}

/// The content of a frame without its end, in place; `None` if a group reaches beyond the end.
pub(super) fn unstuff(frame: &mut [u8]) -> Option<&[u8]> {
    let (mut read, mut written) = (0, 0);
    while let Some(&code) = frame.get(read) {
        let from = read + 1;
        read = from + usize::from(code).checked_sub(1)?;
        for at in from..read {
            let byte = *frame.get(at)?;
            *frame.get_mut(written)? = byte;
            written += 1;
        }
        if usize::from(code) <= GROUP && read < frame.len() {
            *frame.get_mut(written)? = 0;
            written += 1;
        }
    }
    frame.get(..written)
}

/// Number and message from a frame without its end.
fn decode(frame: &mut [u8]) -> Result<Frame, FrameError> {
    let content = unstuff(frame).ok_or(FrameError::Malformed)?;
    let (content, check) = content.split_last_chunk::<CHECK>().ok_or(FrameError::Malformed)?;
    if CRC.checksum(content) != u32::from_le_bytes(*check) {
        return Err(FrameError::Checksum);
    }
    match *content {
        [] => Err(FrameError::Malformed),
        [VERSION, low, high, ref message @ ..] => {
            let sequence = u16::from_le_bytes([low, high]);
            match postcard::take_from_bytes(message) {
                Ok((message, [])) => Ok(Frame { sequence, message }),
                _ => Err(FrameError::Unknown { sequence }),
            }
        }
        [VERSION, ..] => Err(FrameError::Malformed),
        [version, ..] => Err(FrameError::Version(version)),
    }
}

/// Collects bytes until a frame ends; whatever was lost, it is in step again at the next zero.
#[derive(Clone, Debug, Default)]
pub struct FrameReader {
    bytes: Vec<u8, MAX_FRAME>,
    overflown: bool,
}

impl FrameReader {
    /// Takes one byte; gives what a frame held, or an error, when it ends one.
    pub fn push(&mut self, byte: u8) -> Option<Result<Frame, FrameError>> {
        if byte != 0 {
            self.overflown |= self.bytes.push(byte).is_err();
            return None;
        }
        let overflown = core::mem::take(&mut self.overflown);
        // A lone zero is how a sender makes sure that the line is in step.
        let frame = match (overflown, self.bytes.is_empty()) {
            (true, _) => Some(Err(FrameError::TooLong)),
            (false, true) => None,
            (false, false) => Some(decode(&mut self.bytes)),
        };
        self.bytes.clear();
        frame
    }
}
