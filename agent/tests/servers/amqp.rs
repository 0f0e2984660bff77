//! So much of AMQP 0-9-1 as a test needs to publish and to consume.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// A connection with one channel.
pub(crate) struct Amqp(TcpStream);

/// The connection itself, and the channel that is used.
const CONNECTION: u16 = 0;
const CHANNEL: u16 = 1;
/// Kinds of frames.
const METHOD: u8 = 1;
const HEADER: u8 = 2;
const BODY: u8 = 3;
/// What ends a frame.
const END: u8 = 0xCE;

impl Amqp {
    pub(crate) fn connect(port: u16, user: &str, password: &str) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let mut amqp = Self(stream);
        amqp.0.write_all(b"AMQP\0\0\x09\x01").unwrap();
        amqp.expect(10, 10);
        let response = format!("\0{user}\0{password}");
        let start_ok = [&[0; 4], &*short("PLAIN"), &*long(&response), &*short("en_US")].concat();
        amqp.method(CONNECTION, 10, 11, &start_ok);
        let tune = amqp.expect(10, 30);
        amqp.method(CONNECTION, 10, 31, &tune);
        amqp.method(CONNECTION, 10, 40, &[&*short("/"), &[0, 0]].concat());
        amqp.expect(10, 41);
        amqp.method(CHANNEL, 20, 10, &[0]);
        amqp.expect(20, 11);
        amqp
    }

    /// Makes a durable queue.
    pub(crate) fn declare(&mut self, queue: &str) {
        self.method(CHANNEL, 50, 10, &[&[0, 0], &*short(queue), &[0b10], &[0; 4]].concat());
        self.expect(50, 11);
    }

    /// Publishes a message that outlives the server.
    pub(crate) fn publish(&mut self, queue: &str) {
        self.method(CHANNEL, 60, 40, &[&[0, 0], &*short(""), &*short(queue), &[0]].concat());
        // One byte, with the property that it is kept.
        let header = [&60_u16.to_be_bytes()[..], &[0, 0], &1_u64.to_be_bytes(), &[0x10, 0, 2]];
        self.frame(HEADER, CHANNEL, &header.concat());
        self.frame(BODY, CHANNEL, b"x");
    }

    /// Takes a message without acknowledging it: its tag, or `None` if there is none.
    pub(crate) fn get(&mut self, queue: &str) -> Option<u64> {
        self.method(CHANNEL, 60, 70, &[&[0, 0], &*short(queue), &[0]].concat());
        let (method, arguments) = self.read();
        if method != (60, 71) {
            return None;
        }
        // What follows is the message.
        assert_eq!(self.read_frame().0, HEADER);
        assert_eq!(self.read_frame().0, BODY);
        Some(u64::from_be_bytes(arguments[..8].try_into().unwrap()))
    }

    /// Acknowledges a message.
    pub(crate) fn ack(&mut self, tag: u64) {
        self.method(CHANNEL, 60, 80, &[&tag.to_be_bytes()[..], &[0]].concat());
    }

    /// Becomes a consumer that takes nothing: it may have no message.
    pub(crate) fn consume(&mut self, queue: &str) {
        let nothing = [0, 0, 0, 0, 0, 1, 0];
        self.method(CHANNEL, 60, 10, &nothing);
        self.expect(60, 11);
        self.method(
            CHANNEL,
            60,
            20,
            &[&[0, 0], &*short(queue), &*short(""), &[0], &[0; 4]].concat(),
        );
        self.expect(60, 21);
    }

    fn method(&mut self, channel: u16, class: u16, method: u16, arguments: &[u8]) {
        let payload = [&class.to_be_bytes(), &method.to_be_bytes(), arguments].concat();
        self.frame(METHOD, channel, &payload);
    }

    fn frame(&mut self, kind: u8, channel: u16, payload: &[u8]) {
        let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
        let frame = [&[kind], &channel.to_be_bytes()[..], &length, payload, &[END]].concat();
        self.0.write_all(&frame).unwrap();
    }

    /// The arguments of the method that comes next, which must be this one.
    fn expect(&mut self, class: u16, method: u16) -> Vec<u8> {
        let (found, arguments) = self.read();
        assert_eq!(found, (class, method), "{}", String::from_utf8_lossy(&arguments));
        arguments
    }

    fn read(&mut self) -> ((u16, u16), Vec<u8>) {
        let (kind, payload) = self.read_frame();
        assert_eq!(kind, METHOD);
        let number = |at: usize| u16::from_be_bytes([payload[at], payload[at + 1]]);
        ((number(0), number(2)), payload[4..].to_vec())
    }

    fn read_frame(&mut self) -> (u8, Vec<u8>) {
        let mut head = [0; 7];
        self.0.read_exact(&mut head).unwrap();
        let length = u32::from_be_bytes(head[3..].try_into().unwrap());
        let mut payload = vec![0; length as usize + 1];
        self.0.read_exact(&mut payload).unwrap();
        assert_eq!(payload.pop(), Some(END));
        (head[0], payload)
    }
}

fn short(text: &str) -> Vec<u8> {
    [&[u8::try_from(text.len()).unwrap()], text.as_bytes()].concat()
}

fn long(text: &str) -> Vec<u8> {
    [&u32::try_from(text.len()).unwrap().to_be_bytes(), text.as_bytes()].concat()
}
