//! The one format of all binary files that the trainer writes.
//!
//! ```text
//! magic (8) | kind (8) | version u32 | length of the body u64 | CRC-32 of kind..body u32 | body
//! ```
//!
//! Numbers are little-endian. The magic has a byte above 127 and both kinds of line end, so that a
//! copy in a text mode is noticed, as PNG does it.

use super::files::{FileError, write_atomic};
use anyhow::{Context as _, Result};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::path::Path;

const MAGIC: &[u8; 8] = b"\x89SIQ\r\n\x1a\n";
const HEADER: usize = MAGIC.len() + 8 + 4 + 8 + 4;

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind {
    /// Its name in the file.
    name: [u8; 8],
    /// Its name for people.
    what: &'static str,
    /// The version that this program writes, and the only one that it reads.
    version: u32,
    /// What to do about a file that cannot be used.
    advice: &'static str,
}

/// Weights of a forecaster, beside an exported model.
pub const FORECASTER_WEIGHTS: Kind = Kind {
    name: *b"weights ",
    what: "a forecaster's weights",
    version: 1,
    advice: "copy the model's folder anew, or train it again",
};

/// Where training of a forecaster stands.
pub const FORECASTER_CHECKPOINT: Kind = Kind {
    name: *b"forecast",
    what: "a checkpoint of a forecaster",
    version: 2,
    advice: "delete it to train the forecaster from the start",
};

/// Where training of a scaling policy stands.
pub const POLICY_CHECKPOINT: Kind = Kind {
    name: *b"policy  ",
    what: "a checkpoint of a scaling policy",
    version: 1,
    advice: "delete it to train the policy from the start; the forecaster stays as it is",
};

/// Forecasts of a load, kept between benches.
pub const FORECASTS: Kind = Kind {
    name: *b"loadcast",
    what: "forecasts of a load",
    version: 1,
    advice: "they are made anew",
};

/// What a forecaster said of a series, kept within an evaluation.
pub const JUDGED: Kind = Kind {
    name: *b"judged  ",
    what: "forecasts of a series",
    version: 1,
    advice: "they are made anew",
};

const KINDS: [Kind; 5] =
    [FORECASTER_WEIGHTS, FORECASTER_CHECKPOINT, POLICY_CHECKPOINT, FORECASTS, JUDGED];

/// Why a file is not what it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// It does not begin as a file of ours.
    #[error("this is not {}: it begins with other bytes; {}", .0.what, .0.advice)]
    Foreign(Kind),
    /// It is a file of ours that holds something else.
    #[error("this is not {} but {found}; name the right file", kind.what)]
    Other {
        /// What was wanted.
        kind: Kind,
        /// What it is.
        found: &'static str,
    },
    /// Another version of this program wrote it.
    #[error(
        "{} of version {found}, and this program reads version {}: use the program that wrote it, or \
         {}", kind.what, kind.version, kind.advice
    )]
    Version {
        /// What was wanted.
        kind: Kind,
        /// The version found.
        found: u32,
    },
    /// Its end is missing, or something follows it.
    #[error("{} of {expected} bytes has {found}: it was cut off or is damaged; {}", kind.what, kind.advice)]
    Length {
        /// What was wanted.
        kind: Kind,
        /// Bytes that it should have.
        expected: u64,
        /// Bytes that it has.
        found: usize,
    },
    /// Bytes of it have changed.
    #[error("{} is damaged: its checksum is wrong; {}", .0.what, .0.advice)]
    Damaged(Kind),
    /// It is whole, and holds what this program does not understand.
    #[error("{} is whole, but this program cannot read it; {}", .0.what, .0.advice)]
    Content(Kind),
}

/// `body` as a file of this kind.
#[must_use]
pub fn seal(kind: Kind, body: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(HEADER + body.len());
    bytes.extend_from_slice(MAGIC);
    bytes.extend_from_slice(&kind.name);
    bytes.extend_from_slice(&kind.version.to_le_bytes());
    bytes.extend_from_slice(&(body.len() as u64).to_le_bytes());
    let sum = checksum(&bytes[MAGIC.len()..], body);
    bytes.extend_from_slice(&sum.to_le_bytes());
    bytes.extend_from_slice(body);
    bytes
}

/// The body of a file of this kind.
///
/// # Errors
/// If it is anything else than a whole file of this kind and version.
pub fn open(kind: Kind, bytes: &[u8]) -> Result<&[u8], FrameError> {
    let Some(rest) = bytes.strip_prefix(MAGIC) else {
        // Of a file that was cut within its first bytes nobody can say what it was.
        return Err(FrameError::Foreign(kind));
    };
    let cut = FrameError::Length { kind, expected: HEADER as u64, found: bytes.len() };
    let (name, rest) = rest.split_first_chunk::<8>().ok_or(cut)?;
    if *name != kind.name {
        let found = KINDS.iter().find(|known| known.name == *name);
        let found = found.map_or("something that this program does not know", |kind| kind.what);
        return Err(FrameError::Other { kind, found });
    }
    let (version, rest) = rest.split_first_chunk().ok_or(cut)?;
    let version = u32::from_le_bytes(*version);
    if version != kind.version {
        return Err(FrameError::Version { kind, found: version });
    }
    let (length, rest) = rest.split_first_chunk().ok_or(cut)?;
    let (sum, body) = rest.split_first_chunk().ok_or(cut)?;
    let length = u64::from_le_bytes(*length);
    if length != body.len() as u64 {
        let expected = length.saturating_add(HEADER as u64);
        return Err(FrameError::Length { kind, expected, found: bytes.len() });
    }
    let header = &bytes[MAGIC.len()..HEADER - sum.len()];
    if checksum(header, body) != u32::from_le_bytes(*sum) {
        return Err(FrameError::Damaged(kind));
    }
    Ok(body)
}

