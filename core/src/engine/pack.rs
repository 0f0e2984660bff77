//! The pack: both networks in one piece of bytes, to be read where it lies.
//!
//! ```text
//! 0   "SIQP"
//! 4   version, u16 little-endian            PACK_VERSION, or 1 without parameters
//! 6   what an engine must be able to do beside, a bit each, u16; none is given out: 0
//! 8   length of the body, u32 little-endian
//! 12  CRC-32 of the body (ISO-HDLC, as in zip), u32 little-endian
//! 16  body: postcard of `Pack`, weights and numbers as byte strings; in `PACK_VERSION`, postcard of its
//!     `Parameters` after it
//! ```

use super::part::Part;
use super::{ForecasterPack, NativeForecaster, NativeQNetwork, QNetworkPack};
use crate::parameters::Parameters;
use core::fmt;
use crc::{CRC_32_ISO_HDLC, Crc};
use serde::{Deserialize, Serialize};

/// How a pack begins.
pub const MAGIC: [u8; 4] = *b"SIQP";
/// Version of the pack and of the networks' inputs and outputs, with parameters of its own. Versions 2
/// and 3 had fewer parameters, and are not read any more.
pub const PACK_VERSION: u16 = 4;
/// Version of a pack with the default parameters, which are not in it: firmware from before there were
/// others runs it, too.
const DEFAULTS_VERSION: u16 = 1;
/// Bytes before the body.
const HEADER: usize = 16;

const CRC: Crc<u32> = Crc::<u32>::new(&CRC_32_ISO_HDLC);

/// Both networks, borrowed from the bytes that they were read from.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Pack<'a> {
    /// The forecaster.
    #[serde(borrow)]
    pub forecaster: ForecasterPack<'a>,
    /// The policy.
    pub q_network: QNetworkPack<'a>,
    /// The numbers that the policy was judged with.
    #[serde(skip)]
    pub parameters: Parameters,
}

/// Why bytes are no pack that this engine can run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PackError {
    /// They do not begin as a pack does.
    NoPack,
    /// Another version of the format.
    Version(u16),
    /// It needs what this engine cannot do, a bit each.
    Needs(u16),
    /// Fewer or more bytes than the header says.
    Length,
    /// The body is not what was written.
    Checksum,
    /// The body is no postcard of a pack, or has more blocks or layers than the engine takes.
    Malformed,
    /// A parameter is negative or no number.
    Parameters,
    /// A part has a size, length or number that does not fit the rest or the engine.
    Unsound(Part),
    /// The buffer to write to is too small.
    TooLong,
}

impl fmt::Display for PackError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoPack => write!(f, "not a model pack"),
            Self::Version(v) => write!(
                f,
                "pack version {v}, this program reads {DEFAULTS_VERSION} and {PACK_VERSION}"
            ),
            Self::Needs(bits) => write!(
                f,
                "the pack needs what this program cannot do (bits {bits:#06x}): it is of a later release"
            ),
            Self::Length => write!(f, "the pack's length is not what its header says"),
            Self::Checksum => write!(f, "the pack's CRC is wrong"),
            Self::Malformed => write!(f, "the pack's body cannot be read"),
            Self::Parameters => write!(f, "a parameter of the pack is negative or no number"),
            Self::Unsound(part) => {
                write!(f, "the pack's {part:?} has a size or number that the engine cannot run")
            }
            Self::TooLong => write!(f, "the pack does not fit its buffer"),
        }
    }
}

impl core::error::Error for PackError {}

