//! The loop of a board: bytes in, answers out, the watchdog fed, the alarm set.

use crate::device::{Device, Event};
use crate::retained::Memory;
use crate::store::Store;
use embedded_hal::digital::OutputPin;
use embedded_io::{Read, ReadReady, Write};

/// Resets the board unless it is fed in time.
pub trait Watchdog {
    /// Starts its time anew.
    fn feed(&mut self);
}

/// Counts since some moment; both counts wrap around.
pub trait Clock {
    /// Whole seconds.
    fn seconds(&mut self) -> u32;
    /// Microseconds.
    fn micros(&mut self) -> u32;
}

/// What a device needs of its board.
pub struct Board<U, A, W, C> {
    /// The line to the host.
    pub uart: U,
    /// High while decisions are held for want of fresh data.
    pub alarm: A,
    /// Fed between bytes.
    pub watchdog: W,
    /// Tells how old the last sample is.
    pub clock: C,
}

/// Times in a row that the receiver may fail before the line counts as broken: one loses bytes.
const OVERRUNS: u32 = 100;

/// Serves the line until the line or the pin fails, or until a restart is wanted: then `Ok`. Neither
/// leaves anything to do but a reset. `read_ready` may sleep until an interrupt, for half a second at most.
///
/// # Errors
/// If the UART or the alarm pin fails.
pub fn serve<'m, U, A, W, C, M, S>(
    board: &mut Board<U, A, W, C>,
    device: &mut Device<'m, M, S>,
    mut log: impl FnMut(Event),
) -> Result<(), Failure<U::Error, A::Error>>
where
    U: Read + Write + ReadReady,
    A: OutputPin,
    W: Watchdog,
    C: Clock,
    M: Memory,
    S: Store<'m>,
{
    let mut last = board.clock.seconds();
    let mut overruns = 0;
    board.alarm.set_high().map_err(Failure::Alarm)?;
    loop {
        board.watchdog.feed();
        let mut bytes = [0; 64];
        let count = match board.uart.read_ready() {
            Ok(true) => board.uart.read(&mut bytes),
            Ok(false) => Ok(0),
            Err(error) => Err(error),
        };
        let count = match count {
            Ok(count) => count,
            // It costs a frame, which comes damaged and is asked for again.
            Err(error) => {
                device.overrun();
                overruns += 1;
                if overruns == OVERRUNS {
                    return Err(Failure::Uart(error));
                }
                continue;
            }
        };
        overruns = 0;
        if count == 0 {
            let silent = board.clock.seconds().wrapping_sub(last);
            board.alarm.set_state(device.is_blind_after(silent).into()).map_err(Failure::Alarm)?;
            continue;
        }
        for byte in bytes.iter().take(count) {
            let start = board.clock.micros();
            let mut alive = || board.watchdog.feed();
            let Some(answer) = device.receive(*byte, &mut alive) else { continue };
            let took_us = board.clock.micros().wrapping_sub(start);
            board.uart.write_all(&answer.frame).map_err(Failure::Uart)?;
            board.uart.flush().map_err(Failure::Uart)?;
            board.alarm.set_state(answer.blind.into()).map_err(Failure::Alarm)?;
            board.watchdog.feed();
            if let Some(event) = answer.event {
                if matches!(event, Event::Decided { .. }) {
                    last = board.clock.seconds();
                    device.took(took_us);
                }
                log(event);
            }
            if answer.restart {
                return Ok(());
            }
        }
    }
}

/// What failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure<U, A> {
    /// The line.
    Uart(U),
    /// The pin.
    Alarm(A),
}
