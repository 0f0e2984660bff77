//! A connection to one broker: a question, and its answer.

use super::address::Address;
use super::failure::Failure;
use super::protocol::{Malformed, Question, Reader, Writer};
use crate::observe::probe::ProbeError;
use std::io;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// As whom the agent shows up in a broker's logs and quotas.
const CLIENT: &str = "scaleiq";
/// Longest answer that is read: partitions of more than a hundred thousand.
const MAX_ANSWER_BYTES: usize = 8 << 20;

/// What bytes go through: TCP, or TLS over it.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// A connection on which one question at a time is asked. It is of no use any more after an error, nor if
/// the future of an answer was dropped.
pub(super) struct Connection {
    stream: Box<dyn Stream>,
    peer: Address,
    asked: i32,
}

impl Connection {
    /// A connection to `peer` over `stream`.
    pub(super) fn new(stream: Box<dyn Stream>, peer: Address) -> Self {
        Self { stream, peer, asked: 0 }
    }

    /// Who answers.
    pub(super) fn peer(&self) -> &Address {
        &self.peer
    }

    /// Returns the answer.
    ///
    /// # Errors
    /// If it does not come, or is none.
    pub(super) async fn ask<Q: Question>(&mut self, question: &Q) -> Result<Q::Answer, Failure> {
        self.asked = self.asked.wrapping_add(1);
        let mut writer = Writer::default();
        writer.i16(Q::KEY);
        writer.i16(Q::VERSION);
        writer.i32(self.asked);
        writer.text(CLIENT);
        question.write(&mut writer);
        let peer = &self.peer;
        let answer = exchange(&mut self.stream, &writer.framed()).await;
        let answer = answer.map_err(|why| broken(&why, peer))?;
        let mut reader = Reader(&answer);
        let read = match reader.i32() {
            Ok(id) if id == self.asked => Q::read(&mut reader),
            Ok(_) | Err(_) => Err(Malformed),
        };
        read.map_err(|_| {
            let what = format!("{peer} answers {} otherwise than a broker of Kafka does", Q::NAME);
            ProbeError::Invalid(what).into()
        })
    }
}

/// Sends a frame, and returns the one that comes back, without its length.
async fn exchange(stream: &mut dyn Stream, frame: &[u8]) -> io::Result<Vec<u8>> {
    stream.write_all(frame).await?;
    stream.flush().await?;
    let mut length = [0; 4];
    stream.read_exact(&mut length).await?;
    if length.starts_with(&[0x15, 0x03]) {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "wants TLS: set `tls`"));
    }
    let length = u32::from_be_bytes(length) as usize;
    if length > MAX_ANSWER_BYTES {
        let what = format!("sends {length} bytes, of which {MAX_ANSWER_BYTES} are read at most");
        return Err(io::Error::new(io::ErrorKind::InvalidData, what));
    }
    // It grows by what comes, and not by what is claimed.
    let mut answer = Vec::new();
    if stream.take(length as u64).read_to_end(&mut answer).await? < length {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(answer)
}

/// Why nothing more comes from `peer`.
pub(super) fn broken(why: &io::Error, peer: &Address) -> Failure {
    if let Some(tls) = why.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        return match tls {
            rustls::Error::InvalidMessage(_) => {
                ProbeError::Invalid(format!("{peer} speaks no TLS; leave out `tls`")).into()
            }
            _ => ProbeError::Denied(format!("{peer}: {tls}; check `tls`")).into(),
        };
    }
    match why.kind() {
        io::ErrorKind::InvalidData => ProbeError::Invalid(format!("{peer} {why}")).into(),
        io::ErrorKind::UnexpectedEof
        | io::ErrorKind::ConnectionReset
        | io::ErrorKind::BrokenPipe => {
            let hint = "if it always does, check `tls` and `sasl`";
            Failure::passing(format!("{peer} closed the connection; {hint}"))
        }
        _ => Failure::passing(format!("{peer}: {why}")),
    }
}
