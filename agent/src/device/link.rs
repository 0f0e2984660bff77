//! One question and its answer over a line that may lose, add and change bytes.

use super::fault::Fault;
use scaleiq_core::wire::{
    Frame, FrameError, FrameReader, MAX_FRAME, Message, NO_SEQUENCE, Refusal, encode,
};
use std::io;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;

/// Times that a message is repeated because it or its answer came damaged, which takes no waiting.
const MAX_DAMAGED: u32 = 20;
/// What somebody left on a line is over when nothing came for so long.
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
    /// The number of the last question.
    sequence: u16,
    /// Whether what another program may have left on the line is gone.
    is_settled: bool,
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
        let reader = FrameReader::default();
        Self { stream, reader, answer, tries, sequence: beginning(), is_settled: false }
    }

    /// The same line, with other timeouts.
    #[must_use]
    pub fn with_tries(self, tries: u32) -> Self {
        Self { tries, ..self }
    }

    /// Sends `message` until the answer to it comes, which `accept` reads. Answers to earlier questions,
    /// which nobody waits for any more, are passed over.
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
        if !self.is_settled {
            self.settle().await?;
        }
        self.sequence = self.sequence.wrapping_add(1);
        if self.sequence == NO_SEQUENCE {
            self.sequence += 1;
        }
        let frame = encode(self.sequence, message);
        let frame = frame.map_err(|_| Fault::Senseless("the question has no frame"))?;
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
                Ok(Ok(Heard::Answer(answer))) => return Ok(answer),
                Ok(Ok(Heard::Refused(refusal))) => return Err(Fault::Refused(refusal)),
                Ok(Ok(Heard::Version(version))) => return Err(Fault::Version(version)),
                Ok(Err(error)) => return Err(Fault::Broken(error)),
                Ok(Ok(Heard::Damaged)) => damaged += 1,
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

    /// Reads on until something is heard that says what to do. What stands behind it answers nothing.
    async fn hear<T>(&mut self, accept: impl Fn(Message) -> Option<T>) -> io::Result<Heard<T>> {
        let mut bytes = [0; MAX_FRAME];
        loop {
            let count = self.stream.read(&mut bytes).await?;
            if count == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            for byte in bytes.iter().take(count) {
                let heard = match self.reader.push(*byte) {
                    None => continue,
                    Some(Ok(Frame { message: Message::Refused(Refusal::Frame), .. })) => {
                        Heard::Damaged
                    }
                    Some(Ok(Frame { sequence, .. })) if sequence != self.sequence => continue,
                    Some(Ok(Frame { message: Message::Refused(refusal), .. })) => {
                        Heard::Refused(refusal)
                    }
                    Some(Ok(Frame { message, .. })) => match accept(message) {
                        Some(answer) => Heard::Answer(answer),
                        None => continue,
                    },
                    Some(Err(FrameError::Version(version))) => Heard::Version(version),
                    Some(Err(_)) => Heard::Damaged,
                };
                return Ok(heard);
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
        self.is_settled = true;
        Ok(())
    }
}

/// A number that the program before this one is not likely to have reached.
fn beginning() -> u16 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    now.subsec_micros() as u16
}

#[cfg(test)]
mod tests {
    use super::*;
    use scaleiq_core::wire::{MAX_FRAME, Status};
    use tokio::io::{DuplexStream, duplex};

    const ANSWER: Duration = Duration::from_millis(50);

    /// What a device says, under the number of the question that it was asked or of another one.
    #[derive(Clone)]
    enum Says {
        Status(u64),
        Refuses(Refusal),
        /// The status before: an answer to the question before.
        Late(u64),
        Bytes(Vec<u8>),
        Hurt(u64),
        Cut(u64),
    }

