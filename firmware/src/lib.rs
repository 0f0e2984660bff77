//! ScaleIQ's core behind a serial line: bytes in, decisions out, an alarm pin when it is blind.
//!
//! Independent of any board: whoever owns the UART feeds [`Device::receive`] byte by byte and sends
//! what comes back. It runs the rungs of the ladder that need no network; the int8 engine that
//! brings the networks to the device is the next step.
#![no_std]

use embedded_hal::digital::OutputPin;
use heapless::Vec;
use scaleiq_core::controller::Controller;
use scaleiq_core::forecast::{ForecastModel, ModelInput, Perception, QUANTILES, STEPS};
use scaleiq_core::policy::{Planner, Stage};
use scaleiq_core::settings::Settings;
use scaleiq_core::wire::{FrameReader, MAX_FRAME, Message, encode};

/// No network on board: the perception falls back to its baseline.
#[derive(Clone, Copy, Debug)]
struct NoNetwork;

impl ForecastModel for NoNetwork {
    type Error = &'static str;

    fn infer(&mut self, _: &ModelInput) -> Result<[f32; STEPS * QUANTILES.len()], Self::Error> {
        Err("no network on board")
    }
}

/// A controller behind a serial line.
pub struct Device<Alarm> {
    reader: FrameReader,
    controller: Controller<Perception<NoNetwork>, Planner>,
    alarm: Alarm,
}

impl<Alarm: OutputPin> Device<Alarm> {
    /// A device that has seen nothing yet. `alarm` is high while decisions are held for want of
    /// fresh data.
    pub fn new(settings: Settings, alarm: Alarm) -> Self {
        let perception = Perception::new(settings.interval, NoNetwork);
        let controller = Controller::new(settings, perception, Planner);
        Self { reader: FrameReader::default(), controller, alarm }
    }

    /// Takes one byte; gives the frame to send back when it completed one.
    ///
    /// # Errors
    /// If the alarm pin cannot be driven.
    pub fn receive(&mut self, byte: u8) -> Result<Option<Vec<u8, MAX_FRAME>>, Alarm::Error> {
        let answer = match self.reader.push(byte) {
            None => return Ok(None),
            Some(Ok(Message::Sample(sample))) => {
                if self.controller.observe(&sample, |_, _| {}).is_err() {
                    Message::Refused
                } else {
                    let decision = self.controller.decide(sample.end);
                    self.alarm.set_state((decision.stage == Stage::Hold).into())?;
                    Message::Decision(decision)
                }
            }
            Some(_) => Message::Refused,
        };
        // Every answer fits a frame; a test holds the largest to it.
        Ok(encode(&answer).ok())
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use core::convert::Infallible;
    use embedded_hal::digital::ErrorType;
    use scaleiq_core::sample::RawSample;
    use scaleiq_core::units::{JobLimits, Jobs};
    use std::cell::Cell;
    use std::rc::Rc;

    struct Pin(Rc<Cell<bool>>);

    impl ErrorType for Pin {
        type Error = Infallible;
    }

    impl OutputPin for Pin {
        fn set_low(&mut self) -> Result<(), Infallible> {
            self.0.set(false);
            Ok(())
        }
        fn set_high(&mut self) -> Result<(), Infallible> {
            self.0.set(true);
            Ok(())
        }
    }

    fn device() -> (Device<Pin>, Rc<Cell<bool>>) {
        let alarm = Rc::new(Cell::new(false));
        let settings = Settings::new(JobLimits::new(1, 50).unwrap(), 60.0, 60.0);
        (Device::new(settings, Pin(alarm.clone())), alarm)
    }

    fn send(device: &mut Device<Pin>, bytes: &[u8]) -> Option<Message> {
        let mut reader = FrameReader::default();
        let answers = bytes.iter().filter_map(|b| device.receive(*b).unwrap());
        let mut messages = answers.flat_map(|frame| {
            let read: std::vec::Vec<_> = frame.iter().filter_map(|b| reader.push(*b)).collect();
            read
        });
        messages.next().map(|m| m.unwrap())
    }

    fn sample(time: f64, arrivals: Option<f64>) -> std::vec::Vec<u8> {
        let raw = RawSample {
            time,
            interval_s: 30.0,
            logged_events: arrivals,
            processed_events: arrivals,
            unprocessed_events: Some(0.0),
            avg_processing_ms: Some(100.0),
            jobs_ready: Some(10.0),
            jobs_starting: Some(0.0),
            ..RawSample::default()
        };
        encode(&Message::Sample(raw.gate().unwrap())).unwrap().to_vec()
    }

    #[test]
    fn samples_become_decisions() {
        let (mut device, alarm) = device();
        for k in 1..20 {
            let Some(Message::Decision(d)) =
                send(&mut device, &sample(30.0 * f64::from(k), Some(3000.0)))
            else {
                panic!("no decision for sample {k}")
            };
            assert!(d.jobs >= Jobs(10) && d.jobs <= Jobs(20), "{d:?}");
        }
        assert!(!alarm.get());
    }

    #[test]
    fn noise_is_refused_and_blindness_raises_the_alarm() {
        let (mut device, alarm) = device();
        assert_eq!(send(&mut device, &[9, 9, 9, 0]), Some(Message::Refused));
        send(&mut device, &sample(30.0, Some(3000.0)));
        assert_eq!(send(&mut device, &sample(30.0, Some(3000.0))), Some(Message::Refused));
        send(&mut device, &sample(60.0, None));
        assert!(alarm.get());
    }
}
