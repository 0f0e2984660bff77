//! Serial ports of this machine: how fast they are, and why one cannot be opened.

use std::io::ErrorKind as Io;
use std::ops::RangeInclusive;
use tokio_serial::{Error, ErrorKind};

/// Bits a second by default: what most boards use.
pub const BAUD: u32 = 115_200;
/// Slowest line on which a decision comes back in time, and the fastest that there is.
pub const BAUD_RANGE: RangeInclusive<u32> = 9600..=4_000_000;

/// Returns why a port could not be opened, and what to do.
#[must_use]
pub fn hint(error: &Error) -> String {
    let hint = match error.kind() {
        ErrorKind::Io(Io::NotFound) => {
            "is the device plugged in? `ls /dev/tty*` and `dmesg` tell what its port is called"
        }
        ErrorKind::Io(Io::PermissionDenied) => {
            "may this user use it? On Debian such ports belong to the group `dialout`"
        }
        ErrorKind::NoDevice => "another program uses it, perhaps another agent",
        _ => "is it a serial port?",
    };
    format!("{error}; {hint}")
}