    impl Says {
        fn bytes(&self, sequence: u16) -> Vec<u8> {
            let status = |sequence, epoch: u64| {
                let status = Status { epoch, ..Status::default() };
                encode(sequence, &Message::Status(status)).unwrap().to_vec()
            };
            match self {
                Self::Status(epoch) => status(sequence, *epoch),
                Self::Late(epoch) => status(sequence.wrapping_sub(1), *epoch),
                Self::Refuses(refusal) => {
                    encode(sequence, &Message::Refused(*refusal)).unwrap().to_vec()
                }
                Self::Bytes(bytes) => bytes.clone(),
                Self::Hurt(epoch) => {
                    let mut bytes = status(sequence, *epoch);
                    bytes[2] ^= 8;
                    bytes
                }
                Self::Cut(epoch) => status(sequence, *epoch)[..4].to_vec(),
            }
        }
    }

    /// A device that says this for the frames that it gets, one after the other.
    async fn play(mut line: DuplexStream, answers: Vec<Vec<Says>>) -> usize {
        let mut reader = FrameReader::default();
        let mut answers = answers.into_iter();
        let mut heard = 0;
        while let Ok(byte) = line.read_u8().await {
            if let Some(Ok(frame)) = reader.push(byte) {
                heard += 1;
                for says in answers.next().unwrap_or_default() {
                    if line.write_all(&says.bytes(frame.sequence)).await.is_err() {
                        return heard;
                    }
                }
            }
        }
        heard
    }

    /// Asks once: the epoch of the status that is taken, and how often was asked.
    async fn ask(answers: Vec<Vec<Says>>) -> (Result<u64, Fault>, usize) {
        let (here, there) = duplex(4 * MAX_FRAME);
        let device = tokio::spawn(play(there, answers));
        let mut link = Link::new(here, ANSWER, 3);
        let answer = link
            .ask(&Message::Ask, |answer| match answer {
                Message::Status(status) => Some(status.epoch),
                _ => None,
            })
            .await;
        drop(link);
        (answer, device.await.unwrap())
    }

    #[tokio::test]
    async fn what_answers_something_else_is_passed_over() {
        use Says::{Bytes, Late, Refuses, Status};
        let late = vec![Late(1), Bytes(vec![0, 0]), Refuses(Refusal::Frame), Status(1)];
        let (answer, asked) = ask(vec![late, vec![Status(2)]]).await;
        // What came behind the refusal answers the same question.
        assert_eq!((answer.unwrap(), asked), (2, 2));
        let (answer, asked) = ask(vec![vec![Late(1), Late(2), Status(5)]]).await;
        assert_eq!((answer.unwrap(), asked), (5, 1));
    }

    #[tokio::test]
    async fn the_same_is_sent_again_until_a_sound_answer_comes() {
        use Says::{Cut, Hurt, Refuses, Status};
        let answers = [Some(Hurt(1)), None, Some(Cut(1)), Some(Status(3)), Some(Status(4))];
        let (answer, asked) = ask(answers.map(Vec::from_iter).into()).await;
        // What was cut off joins what follows, and is damaged with it.
        assert_eq!((answer.unwrap(), asked), (4, 5));
        let answers = [Hurt(1), Refuses(Refusal::Frame), Status(3)];
        let (answer, asked) = ask(answers.map(|says| vec![says]).into()).await;
        assert_eq!((answer.unwrap(), asked), (3, 3));
        let (answer, asked) = ask(vec![vec![Hurt(1)]; 100]).await;
        assert!(matches!(answer, Err(Fault::Damaged(20))) && asked == 20, "{answer:?}, {asked}");
    }

    #[tokio::test]
    async fn what_repeating_does_not_help_against_is_told_at_once() {
        let (answer, asked) = ask(vec![vec![Says::Refuses(Refusal::Storage)]]).await;
        assert!(matches!(answer, Err(Fault::Refused(Refusal::Storage))) && asked == 1);
        // An empty message of version 9, as `SPEC.md` frames it.
        let crc = crc32fast::hash(&[9]).to_le_bytes();
        let other = [&[6, 9], &crc[..], &[0]].concat();
        assert!(!crc.contains(&0));
        let (answer, asked) = ask(vec![vec![Says::Bytes(other)]]).await;
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
