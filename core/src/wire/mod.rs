//! What host and device say to each other; `core/SPEC.md` has the bytes.
//!
//! ```text
//! frame = COBS( version | number | postcard of a Message | CRC-32 of all three ) 0x00
//! ```
//!
//! The device speaks when it is spoken to: each message of the host is answered by one of the
//! device's, under the same number. A host that gets no answer, or one that it cannot read, sends the
//! same frame again: every message may be repeated without harm.

mod config;
mod frame;
mod status;

pub use config::{Config, ConfigFault};
pub use frame::{FrameError, FrameReader, MAX_FRAME, encode};
pub use status::{CRASH_REGISTERS, CRASH_TEXT, Crash, ResetCause, Status};

use crate::decision::Decision;
use crate::sample::Sample;
use crate::units::UnixSeconds;
use heapless::Vec;
use serde::{Deserialize, Serialize};

/// Version of the messages; the first byte of every frame's content.
pub const VERSION: u8 = 5;

/// The number of an answer to a frame of which the number is not known, as it came damaged. No host
/// asks under it.
pub const NO_SEQUENCE: u16 = 0;

/// Most bytes of an upload, or of what was learned, in one message.
pub const CHUNK: usize = 256;

/// What was in a frame.
#[derive(Clone, Debug, PartialEq)]
pub struct Frame {
    /// The question's number, which its answer bears too.
    pub sequence: u16,
    /// What is said.
    pub message: Message,
}

/// What is sent. New kinds go to the end: a kind is its number here.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
// The large variant is the common one, and there is no allocator to box it with.
#[allow(clippy::large_enum_variant)]
pub enum Message {
    /// Host: what was observed. Answered by the decision at its end.
    Sample(Sample),
    /// Device: what was decided.
    Decision(Decision),
    /// Device: the last message changed nothing.
    Refused(Refusal),
    /// Host: settings from now on. Answered by the status. Another interval length starts the
    /// device's memory anew, everything else leaves it.
    Configure(Config),
    /// Host: what time it is, where there is no sample to tell. Answered by the decision now, which
    /// is to hold once the samples are stale.
    Time(UnixSeconds),
    /// Host: how are you? Answered by the status.
    Ask,
    /// Device: how it is.
    Status(Status),
    /// Host: so many bytes follow. Answered by the status.
    UploadBegin {
        /// All bytes that follow.
        length: u32,
        /// What they are.
        kind: UploadKind,
    },
    /// Host: a part of the upload. Answered by the status, whose `uploaded` is where to go on.
    UploadChunk {
        /// Where the part begins; at most what was uploaded so far.
        offset: u32,
        /// The part.
        bytes: Vec<u8, CHUNK>,
    },
    /// Host: that was all. Answered by the status once the upload was checked and is in force.
    UploadEnd,
    /// Host: begin anew with the settings that there are, without anything that was learned. Answered by
    /// the status.
    Forget,
    /// Host: what have you learned? Answered by a part of it.
    AskLearned {
        /// Where the part is to begin.
        offset: u32,
    },
    /// Device: a part of what it has learned, which an upload brings back.
    Learned {
        /// Samples taken: parts belong together while it is the same.
        epoch: u64,
        /// Bytes of the whole.
        length: u32,
        /// Where the part begins.
        offset: u32,
        /// The part; empty at the end.
        bytes: Vec<u8, CHUNK>,
    },
}

/// What an upload is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum UploadKind {
    /// A model pack, and its signature behind it where it is signed.
    Model,
    /// What a device had learned, as [`Message::Learned`] gave it.
    Learned,
}

/// Why a message changed nothing. New members go to the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Refusal {
    /// The frame was damaged: send it again.
    Frame,
    /// The frame was sound, and its message is not one that a device takes.
    Kind,
    /// The sample is not after the last one.
    SampleTime,
    /// The sample has a number that its gate does not let through.
    SampleValue,
    /// The settings cannot be met.
    Config,
    /// No upload has begun, or the part leaves a hole or goes beyond the end.
    Upload,
    /// The pack is not one that this device can run.
    Pack,
    /// There is no memory for the upload, or writing it failed.
    Storage,
    /// The frame was sound, and of another version than the answer's.
    Version,
    /// The pack is not signed with the key that this device asks for.
    Signature,
    /// The sample is farther after the last one than the device remembers: a clock is wrong, or
    /// [`Message::Forget`] says that it is meant.
    SampleJump,
    /// What was learned is not of this version, damaged, or of intervals of another length.
    Learned,
}

#[cfg(test)]
mod tests;
