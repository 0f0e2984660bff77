//! What host and device say to each other; `core/SPEC.md` has the bytes.
//!
//! ```text
//! frame = COBS( version | postcard of a Message | CRC-32 of both ) 0x00
//! ```
//!
//! The device speaks when it is spoken to: each message of the host is answered by one of the
//! device's. A host that gets no answer, or one that it cannot read, sends the same message again:
//! every message may be repeated without harm.

mod config;
mod frame;

pub use config::{Config, ConfigFault};
pub use frame::{FrameError, FrameReader, MAX_FRAME, encode};

use crate::decision::Decision;
use crate::policy::NetworkRole;
use crate::sample::Sample;
use crate::units::{Jobs, UnixSeconds};
use heapless::Vec;
use serde::{Deserialize, Serialize};

/// Version of the messages; the first byte of every frame's content.
pub const VERSION: u8 = 4;

/// Most bytes of a pack in one message.
pub const CHUNK: usize = 256;

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
    /// Host: a model pack of so many bytes follows. Answered by the status.
    UploadBegin {
        /// Bytes of the whole pack.
        length: u32,
    },
    /// Host: a part of the pack. Answered by the status, whose `uploaded` is where to go on.
    UploadChunk {
        /// Where the part begins; at most what was uploaded so far.
        offset: u32,
        /// The part.
        bytes: Vec<u8, CHUNK>,
    },
    /// Host: that was all. Answered by the status once the pack was checked and is in force.
    UploadEnd,
}

/// Why a message changed nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Refusal {
    /// The frame was damaged, or of another version: say it again.
    Frame,
    /// The message is not one that a device takes.
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
    /// There is no memory for another pack, or writing it failed.
    Storage,
}

/// How a device is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// CRC-32 of the body of the pack that decides.
    pub pack_crc: u32,
    /// Samples taken since the start.
    pub epoch: u64,
    /// Jobs decided last, also before the last reset.
    pub jobs: Option<Jobs>,
    /// Resets since the power came on.
    pub resets: u32,
    /// Whether the watchdog made the last reset.
    pub by_watchdog: bool,
    /// Frames that were dropped since the start.
    pub dropped: u32,
    /// Bytes of the upload in progress that are stored.
    pub uploaded: u32,
    /// Microseconds that the last decision took.
    pub decision_us: u32,
    /// The part that the pack's Q-network has in decisions.
    pub network_role: NetworkRole,
}

#[cfg(test)]
mod tests;
