//! One question and its answer over a line that may lose, add and change bytes.

use super::fault::Fault;
use scaleiq_core::wire::{FrameError, FrameReader, MAX_FRAME, Message, Refusal, encode};
use std::io;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;

/// Times that a message is repeated because it or its answer came damaged, which takes no waiting.
const MAX_DAMAGED: u32 = 20;
/// A line that is not in step is when nothing came for so long.
const QUIET: Duration = Duration::from_millis(20);
/// Reads after which a line that is never quiet is taken as it is.
const MAX_READS: usize = 64;

/// A line to a device. It holds one frame at most, whatever comes.
#[derive(Debug)]
pub struct Link<S> {
    stream: S,
    reader: FrameReader,
    answer: Duration,
    tries: u32,
    /// Bytes may be under way that answer nothing that will be asked: answers to what was repeated,
    /// or to a question whose asker stopped waiting.
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

    /// The same line, with other timeouts.
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

    /// The same, where an answer may take as long as `timeouts`.
    ///
    /// # Errors
    /// As [`Link::ask`].
    pub async fn ask_for<T>(
        &mut self,
        timeouts: Duration,
        message: &Message,
        accept: impl Fn(Message) -> Option<T>,
    ) -> Result<T, Fault> {
        let frame = encode(message).map_err(|_| Fault::Senseless("the question has no frame"))?;
        if self.out_of_step {
            self.settle().await?;
        }
        self.out_of_step = true;
        let (mut silent, mut damaged) = (0, 0);
        loop {
            let exchange = async {
                // A zero ends whatever the line made up.
                self.stream.write_all(&[0]).await?;
                self.stream.write_all(&frame).await?;
                self.stream.flush().await?;
                self.hear(&accept).await
            };
            match timeout(timeouts, exchange).await {
                Ok(Ok((Heard::Answer(answer), left_over))) => {
                    self.out_of_step = left_over || silent + damaged > 0;
                    return Ok(answer);
                }
                Ok(Ok((Heard::Refused(refusal), _))) => return Err(Fault::Refused(refusal)),
                Ok(Ok((Heard::Version(version), _))) => return Err(Fault::Version(version)),
                Ok(Err(error)) => return Err(Fault::Broken(error)),
                Ok(Ok((Heard::Damaged, _))) => damaged += 1,
                Err(_) => silent += 1,
            }
            if damaged == MAX_DAMAGED {
                return Err(Fault::Damaged(damaged));
            }
            if silent == self.tries {
                return Err(Fault::Silent(silent));
            }
        }
    }

    /// Reads on until something is heard that says what to do; whether there were bytes behind it,
    /// which answer nothing.
    async fn hear<T>(
        &mut self,
        accept: impl Fn(Message) -> Option<T>,
    ) -> io::Result<(Heard<T>, bool)> {
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
                return Ok((heard, rest.next().is_some()));
            }
        }
    }

    /// Forgets what is under way.
    async fn settle(&mut self) -> Result<(), Fault> {
        let mut bytes = [0; MAX_FRAME];
        for _ in 0..MAX_READS {
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

#[cfg(test)]
mod tests {
    use super::*;
    use scaleiq_core::wire::{MAX_FRAME, Status};
    use tokio::io::{DuplexStream, duplex};

    const ANSWER: Duration = Duration::from_millis(50);

    fn status(epoch: u64) -> Vec<u8> {
        let status = Status { epoch, ..Status::default() };
        encode(&Message::Status(status)).unwrap().to_vec()
    }

    fn refusal(refusal: Refusal) -> Vec<u8> {
        encode(&Message::Refused(refusal)).unwrap().to_vec()
    }

    /// A device that gives these bytes for the frames that it gets, one after the other.
    async fn play(mut line: DuplexStream, answers: Vec<Vec<u8>>) -> usize {
        let mut reader = FrameReader::default();
        let mut answers = answers.into_iter();
        let mut heard = 0;
        while let Ok(byte) = line.read_u8().await {
            if reader.push(byte).is_some() {
                heard += 1;
                let Some(answer) = answers.next() else { continue };
                if line.write_all(&answer).await.is_err() {
                    break;
                }
            }
        }
        heard
    }

    /// Asks once: the epoch of the status that is taken, and how often was asked.
    async fn ask(answers: Vec<Vec<u8>>) -> (Result<u64, Fault>, usize) {
        let (here, there) = duplex(4 * MAX_FRAME);
        let device = tokio::spawn(play(there, answers));
        let mut link = Link::new(here, ANSWER, 3);
        let answer = link
            .ask(&Message::Ask, |answer| match answer {
                Message::Status(status) if status.epoch > 0 => Some(status.epoch),
                _ => None,
            })
            .await;
        drop(link);
        (answer, device.await.unwrap())
    }

    #[tokio::test]
    async fn what_answers_something_else_is_passed_over() {
        let late = [status(0), vec![0, 0], refusal(Refusal::Frame), status(1)].concat();
        let (answer, asked) = ask(vec![late, status(2)]).await;
        assert_eq!((answer.unwrap(), asked), (2, 2));
        let (answer, asked) = ask(vec![[status(0), status(0), status(5)].concat()]).await;
        assert_eq!((answer.unwrap(), asked), (5, 1));
    }

    #[tokio::test]
    async fn the_same_is_sent_again_until_a_sound_answer_comes() {
        let mut hurt = status(1);
        hurt[2] ^= 8;
        let cut = status(1)[..4].to_vec();
        let (answer, asked) = ask(vec![hurt.clone(), vec![], cut, status(3), status(4)]).await;
        // What was cut off joins what follows, and is damaged with it.
        assert_eq!((answer.unwrap(), asked), (4, 5));
        let (answer, asked) = ask(vec![hurt.clone(), refusal(Refusal::Frame), status(3)]).await;
        assert_eq!((answer.unwrap(), asked), (3, 3));
        let (answer, asked) = ask(vec![hurt; 100]).await;
        assert!(matches!(answer, Err(Fault::Damaged(20))) && asked == 20, "{answer:?}, {asked}");
    }

    #[tokio::test]
    async fn what_repeating_does_not_help_against_is_told_at_once() {
        let (answer, asked) = ask(vec![refusal(Refusal::Storage)]).await;
        assert!(matches!(answer, Err(Fault::Refused(Refusal::Storage))) && asked == 1);
        // An empty message of version 9, as `SPEC.md` frames it.
        let crc = crc32fast::hash(&[9]).to_le_bytes();
        let other = [&[6, 9], &crc[..], &[0]].concat();
        assert!(!crc.contains(&0));
        let (answer, asked) = ask(vec![other]).await;
        assert!(matches!(answer, Err(Fault::Version(9))) && asked == 1, "{answer:?}");
        let (answer, asked) = ask(vec![]).await;
        assert!(matches!(answer, Err(Fault::Silent(3))) && asked == 3, "{answer:?}, {asked}");
    }

    #[tokio::test]
    async fn a_line_that_is_never_quiet_is_asked_all_the_same() {
        let (here, there) = duplex(MAX_FRAME);
        let (mut from, mut to) = tokio::io::split(there);
        let babble = tokio::spawn(async move { while to.write_all(&[7; 64]).await.is_ok() {} });
        let drain = tokio::spawn(async move { while from.read_u8().await.is_ok() {} });
        let mut link = Link::new(here, ANSWER, 2);
        let answer = link.ask(&Message::Ask, |_| Some(())).await;
        assert!(matches!(answer, Err(Fault::Silent(2))), "{answer:?}");
        drop(link);
        babble.await.unwrap();
        drain.abort();
    }
}
