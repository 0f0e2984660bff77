//! One question and its answer over a line that may lose, add and change bytes.

use super::fault::Fault;
use scaleiq_core::wire::{FrameError, FrameReader, MAX_FRAME, Message, Refusal, encode};
use std::io;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;

/// Times that a message is repeated because it or its answer came damaged, which takes no waiting.
const MOST_DAMAGED: u32 = 20;
/// A line that is not in step is when nothing came for so long.
const QUIET: Duration = Duration::from_millis(20);
/// Reads after which a line that is never quiet is taken as it is.
const MOST_READS: usize = 64;

/// A line to a device. It holds one frame at most, whatever comes.
#[derive(Debug)]
pub struct Link<S> {
    stream: S,
    reader: FrameReader,
    answer: Duration,
    tries: u32,
    /// Bytes may be under way that answer nothing that will be asked.
    out_of_step: bool,
}

/// What came back.
enum Heard<T> {
    Answer(T),
    Refused(Refusal),
    Damaged,
    Version(u8),
}

impl<S: AsyncRead + AsyncWrite + Unpin> Link<S> {
    /// Speaks over `stream`; waits `answer` for an answer, and asks so often when none comes.
    #[must_use]
    pub fn new(stream: S, answer: Duration, tries: u32) -> Self {
        Self { stream, reader: FrameReader::default(), answer, tries, out_of_step: true }
    }

    /// The same line, with other patience.
    #[must_use]
    pub fn with_tries(self, tries: u32) -> Self {
        Self { tries, ..self }
    }

    /// Sends `message` until `accept` takes an answer as the one to it. Others are left over from
    /// before: answers that came too late.
    ///
    /// # Errors
    /// If the line broke, the device refused, or no sound answer came.
    pub async fn ask<T>(
        &mut self,
        message: &Message,
        accept: impl Fn(Message) -> Option<T>,
    ) -> Result<T, Fault> {
        self.ask_for(self.answer, message, accept).await
    }

    /// The same, where an answer may take as long as `patience`.
    ///
    /// # Errors
    /// As [`Link::ask`].
    pub async fn ask_for<T>(
        &mut self,
        patience: Duration,
        message: &Message,
        accept: impl Fn(Message) -> Option<T>,
    ) -> Result<T, Fault> {
        let frame = encode(message).map_err(|_| Fault::Senseless("the question has no frame"))?;
        if self.out_of_step {
            self.settle().await?;
        }
        let (mut silent, mut damaged) = (0, 0);
        loop {
            let exchange = async {
                // A zero ends whatever the line made up.
                self.stream.write_all(&[0]).await?;
                self.stream.write_all(&frame).await?;
                self.stream.flush().await?;
                self.hear(&accept).await
            };
            match timeout(patience, exchange).await {
                Ok(Ok(Heard::Answer(answer))) => return Ok(answer),
                Ok(Ok(Heard::Refused(refusal))) => return Err(Fault::Refused(refusal)),
                Ok(Ok(Heard::Version(version))) => return Err(Fault::Version(version)),
                Ok(Err(error)) => return Err(Fault::Broken(error)),
                Ok(Ok(Heard::Damaged)) => damaged += 1,
                Err(_) => silent += 1,
            }
            self.out_of_step = true;
            if damaged == MOST_DAMAGED {
                return Err(Fault::Damaged(damaged));
            }
            if silent == self.tries {
                return Err(Fault::Silent(silent));
            }
        }
    }

    /// Reads on until something is heard that says what to do.
    async fn hear<T>(&mut self, accept: impl Fn(Message) -> Option<T>) -> io::Result<Heard<T>> {
        let mut bytes = [0; MAX_FRAME];
        loop {
            let count = self.stream.read(&mut bytes).await?;
            if count == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let mut rest = bytes.iter().take(count);
            while let Some(byte) = rest.next() {
                let heard = match self.reader.push(*byte) {
                    None => continue,
                    Some(Ok(Message::Refused(Refusal::Frame))) => Heard::Damaged,
                    Some(Ok(Message::Refused(refusal))) => Heard::Refused(refusal),
                    Some(Ok(message)) => match accept(message) {
                        Some(answer) => Heard::Answer(answer),
                        None => continue,
                    },
                    Some(Err(FrameError::Version(version))) => Heard::Version(version),
                    Some(Err(_)) => Heard::Damaged,
                };
                // What is behind it answers nothing.
                self.out_of_step |= rest.next().is_some();
                return Ok(heard);
            }
        }
    }

    /// Forgets what is under way.
    async fn settle(&mut self) -> Result<(), Fault> {
        let mut bytes = [0; MAX_FRAME];
        for _ in 0..MOST_READS {
            match timeout(QUIET, self.stream.read(&mut bytes)).await {
                Ok(Ok(0)) => return Err(Fault::Broken(io::ErrorKind::UnexpectedEof.into())),
                Ok(Ok(_)) => {}
                Ok(Err(error)) => return Err(Fault::Broken(error)),
                Err(_) => break,
            }
        }
        self.reader = FrameReader::default();
        self.out_of_step = false;
        Ok(())
    }
}
