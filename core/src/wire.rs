//! Frames between host and device: postcard in COBS, ended by a zero byte.

use crate::decision::Decision;
use crate::sample::Sample;
use heapless::Vec;
use serde::{Deserialize, Serialize};

/// Longest frame in bytes, its end included.
pub const MAX_FRAME: usize = 512;

/// Version of the messages; the first byte of every frame's content.
pub const VERSION: u8 = 1;

/// What is sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
// The large variant is the common one, and there is no allocator to box it with.
#[allow(clippy::large_enum_variant)]
pub enum Message {
    /// Host to device: what was observed.
    Sample(Sample),
    /// Device to host: what was decided.
    Decision(Decision),
    /// Device to host: the last frame was no message and was dropped.
    Refused,
}

/// Why bytes are no message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameError {
    /// Longer than [`MAX_FRAME`].
    TooLong,
    /// Not COBS, not postcard, or cut off.
    Malformed,
    /// Of another version.
    Version(u8),
}

/// A message as a frame.
///
/// # Errors
/// If it does not fit into [`MAX_FRAME`].
pub fn encode(message: &Message) -> Result<Vec<u8, MAX_FRAME>, FrameError> {
    let mut frame = Vec::new();
    frame.resize_default(MAX_FRAME).map_err(|_| FrameError::TooLong)?;
    let used = postcard::to_slice_cobs(&(VERSION, message), &mut frame)
        .map_err(|_| FrameError::TooLong)?
        .len();
    frame.truncate(used);
    Ok(frame)
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
        if self.bytes.push(byte).is_err() {
            self.overflown = true;
        }
        if byte != 0 {
            return None;
        }
        let overflown = core::mem::take(&mut self.overflown);
        let mut bytes = core::mem::take(&mut self.bytes);
        // A lone zero is how a sender makes sure that the line is in step.
        if bytes.len() == 1 {
            return None;
        }
        if overflown {
            return Some(Err(FrameError::TooLong));
        }
        Some(match postcard::from_bytes_cobs::<(u8, Message)>(&mut bytes) {
            Ok((VERSION, message)) => Ok(message),
            Ok((version, _)) => Err(FrameError::Version(version)),
            Err(_) => Err(FrameError::Malformed),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::RawSample;
    use proptest::prelude::*;

    fn message() -> Message {
        let raw = RawSample { time: 1e9, interval_s: 30.0, ..RawSample::default() };
        Message::Sample(RawSample { logged_events: Some(7.0), ..raw }.gate().unwrap())
    }

    fn read(bytes: &[u8]) -> std::vec::Vec<Result<Message, FrameError>> {
        let mut reader = FrameReader::default();
        bytes.iter().filter_map(|b| reader.push(*b)).collect()
    }

    #[test]
    fn a_frame_is_read_back() {
        assert_eq!(read(&encode(&message()).unwrap()), [Ok(message())]);
    }

    #[test]
    fn the_next_frame_is_read_whatever_came_before() {
        let good = encode(&message()).unwrap();
        for noise in [&[1u8, 2, 3, 0][..], &[0, 0], &[7; 2000]] {
            let mut bytes = noise.to_vec();
            bytes.push(0);
            bytes.extend_from_slice(&good);
            assert_eq!(read(&bytes).last(), Some(&Ok(message())));
        }
    }

    proptest! {
        #[test]
        fn noise_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
            read(&bytes);
        }
    }
}
