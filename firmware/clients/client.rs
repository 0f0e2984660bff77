//! A host for a device, over any line that reads and writes bytes.

use scaleiq_core::wire::{
    CHUNK, FrameReader, Message, NO_SEQUENCE, Refusal, Status, UploadKind, encode,
};
use std::io::{Error, ErrorKind, Read, Result, Write};

/// Times that a question is asked before the device counts as gone.
const TRIES: u32 = 5;

/// A line to a device. Its reads have to end after a while without a byte (`VTIME` of a terminal,
/// `set_read_timeout` of a socket): that is how long an answer is waited for.
pub(crate) struct Client<L> {
    line: L,
    reader: FrameReader,
    sequence: u16,
}

impl<L: Read + Write> Client<L> {
    /// Speaks over `line`.
    pub(crate) fn new(line: L) -> Self {
        Self { line, reader: FrameReader::default(), sequence: NO_SEQUENCE }
    }

    /// The answer to a message, which is sent again until a sound one to this question comes.
    pub(crate) fn ask(&mut self, message: &Message) -> Result<Message> {
        self.sequence = self.sequence.wrapping_add(1).max(1);
        let frame =
            encode(self.sequence, message).map_err(|error| Error::other(format!("{error:?}")))?;
        for _ in 0..TRIES {
            // A zero ends whatever the line made up.
            self.line.write_all(&[&[0], &frame[..]].concat())?;
            if let Some(answer) = self.hear()? {
                return Ok(answer);
            }
        }
        Err(ErrorKind::TimedOut.into())
    }

    /// How the device is.
    pub(crate) fn status(&mut self) -> Result<Status> {
        self.done(&Message::Ask)
    }

    /// All that the device has learned.
    pub(crate) fn learned(&mut self) -> Result<Vec<u8>> {
        let (mut all, mut since) = (Vec::new(), None);
        loop {
            let bytes = match self.ask(&Message::AskLearned { offset: all.len() as u32 })? {
                Message::Learned { epoch, bytes, .. } if *since.get_or_insert(epoch) == epoch => {
                    bytes
                }
                // A sample came in between.
                other => return Err(Error::other(format!("{other:?}"))),
            };
            if bytes.is_empty() {
                return Ok(all);
            }
            all.extend_from_slice(&bytes);
        }
    }

    /// Uploads a model, or what was learned.
    pub(crate) fn upload(&mut self, kind: UploadKind, bytes: &[u8]) -> Result<Status> {
        self.done(&Message::UploadBegin { length: bytes.len() as u32, kind })?;
        for (k, part) in bytes.chunks(CHUNK).enumerate() {
            let bytes = part.iter().copied().collect();
            self.done(&Message::UploadChunk { offset: (k * CHUNK) as u32, bytes })?;
        }
        self.done(&Message::UploadEnd)
    }

    fn done(&mut self, message: &Message) -> Result<Status> {
        match self.ask(message)? {
            Message::Status(status) => Ok(status),
            other => Err(Error::other(format!("{other:?}"))),
        }
    }

    /// Reads on until the answer to the last question, or what says that it has to be asked again.
    fn hear(&mut self) -> Result<Option<Message>> {
        let mut bytes = [0; 512];
        loop {
            let count = match self.line.read(&mut bytes) {
                Ok(0) => return Ok(None),
                Ok(count) => count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(None),
                Err(error) => return Err(error),
            };
            for heard in bytes[..count].iter().filter_map(|byte| self.reader.push(*byte)) {
                match heard {
                    // To an earlier question, unless it says that this one came damaged.
                    Ok(frame) if frame.sequence == self.sequence => return Ok(Some(frame.message)),
                    Ok(frame) if frame.message != Message::Refused(Refusal::Frame) => {}
                    _ => return Ok(None),
                }
            }
        }
    }
}
