//! The bytes of a file, which are gone through more than once.

use crate::error::DataError;
use std::io::{self, Cursor, Read};

/// Gives what is to be read once more from its start.
pub(super) type Open<'a> = &'a dyn Fn() -> io::Result<Box<dyn Read>>;

/// What is no larger is read once and held.
const HELD_BYTES: u64 = 16 << 20;
/// Largest text that is held where it cannot be read again: a pipe, a body.
const MAX_BYTES: u64 = 1 << 30;

/// A file's bytes.
pub(super) enum Source<'a> {
    Held(Vec<u8>),
    Opened(Open<'a>),
}

impl<'a> Source<'a> {
    /// Bytes that can be read again, as many as there are.
    pub(super) fn open(file: &str, open: Open<'a>) -> Result<Self, DataError> {
        let mut bytes = Vec::new();
        let read = open().and_then(|source| source.take(HELD_BYTES + 1).read_to_end(&mut bytes));
        read.map_err(|source| DataError::Unreadable { file: file.into(), source })?;
        let fits = bytes.len() as u64 <= HELD_BYTES;
        Ok(if fits { Self::Held(bytes) } else { Self::Opened(open) })
    }

    /// Bytes that come once.
    pub(super) fn hold(file: &str, reader: impl Read) -> Result<Self, DataError> {
        let mut bytes = Vec::new();
        reader
            .take(MAX_BYTES + 1)
            .read_to_end(&mut bytes)
            .map_err(|source| DataError::Unreadable { file: file.into(), source })?;
        if bytes.len() as u64 > MAX_BYTES {
            return Err(DataError::LargeFile { file: file.into(), max_mib: MAX_BYTES >> 20 });
        }
        Ok(Self::Held(bytes))
    }

    /// The bytes from the start.
    pub(super) fn bytes(&self) -> io::Result<Box<dyn Read + '_>> {
        match self {
            Self::Held(bytes) => Ok(Box::new(Cursor::new(bytes))),
            Self::Opened(open) => open(),
        }
    }
}
