//! A serial port, and how long is waited on it.

use super::fault::{DeviceError, Fault};
use crate::config::{Fields, Text, Whole};
use crate::platform::serial::{BAUD, BAUD_RANGE, hint};
use scaleiq_core::wire::MAX_FRAME;
use std::fmt;
use std::time::Duration;
use tokio_serial::{SerialPortBuilderExt, SerialStream};

/// Bits that a byte takes on the line: a start bit and a stop bit are around it.
const BITS: u32 = 10;

/// A serial port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Port {
    /// Its path, such as `/dev/ttyACM0`.
    pub path: String,
    /// Bits a second.
    pub baud: u32,
}

impl fmt::Display for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {} baud", self.path, self.baud)
    }
}

impl Port {
    /// The settings of `serial`.
    pub fn fields(f: &mut Fields<'_>) -> Option<Self> {
        let path = f.required("port", Self::WHAT, Text);
        let baud = f.or("baud", "bits a second on the line", Whole(BAUD_RANGE), BAUD);
        Some(Self { path: path?.value, baud })
    }

    /// What `serial.port` is.
    pub const WHAT: &str =
        "the port of the device that decides, such as `serial: {port: /dev/ttyACM0}`";

    /// Opens it, for this program alone: 8 data bits, no parity, no flow control. Must be called
    /// within a runtime.
    ///
    /// # Errors
    /// [`Fault::Closed`], with what to do.
    pub fn open(&self) -> Result<SerialStream, Fault> {
        let opened = tokio_serial::new(&self.path, self.baud).open_native_async();
        opened.map_err(|error| Fault::Closed(hint(&error)))
    }

    /// Seconds that a question and its answer take on the line at most.
    #[must_use]
    pub fn line_time(&self) -> Duration {
        let bits = 2 * MAX_FRAME as u32 * BITS;
        Duration::from_secs_f64(f64::from(bits) / f64::from(self.baud.max(1)))
    }

    /// `fault`, with the port's name.
    #[must_use]
    pub fn error(&self, fault: Fault) -> DeviceError {
        DeviceError { port: self.path.clone(), fault }
    }
}

/// How long is waited, and how often is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// For an answer, until the same is sent again; what the bytes take on the line comes on top.
    pub answer: Duration,
    /// Times that a message is sent.
    pub tries: u32,
    /// For a device that was lost, until it is looked for again. Doubled each time,
    pub pause: Duration,
    /// up to this.
    pub longest_pause: Duration,
    /// Between two fetchings of what the device has learned.
    pub keep: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            answer: Duration::from_secs(1),
            tries: 5,
            pause: Duration::from_secs(5),
            longest_pause: Duration::from_secs(60),
            keep: Duration::from_secs(3600),
        }
    }
}