/// Whether `bytes` begin as a file of ours, of whatever kind.
#[must_use]
pub fn is_framed(bytes: &[u8]) -> bool {
    bytes.starts_with(MAGIC)
}

/// `value` as a file of this kind.
///
/// # Errors
/// If it cannot be encoded.
pub fn encode(kind: Kind, value: &impl Serialize) -> Result<Vec<u8>> {
    let body = postcard::to_stdvec(value).with_context(|| format!("encoding {}", kind.what))?;
    Ok(seal(kind, &body))
}

/// The value in a file of this kind.
///
/// # Errors
/// As [`open`], and if the body holds something else or more than the value.
pub fn decode<T: DeserializeOwned>(kind: Kind, bytes: &[u8]) -> Result<T, FrameError> {
    match postcard::take_from_bytes(open(kind, bytes)?) {
        Ok((value, [])) => Ok(value),
        _ => Err(FrameError::Content(kind)),
    }
}

/// Writes `value` to a file of this kind, which appears whole or not at all.
///
/// # Errors
/// If it cannot be encoded or written.
pub fn write(kind: Kind, path: &Path, value: &impl Serialize) -> Result<()> {
    Ok(write_atomic(path, &encode(kind, value)?)?)
}

/// Reads a value that [`write()`] wrote.
///
/// # Errors
/// If the file cannot be read, or is no whole file of this kind; the message names it and what to do.
pub fn read<T: DeserializeOwned>(kind: Kind, path: &Path) -> Result<T> {
    let bytes = std::fs::read(path).map_err(FileError::of("read", path))?;
    decode(kind, &bytes).with_context(|| path.display().to_string())
}

fn checksum(header: &[u8], body: &[u8]) -> u32 {
    let mut sum = crc32fast::Hasher::new();
    sum.update(header);
    sum.update(body);
    sum.finalize()
}

#[cfg(test)]
mod tests {
    use super::*;

    const KIND: Kind = FORECASTER_CHECKPOINT;

    #[test]
    fn what_was_sealed_is_opened() {
        for body in [&b""[..], b"x", &[7; 1000]] {
            assert_eq!(open(KIND, &seal(KIND, body)), Ok(body));
        }
        let bytes = encode(KIND, &(5u32, "five")).unwrap();
        assert_eq!(decode(KIND, &bytes), Ok((5u32, "five".to_string())));
        assert_eq!(
            decode::<u32>(KIND, &bytes),
            Err(FrameError::Content(KIND)),
            "more than a number"
        );
    }

    #[test]
    fn every_cut_and_every_flipped_bit_is_noticed() {
        let bytes = seal(KIND, b"forty bytes of weights");
        for cut in 0..bytes.len() {
            assert!(open(KIND, &bytes[..cut]).is_err(), "cut at {cut}");
        }
        for bit in 0..8 * bytes.len() {
            let mut damaged = bytes.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert!(open(KIND, &damaged).is_err(), "bit {bit}");
        }
        assert!(open(KIND, &[&bytes[..], b"x"].concat()).is_err());
    }

    #[test]
    fn each_error_says_what_it_is_and_what_to_do() {
        let bytes = seal(KIND, &[1, 2, 3]);
        let say = |kind, bytes: &[u8]| open(kind, bytes).unwrap_err().to_string();
        insta::assert_snapshot!(say(KIND, b"%PDF-1.7"), @"this is not a checkpoint of a forecaster: it begins with other bytes; delete it to train the forecaster from the start");
        insta::assert_snapshot!(say(POLICY_CHECKPOINT, &bytes), @"this is not a checkpoint of a scaling policy but a checkpoint of a forecaster; name the right file");
        insta::assert_snapshot!(say(KIND, &bytes[..34]), @"a checkpoint of a forecaster of 35 bytes has 34: it was cut off or is damaged; delete it to train the forecaster from the start");
        let newer = Kind { version: 3, ..KIND };
        insta::assert_snapshot!(say(KIND, &seal(newer, b"")), @"a checkpoint of a forecaster of version 3, and this program reads version 2: use the program that wrote it, or delete it to train the forecaster from the start");
        let mut damaged = bytes.clone();
        damaged[33] ^= 1;
        insta::assert_snapshot!(say(KIND, &damaged), @"a checkpoint of a forecaster is damaged: its checksum is wrong; delete it to train the forecaster from the start");
        let path = Path::new("/nowhere/a.ckpt");
        insta::assert_snapshot!(read::<u32>(KIND, path).unwrap_err(), @"cannot read /nowhere/a.ckpt: No such file or directory (os error 2)");
    }
}
