//! A receiver that loses bytes: a frame is lost with them, and nothing that was learned.

mod common;

use common::{Kept, answer, device, learned, read, sample, status};
use embedded_hal::digital::{ErrorType as PinError, OutputPin};
use embedded_io::{ErrorType, Read, ReadReady, Write};
use firmware::{Board, Clock, Failure, Watchdog, serve};
use scaleiq_core::wire::{Frame, FrameReader, Message, encode};
use std::collections::VecDeque;
use std::convert::Infallible;

/// Bytes were lost.
#[derive(Debug)]
struct Lost;

impl std::fmt::Display for Lost {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("bytes were lost")
    }
}

impl std::error::Error for Lost {}

impl embedded_io::Error for Lost {
    fn kind(&self) -> embedded_io::ErrorKind {
        embedded_io::ErrorKind::Other
    }
}

/// What comes in, byte by byte, of which some are lost; then it is broken.
#[derive(Default)]
struct Line {
    input: VecDeque<Option<u8>>,
    output: Vec<u8>,
}

impl ErrorType for Line {
    type Error = Lost;
}

impl ReadReady for Line {
    fn read_ready(&mut self) -> Result<bool, Lost> {
        match self.input.front() {
            Some(Some(_)) => Ok(true),
            _ => {
                self.input.pop_front();
                Err(Lost)
            }
        }
    }
}

impl Read for Line {
    fn read(&mut self, bytes: &mut [u8]) -> Result<usize, Lost> {
        bytes[0] = self.input.pop_front().flatten().ok_or(Lost)?;
        Ok(1)
    }
}

impl Write for Line {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, Lost> {
        self.output.extend(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> Result<(), Lost> {
        Ok(())
    }
}

/// What else is on the board does nothing here.
struct Rest;

impl PinError for Rest {
    type Error = Infallible;
}

impl OutputPin for Rest {
    fn set_low(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
    fn set_high(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}

impl Watchdog for Rest {
    fn feed(&mut self) {}
}

impl Clock for Rest {
    fn seconds(&mut self) -> u32 {
        0
    }
    fn micros(&mut self) -> u32 {
        0
    }
}

#[test]
fn an_overrun_costs_a_frame_and_never_the_learning() {
    let [clean, hurt] = [(); 2].map(|()| device(&Kept::after_power_on()));
    let mut line = Line::default();
    let mut expected = Vec::new();
    let mut overruns = 0;
    for k in 1..=200_u16 {
        let count = 3000.0 + 40.0 * f64::from(k % 50);
        let question = encode(k, &Message::Sample(sample(30 * i64::from(k), Some(count), 10)));
        let question = question.unwrap();
        expected.push(read(&answer(clean, &question).unwrap().frame));
        let whole = || question.iter().copied().map(Some);
        if k % 3 == 0 {
            // A part of the frame is lost, up to as many times in a row as a line may fail without being
            // given up.
            let times = if k % 30 == 0 { 99 } else { 1 };
            let (from, to) = (usize::from(k) % 20, 5 + usize::from(k) % 40);
            let lost = from..to.max(from + 1).min(question.len() - 1);
            line.input.extend(whole().take(lost.start));
            line.input.extend(std::iter::repeat_n(None, times));
            line.input.extend(whole().skip(lost.end));
            overruns += times as u32;
        }
        line.input.extend(whole());
    }
    let mut board = Board { uart: line, alarm: Rest, watchdog: Rest, clock: Rest };
    let ended = serve(&mut board, hurt, |_| {});
    // A line that fails a hundred times in a row is broken.
    assert!(matches!(ended, Err(Failure::Uart(Lost))), "{ended:?}");
    let mut reader = FrameReader::default();
    let answers =
        board.uart.output.iter().filter_map(|byte| reader.push(*byte)).map(Result::unwrap);
    let decisions: Vec<Frame> =
        answers.filter(|frame| matches!(frame.message, Message::Decision(_))).collect();
    assert_eq!(decisions, expected);
    let after = status(hurt);
    assert_eq!((after.epoch, after.overruns), (200, overruns + 100));
    assert_eq!(after.dropped, 66, "each costs the frame that it hit, and no other");
    assert_eq!(learned(hurt), learned(clean));
}
