//! What the images of all boards do alike.

use crate::device::{Device, Event};
use crate::retained::Memory;
use crate::serve::{Board, Clock, Watchdog, serve};
use crate::store::Store;
use embedded_hal::digital::OutputPin;
use embedded_io::{Read, ReadReady, Write};
use scaleiq_core::engine::PackError;

/// The model that an image brings.
pub static PACK: &[u8] = include_bytes!("../../models/edge/model.pack");

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
            let _ended = serve(board, device, log);
            say!("restart: {}", _ended.is_ok());
        }
        Err(_) => say!("the built-in pack cannot be run"),
    }
    cortex_m::peripheral::SCB::sys_reset()
}
