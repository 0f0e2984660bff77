//! Records in a file: length, its complement, payload, CRC-32.
//!
//! The complement tells a length that was damaged from one whose record was cut off: a file that
//! ends within a record was torn by a crash, which is no harm, and everything else is damage.

use std::io::{self, BufRead};

/// Longest payload.
pub const MAX_BYTES: usize = 1 << 20;
/// Bytes before a payload.
const HEAD: usize = 8;
/// Bytes behind it.
const TAIL: usize = 4;

/// Appends a frame around `payload`.
///
/// # Errors
/// If it is empty, or longer than [`MAX_BYTES`].
pub fn put(out: &mut Vec<u8>, payload: &[u8]) -> io::Result<()> {
    if payload.is_empty() || payload.len() > MAX_BYTES {
        return Err(io::Error::other(format!("a record of {} bytes", payload.len())));
    }
    let length = payload.len() as u32;
    out.extend_from_slice(&length.to_le_bytes());
    out.extend_from_slice(&(!length).to_le_bytes());
    out.extend_from_slice(payload);
    out.extend_from_slice(&crc32fast::hash(payload).to_le_bytes());
    Ok(())
}

/// Why there is no next record.
#[derive(Debug)]
pub enum Fault {
    /// The file cannot be read.
    Io(io::Error),
    /// The file ends within a record: it was being written when the process or the machine stopped.
    Torn,
    /// The record is not what was written.
    Damaged(&'static str),
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            // It was longer when it was opened.
            io::ErrorKind::UnexpectedEof => Self::Torn,
            _ => Self::Io(error),
        }
    }
}

/// Reads frames, one at a time.
#[derive(Debug)]
pub struct Frames<R> {
    reader: R,
    offset: u64,
    length: u64,
    payload: Vec<u8>,
}

impl<R: BufRead> Frames<R> {
    /// Frames of a file of `length` bytes.
    #[must_use]
    pub fn new(reader: R, length: u64) -> Self {
        Self { reader, offset: 0, length, payload: Vec::new() }
    }

    /// Where the next frame begins, or the one that cannot be read.
    #[must_use]
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// The next payload; `None` at the end.
    ///
    /// # Errors
    /// Why there is none, and [`Frames::offset`] where.
    #[allow(clippy::should_implement_trait, reason = "what it lends is gone with the next one")]
    pub fn next(&mut self) -> Result<Option<&[u8]>, Fault> {
        let left = self.length.saturating_sub(self.offset);
        if left == 0 {
            return Ok(None);
        }
        if left < HEAD as u64 {
            return Err(Fault::Torn);
        }
        let (length, complement) = (self.number()?, self.number()?);
        if length != !complement || length == 0 || length as usize > MAX_BYTES {
            // Machines that lose power leave zeros where a file had grown and nothing was written.
            let blank = (length, complement) == (0, 0) && self.rest_is_zero()?;
            return Err(if blank { Fault::Torn } else { Fault::Damaged("its length is damaged") });
        }
        let whole = HEAD as u64 + u64::from(length) + TAIL as u64;
        if whole > left {
            return Err(Fault::Torn);
        }
        self.payload.resize(length as usize, 0);
        self.reader.read_exact(&mut self.payload)?;
        if self.number()? != crc32fast::hash(&self.payload) {
            let last = whole == left;
            return Err(if last { Fault::Torn } else { Fault::Damaged("its CRC-32 is wrong") });
        }
        self.offset += whole;
        Ok(Some(&self.payload))
    }

    fn number(&mut self) -> io::Result<u32> {
        let mut bytes = [0; 4];
        self.reader.read_exact(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn rest_is_zero(&mut self) -> io::Result<bool> {
        loop {
            let bytes = self.reader.fill_buf()?;
            if bytes.iter().any(|byte| *byte != 0) {
                return Ok(false);
            }
            match bytes.len() {
                0 => return Ok(true),
                n => self.reader.consume(n),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file() -> Vec<u8> {
        let mut bytes = Vec::new();
        for payload in [&b"first"[..], b"second", b"the third"] {
            put(&mut bytes, payload).unwrap();
        }
        bytes
    }

    /// How many frames can be read, and how it ends.
    fn read(bytes: &[u8]) -> (usize, u64, Option<Fault>) {
        let mut frames = Frames::new(bytes, bytes.len() as u64);
        for count in 0.. {
            match frames.next() {
                Ok(Some(_)) => {}
                Ok(None) => return (count, frames.offset(), None),
                Err(fault) => return (count, frames.offset(), Some(fault)),
            }
        }
        unreachable!()
    }

    #[test]
    fn a_file_cut_off_anywhere_is_torn_and_nothing_before_it_is_lost() {
        let bytes = file();
        let ends = [0, 17, 35, 56];
        for length in 0..=bytes.len() {
            let (count, offset, fault) = read(&bytes[..length]);
            let whole = ends.iter().rposition(|end| *end <= length).unwrap();
            assert_eq!((count, offset), (whole, ends[whole] as u64));
            assert_eq!(fault.is_some(), ends[whole] != length);
            assert!(matches!(fault, None | Some(Fault::Torn)), "{length}: {fault:?}");
        }
    }

    #[test]
    fn zeros_at_the_end_are_torn() {
        let mut bytes = file();
        bytes.extend([0; 9000]);
        assert!(matches!(read(&bytes), (3, 56, Some(Fault::Torn))));
        bytes.push(1);
        assert!(matches!(read(&bytes), (3, 56, Some(Fault::Damaged(_)))));
    }

    #[test]
    fn any_bit_that_flips_before_the_last_record_is_damage() {
        let good = file();
        for bit in 0..8 * 35 {
            let mut bytes = good.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let (count, offset, fault) = read(&bytes);
            let expected = usize::from(bit >= 8 * 17);
            assert_eq!((count, offset), (expected, 17 * expected as u64), "bit {bit}");
            assert!(matches!(fault, Some(Fault::Damaged(_))), "bit {bit}: {fault:?}");
        }
    }
}
