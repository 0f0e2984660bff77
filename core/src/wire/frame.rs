//! Messages as frames: postcard and a CRC in COBS (Cheshire and Baker 1999), ended by a zero byte.

use super::{Message, VERSION};
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
    /// Sound, but of another version.
    Version(u8),
    /// Sound, but no message of this version.
    Unknown,
}

/// A message as a frame.
///
/// # Errors
/// If it does not fit into [`MAX_FRAME`].
pub fn encode(message: &Message) -> Result<Vec<u8, MAX_FRAME>, FrameError> {
    let mut content = [0; MAX_CONTENT];
    let (room, _) = content.split_last_chunk_mut::<CHECK>().ok_or(FrameError::TooLong)?;
    let used = postcard::to_slice(&(VERSION, message), room).map_err(|_| FrameError::TooLong)?;
    let (used, check) = (used.len(), CRC.checksum(used).to_le_bytes());
    let rest = content.iter_mut().skip(used);
    rest.zip(check).for_each(|(to, byte)| *to = byte);
    let content = content.get(..used + CHECK).ok_or(FrameError::TooLong)?;
    let mut frame = Vec::new();
    frame.resize_default(MAX_FRAME - 1).map_err(|_| FrameError::TooLong)?;
    let length = cobs::try_encode(content, &mut frame).map_err(|_| FrameError::TooLong)?;
    frame.truncate(length);
    frame.push(0).map_err(|_| FrameError::TooLong)?;
    Ok(frame)
}

/// A message from a frame without its end.
fn decode(frame: &mut [u8]) -> Result<Message, FrameError> {
    let length = cobs::decode_in_place(frame).map_err(|_| FrameError::Malformed)?;
    let content = frame.get(..length).ok_or(FrameError::Malformed)?;
    let (content, check) = content.split_last_chunk::<CHECK>().ok_or(FrameError::Malformed)?;
    if CRC.checksum(content) != u32::from_le_bytes(*check) {
        return Err(FrameError::Checksum);
    }
    match content.split_first() {
        None => Err(FrameError::Malformed),
        Some((&VERSION, message)) => match postcard::take_from_bytes(message) {
            Ok((message, [])) => Ok(message),
            _ => Err(FrameError::Unknown),
        },
        Some((&version, _)) => Err(FrameError::Version(version)),
    }
}

/// Collects bytes until a frame ends; whatever was lost, it is in step again at the next zero.
#[derive(Clone, Debug, Default)]
pub struct FrameReader {
    bytes: Vec<u8, MAX_FRAME>,
    overflown: bool,
}

impl FrameReader {
    /// Takes one byte; gives a message or an error when it ends a frame.
    pub fn push(&mut self, byte: u8) -> Option<Result<Message, FrameError>> {
        if byte != 0 {
            self.overflown |= self.bytes.push(byte).is_err();
            return None;
        }
        let overflown = core::mem::take(&mut self.overflown);
        // A lone zero is how a sender makes sure that the line is in step.
        let message = match (overflown, self.bytes.is_empty()) {
            (true, _) => Some(Err(FrameError::TooLong)),
            (false, true) => None,
            (false, false) => Some(decode(&mut self.bytes)),
        };
        self.bytes.clear();
        message
    }
}
