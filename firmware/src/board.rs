//! What the images of all boards do alike.

use crate::device::{Device, Event};
use crate::retained::Memory;
use crate::serve::{Board, Clock, Watchdog, serve};
use crate::signed::{Key, Signer};
use crate::store::Store;
use embedded_hal::digital::OutputPin;
use embedded_io::{ErrorKind, Read, ReadReady, Write};
use scaleiq_core::engine::PackError;
use scaleiq_core::wire::ResetCause;

/// The model that an image brings.
pub static PACK: &[u8] = include_bytes!("../../models/edge/model.pack");

/// The receiver lost bytes.
#[derive(Debug)]
pub struct Lost;

impl core::fmt::Display for Lost {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("bytes were lost")
    }
}

impl core::error::Error for Lost {}

impl embedded_io::Error for Lost {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Other
    }
}

/// Whoever built the image: `SCALEIQ_MODEL_KEY`, 64 hexadecimal digits. Without it the image is one for a
/// bench.
#[derive(Debug)]
pub struct Builder;

impl Signer for Builder {
    const KEY: Option<Key> = match option_env!("SCALEIQ_MODEL_KEY") {
        Some(text) => Some(key(text.as_bytes())),
        None => None,
    };
}

const fn key(text: &[u8]) -> Key {
    assert!(text.len() == 64, "SCALEIQ_MODEL_KEY has 64 hexadecimal digits");
    let mut key = [0; 32];
    let mut k = 0;
    while k < key.len() {
        key[k] = 16 * digit(text[2 * k]) + digit(text[2 * k + 1]);
        k += 1;
    }
    key
}

const fn digit(text: u8) -> u8 {
    match text {
        b'0'..=b'9' => text - b'0',
        b'a'..=b'f' => text - b'a' + 10,
        _ => panic!("SCALEIQ_MODEL_KEY has hexadecimal digits, in small letters"),
    }
}

#[cfg(not(feature = "prove-no-panic"))]
use defmt::info as say;
/// The proof is about what decides, not about the logger.
#[cfg(feature = "prove-no-panic")]
macro_rules! say {
    ($($what:tt)*) => {{}};
}

#[cfg(not(feature = "prove-no-panic"))]
fn log(event: Event) {
    match event {
        Event::Decided { epoch, jobs, .. } => defmt::debug!("{}: {} jobs", epoch, jobs),
        Event::Dropped(_) => defmt::warn!("a frame was dropped"),
        Event::Refused(refusal) => defmt::warn!("refused: {}", refusal as u8),
        Event::Configured => defmt::info!("configured"),
        Event::Model { crc } => defmt::info!("model {:08x}", crc),
    }
}

#[cfg(feature = "prove-no-panic")]
fn log(_: Event) {}

/// Serves the line as long as that goes, then restarts.
pub fn run<'m, U, A, W, C, M, S>(
    board: &mut Board<U, A, W, C>,
    device: Result<&mut Device<'m, M, S>, PackError>,
) -> !
where
    U: Read + Write + ReadReady,
    A: OutputPin,
    W: Watchdog,
    C: Clock,
    M: Memory,
    S: Store<'m>,
{
    match device {
        Ok(device) => {
            say!("ready");
            if serve(board, device, log).is_err() {
                device.end(ResetCause::Board);
            }
            say!("restart");
        }
        Err(_) => say!("the built-in pack cannot be run"),
    }
    cortex_m::peripheral::SCB::sys_reset()
}
