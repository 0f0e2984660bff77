//! Frames between the agent and a broker: written down as they pass, and played again.

use super::secured::{Door, Guest};
use std::fmt::Write as _;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::thread;

/// A question and its answer, without their lengths.
type Exchange = (Vec<u8>, Vec<u8>);

/// Where a broker that is recorded says that it listens, and one that is played.
const HOST: &[u8] = b"127.0.0.1";

/// A frame that is longer is none, and a broker hangs up.
const MAX_BYTES: usize = 100 << 20;

/// Exchanges of one broker, on the port that it named.
#[derive(Clone, Debug, Default)]
pub(crate) struct Frames {
    port: u16,
    exchanges: Vec<Exchange>,
}

impl Frames {
    /// Reads what was written under this name.
    pub(crate) fn read(name: &str) -> Self {
        let text = std::fs::read_to_string(path(name)).unwrap();
        let mut frames = Self::default();
        let mut question = Vec::new();
        for line in text.lines() {
            match line.split_once(' ') {
                Some(("port", port)) => frames.port = port.parse().unwrap(),
                Some((">", hex)) => question = bytes(hex),
                Some(("<", hex)) => frames.exchanges.push((question.clone(), bytes(hex))),
                _ => assert!(line.starts_with('#'), "{line}"),
            }
        }
        frames
    }

    /// Writes them down, for persons and for `read`.
    pub(crate) fn write(&self, name: &str, about: &str) {
        let mut text = format!("# {about}\nport {}\n", self.port);
        for (question, answer) in &self.exchanges {
            let _ = writeln!(text, "> {}\n< {}", hex(question), hex(answer));
        }
        std::fs::write(path(name), text).unwrap();
    }

    /// Plays the broker on a port of its own, behind `door`, until the test ends; returns its address.
    ///
    /// The same question gets its answers in the order in which they were recorded, the last one for ever.
    pub(crate) fn play(mut self, door: Door) -> String {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let named = |port: u16| [HOST, &u32::from(port).to_be_bytes()].concat();
        for (_, answer) in &mut self.exchanges {
            *answer = replaced(answer, &named(self.port), &named(address.port()));
        }
        let (frames, door) = (Arc::new(Mutex::new(self.exchanges)), Arc::new(door));
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (frames, door) = (frames.clone(), door.clone());
                // It ends when the agent hangs up, or is not let in.
                thread::spawn(move || serve(stream?, &door, &frames));
            }
        });
        address.to_string()
    }
}

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("tests/kafka/frames/{name}.txt"))
}

fn serve(stream: TcpStream, door: &Door, frames: &Mutex<Vec<Exchange>>) -> io::Result<()> {
    let mut stream = door.stream(stream)?;
    let mut guest = Guest::default();
    loop {
        let question = read(&mut stream)?;
        let answer = match door.answer(&mut guest, &question)? {
            Some(answer) => answer,
            None => door.with_login(&question, answer(&mut frames.lock().unwrap(), &question)),
        };
        let id = &question[4..8];
        write(&mut stream, &[id, &answer].concat())?;
    }
}

/// The recorded answer, without its number.
fn answer(frames: &mut Vec<Exchange>, question: &[u8]) -> Vec<u8> {
    let is_same = |(recorded, _): &Exchange| rest(recorded) == rest(question);
    let mut places = (0..frames.len()).filter(|&k| is_same(&frames[k]));
    let place = places.next();
    let place = place.unwrap_or_else(|| panic!("never recorded: {}", hex(question)));
    let answer = match places.next() {
        Some(_) => frames.remove(place).1,
        None => frames[place].1.clone(),
    };
    answer[4..].to_vec()
}

/// A question without the number that ties its answer to it.
fn rest(question: &[u8]) -> (&[u8], &[u8]) {
    (&question[..4], &question[8..])
}

/// Writes down what passes between the agent and a broker.
pub(crate) struct Recorder {
    /// Where the agent finds it.
    pub(crate) address: SocketAddr,
    frames: Arc<Mutex<Frames>>,
}

impl Recorder {
    /// Listens, and passes what comes on to a broker, whose address is asked for when somebody comes.
    pub(crate) fn start(broker: Arc<Mutex<String>>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let frames = Arc::new(Mutex::new(Frames { port: address.port(), ..Frames::default() }));
        let written = frames.clone();
        thread::spawn(move || {
            for agent in listener.incoming() {
                let broker = TcpStream::connect(&*broker.lock().unwrap());
                let written = written.clone();
                thread::spawn(move || pass(agent?, broker?, &written));
            }
        });
        Self { address, frames }
    }

    /// What the agent has asked so far, and what was answered.
    pub(crate) fn frames(&self) -> Frames {
        self.frames.lock().unwrap().clone()
    }
}

fn pass(mut agent: TcpStream, mut broker: TcpStream, frames: &Mutex<Frames>) -> io::Result<()> {
    loop {
        let question = read(&mut agent)?;
        write(&mut broker, &question)?;
        let answer = read(&mut broker)?;
        write(&mut agent, &answer)?;
        if !question[10..].starts_with(b"scaleiq") {
            continue; // A producer, or a consumer.
        }
        frames.lock().unwrap().exchanges.push((question, answer));
    }
}

fn read(stream: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut length = [0; 4];
    stream.read_exact(&mut length)?;
    let length = u32::from_be_bytes(length) as usize;
    if length > MAX_BYTES {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut frame = vec![0; length];
    stream.read_exact(&mut frame)?;
    Ok(frame)
}

fn write(stream: &mut impl Write, frame: &[u8]) -> io::Result<()> {
    stream.write_all(&(frame.len() as u32).to_be_bytes())?;
    stream.write_all(frame)?;
    stream.flush()
}

fn replaced(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for at in 0..(bytes.len() + 1).saturating_sub(from.len()) {
        if bytes[at..].starts_with(from) {
            bytes[at..at + to.len()].copy_from_slice(to);
        }
    }
    bytes
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn bytes(hex: &str) -> Vec<u8> {
    let pair = |k: usize| u8::from_str_radix(&hex[2 * k..2 * k + 2], 16).unwrap();
    (0..hex.len() / 2).map(pair).collect()
}
