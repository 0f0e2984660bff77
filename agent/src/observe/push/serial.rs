//! JSON lines from a serial port: a worker on a microcontroller, or a machine of a plant.

use super::sink::Sink;
use crate::config::{Text, Whole};
use crate::observe::source::{Delivery, Source, SourceVariant};
use crate::observe::{Found, Lines};
use crate::platform::serial::{BAUD, BAUD_RANGE, hint};
use crate::platform::supervise::Condition;
use std::io::{self, BufReader, ErrorKind};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// How often a port that says nothing is left to see whether the agent is stopping.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// `source: {type: serial}`.
pub const SERIAL: SourceVariant = SourceVariant {
    word: "serial",
    about: "JSON lines from a serial port",
    example: "{type: serial, port: /dev/ttyUSB0}",
    fields: |f| {
        let port = f.required("port", "the serial port, such as /dev/ttyUSB0", Text);
        let baud = f.or("baud", "bits a second on the line", Whole(BAUD_RANGE), BAUD);
        Some(Arc::new(Serial { port: port?.value, baud }))
    },
};

/// A port whose other end writes a sample a line: 8 data bits, no parity, no flow control.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Serial {
    port: String,
    /// Bits a second.
    baud: u32,
}

impl Source for Serial {
    fn describe(&self) -> String {
        format!("JSON lines from {} at {} baud", self.port, self.baud)
    }

    fn note(&self) -> Option<String> {
        let is_there = Path::new(&self.port).exists() || cfg!(not(unix));
        (!is_there).then(|| format!("there is no port {} yet: it is tried again", self.port))
    }

    fn run(&self, to: &Delivery<'_>) -> io::Result<String> {
        let told = |why: String| io::Error::other(format!("{}: {why}", self.port));
        let port = tokio_serial::new(&self.port, self.baud).timeout(LOOK_EVERY).open();
        let port = port.map_err(|error| told(hint(&error)))?;
        let mut lines = Lines::new(BufReader::new(port));
        let mut sink = Sink::new(to);
        to.lifecycle.set(Condition::Running);
        while !to.inlet.is_closed() {
            match lines.read() {
                Ok(Found::Line) => {
                    if sink.take(lines.number(), lines.line()).is_err() {
                        break;
                    }
                }
                Ok(Found::End | Found::Rest) => return Err(told("it was unplugged".into())),
                Err(error) if error.kind() == ErrorKind::TimedOut => {}
                Err(error) => return Err(told(error.to_string())),
            }
        }
        Ok("the agent is stopping".into())
    }
}