impl<'a> Pack<'a> {
    /// Reads and checks a pack. What passes can be run without further checks.
    ///
    /// # Errors
    /// Says what is wrong; no bytes make it panic.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, PackError> {
        let (header, body) = bytes.split_first_chunk::<HEADER>().ok_or(PackError::NoPack)?;
        let [m0, m1, m2, m3, v0, v1, n0, n1, l0, l1, l2, l3, c0, c1, c2, c3] = *header;
        if [m0, m1, m2, m3] != MAGIC {
            return Err(PackError::NoPack);
        }
        let version = u16::from_le_bytes([v0, v1]);
        if version != DEFAULTS_VERSION && version != PACK_VERSION {
            return Err(PackError::Version(version));
        }
        let needs = u16::from_le_bytes([n0, n1]);
        if needs != 0 {
            return Err(PackError::Needs(needs));
        }
        if usize::try_from(u32::from_le_bytes([l0, l1, l2, l3])) != Ok(body.len()) {
            return Err(PackError::Length);
        }
        if u32::from_le_bytes([c0, c1, c2, c3]) != CRC.checksum(body) {
            return Err(PackError::Checksum);
        }
        Self::read(body, version)
    }

    /// Reads what the header verifies for. A function of its own: its frame is larger than a page, and
    /// a function that has returned before it needs one must not have such (`docs/stack-probes.md`).
    #[inline(never)]
    fn read(body: &'a [u8], version: u16) -> Result<Self, PackError> {
        let (mut pack, mut rest) =
            postcard::take_from_bytes::<Self>(body).map_err(|_| PackError::Malformed)?;
        if version == PACK_VERSION {
            (pack.parameters, rest) =
                postcard::take_from_bytes(rest).map_err(|_| PackError::Malformed)?;
        }
        if !rest.is_empty() {
            return Err(PackError::Length);
        }
        pack.check()?;
        Ok(pack)
    }

    fn check(&self) -> Result<(), PackError> {
        if !self.parameters.is_sound() {
            return Err(PackError::Parameters);
        }
        self.forecaster.check().map_err(PackError::Unsound)?;
        self.q_network.check().map_err(PackError::Unsound)
    }

    /// Writes the pack into `out` and gives the number of bytes.
    ///
    /// # Errors
    /// If it could not be read back, or `out` is too small.
    pub fn write(&self, out: &mut [u8]) -> Result<usize, PackError> {
        self.check()?;
        let (header, room) = out.split_first_chunk_mut::<HEADER>().ok_or(PackError::TooLong)?;
        let mut length = postcard::to_slice(self, room).map_err(|_| PackError::TooLong)?.len();
        let mut version = DEFAULTS_VERSION;
        if self.parameters != Parameters::DEFAULT {
            let room = room.get_mut(length..).ok_or(PackError::TooLong)?;
            let parameters = postcard::to_slice(&self.parameters, room);
            length += parameters.map_err(|_| PackError::TooLong)?.len();
            version = PACK_VERSION;
        }
        let body = room.get(..length).ok_or(PackError::TooLong)?;
        let length = u32::try_from(body.len()).map_err(|_| PackError::TooLong)?;
        let mut fields = header.iter_mut();
        let mut put = |bytes: &[u8]| bytes.iter().zip(&mut fields).for_each(|(b, to)| *to = *b);
        put(&MAGIC);
        put(&version.to_le_bytes());
        put(&[0, 0]);
        put(&length.to_le_bytes());
        put(&CRC.checksum(body).to_le_bytes());
        Ok(HEADER + body.len())
    }

    /// Bytes of the pack that `bytes` begin with, by its header; `None` if no pack begins so. Whether
    /// it is one is [`Self::parse`]'s to say.
    #[must_use]
    pub fn length(bytes: &[u8]) -> Option<usize> {
        let (magic, rest) = bytes.split_first_chunk::<4>()?;
        let body = rest.get(4..).and_then(<[u8]>::first_chunk::<4>)?;
        let body = usize::try_from(u32::from_le_bytes(*body)).ok()?;
        (*magic == MAGIC).then(|| body.checked_add(HEADER))?
    }

    /// The checksum that `bytes`, which are a pack, carry: one pack's name among others.
    #[must_use]
    pub fn crc(bytes: &[u8]) -> u32 {
        let field = bytes.get(12..HEADER).and_then(<[u8]>::first_chunk::<4>);
        field.map_or(0, |crc| u32::from_le_bytes(*crc))
    }

    /// The forecaster, ready to run.
    #[must_use]
    pub fn forecaster(&self) -> NativeForecaster<'a> {
        NativeForecaster::new(self.forecaster.clone())
    }

    /// The Q-network, ready to run.
    #[must_use]
    pub fn q_network(&self) -> NativeQNetwork<'a> {
        NativeQNetwork::new(self.q_network.clone())
    }
}
