//! The device on this machine: what it answers, what it survives.

mod common;

use common::{Kept, PACK, answer, ask, device, read, sample, status, upload};
use embedded_hal::digital::{ErrorType as PinError, OutputPin};
use embedded_io::{ErrorType, Read, ReadReady, Write};
use firmware::{Board, Clock, Failure, RETAINED, Retained, Watchdog, first_settings, serve};
use scaleiq_core::engine::Pack;
use scaleiq_core::forecast::ForecastSource;
use scaleiq_core::policy::{NetworkRole, Stage, can_act};
use scaleiq_core::sample::{Reading, Sample};
use scaleiq_core::units::{Jobs, UnixSeconds};
use scaleiq_core::wire::{
    Config, Crash, Frame, Message, NO_SEQUENCE, Refusal, ResetCause, Status, UploadKind, encode,
};
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::convert::Infallible;
use std::rc::Rc;

#[test]
fn samples_become_decisions_and_may_be_repeated() {
    let device = device(&Kept::after_power_on());
    for k in 1..200 {
        let sent = Message::Sample(sample(30 * k, Some(3000.0), 10));
        let Message::Decision(first) = ask(device, &sent) else { panic!("no decision") };
        assert!((10..=20).contains(&first.jobs.0), "{first:?}");
        assert_eq!(ask(device, &sent), Message::Decision(first.clone()));
        assert_eq!(first.epoch, k as u64);
        let source = first.forecast.map(|basis| basis.source);
        assert_eq!(source == Some(ForecastSource::Model), k >= 4, "{k}: {source:?}");
        assert_eq!(first.stage == Stage::Reactive, k < 4, "{k}: {:?}", first.stage);
    }
    let old = Message::Sample(sample(30, Some(1.0), 10));
    assert_eq!(ask(device, &old), Message::Refused(Refusal::SampleTime));
}

#[test]
fn a_network_that_cannot_act_is_called_so_and_not_asked() {
    let device = device(&Kept::after_power_on());
    for min_advantage in [0.0, f32::MAX] {
        let mut pack = Pack::parse(PACK).unwrap();
        pack.q_network.min_advantage = min_advantage;
        let mut bytes = vec![0; PACK.len() + 100];
        let length = pack.write(&mut bytes).unwrap();
        let Message::Status(status) = upload(device, &bytes[..length]) else { panic!("refused") };
        let role =
            if can_act(min_advantage) { NetworkRole::CanAct } else { NetworkRole::CannotAct };
        assert_eq!(status.network_role, role);
        let from = i64::try_from(status.epoch).unwrap();
        let mut asked = 0;
        for k in from + 1..from + 20 {
            let sent = Message::Sample(sample(30 * k, Some(3000.0), 10));
            let Message::Decision(decision) = ask(device, &sent) else { panic!("no decision") };
            asked += usize::from(decision.preference.is_some());
        }
        assert_eq!(asked > 10, can_act(min_advantage), "{asked} with {min_advantage}");
    }
}

#[test]
fn what_cannot_be_is_refused_and_changes_nothing() {
    let device = device(&Kept::after_power_on());
    let before = status(device);
    let good = sample(30, Some(3000.0), 10);
    let settings = Config::from(&first_settings());
    for (message, refusal) in [
        (
            Message::Sample(Sample { work_ms: Reading::Known(f32::NAN), ..good }),
            Refusal::SampleValue,
        ),
        (Message::Configure(Config { max_jobs: 0, ..settings }), Refusal::Config),
        (Message::UploadEnd, Refusal::Upload),
        (Message::UploadChunk { offset: 0, bytes: [1].into_iter().collect() }, Refusal::Upload),
        (Message::UploadBegin { length: 1 << 30, kind: UploadKind::Model }, Refusal::Storage),
        (Message::Refused(Refusal::Kind), Refusal::Kind),
    ] {
        assert_eq!(ask(device, &message), Message::Refused(refusal));
    }
    // Damaged, of another version, of this one and unknown: with its number where it has one.
    for (content, sequence, refusal) in [
        (&[9, 9, 9][..], NO_SEQUENCE, Refusal::Frame),
        (&[4, 5], NO_SEQUENCE, Refusal::Version),
        (&[5, 1, 2, 99], 0x0201, Refusal::Kind),
    ] {
        let check = crc::Crc::<u32>::new(&crc::CRC_32_ISO_HDLC).checksum(content).to_le_bytes();
        assert!(!check.contains(&0));
        let bytes = match refusal {
            Refusal::Frame => [content, &[0]].concat(),
            _ => [&[content.len() as u8 + 5], content, &check, &[0]].concat(),
        };
        let read = read(&answer(device, &bytes).unwrap().frame);
        assert_eq!(read, Frame { sequence, message: Message::Refused(refusal) });
    }
    assert_eq!(status(device), Status { dropped: 3, ..before });
}

#[test]
fn a_reset_keeps_the_last_decision_and_holds_it() {
    let kept = Kept::after_power_on();
    let first = device(&kept);
    assert_eq!(status(first).resets, 0);
    let config = Config { max_jobs: 30, ..Config::from(&first_settings()) };
    assert!(matches!(ask(first, &Message::Configure(config)), Message::Status(_)));
    let sent = Message::Sample(sample(30, Some(8000.0), 20));
    let Message::Decision(decision) = ask(first, &sent) else { panic!("no decision") };
    assert!(decision.jobs > Jobs(20));

    let second = device(&kept);
    let expected =
        Status { jobs: Some(decision.jobs), resets: 1, epoch: 0, last_end: None, ..status(first) };
    assert_eq!(status(second), Status { cause: ResetCause::Watchdog, ..expected });
    let Message::Decision(held) = ask(second, &Message::Time(UnixSeconds(40))) else { panic!() };
    assert_eq!((held.jobs, held.stage), (decision.jobs, Stage::Hold));
    // Fresh data asks for fewer: not before the window is over.
    let sent = Message::Sample(sample(60, Some(600.0), decision.jobs.0));
    let Message::Decision(next) = ask(second, &sent) else { panic!("no decision") };
    assert_eq!(next.jobs, decision.jobs);

    // Intervals of another length: the device wants a restart, which is not the watchdog's.
    let frame = encode(1, &Message::Configure(Config { interval_s: 60, ..config })).unwrap();
    assert!(answer(second, &frame).unwrap().restart);
    let third = status(device(&kept));
    assert_eq!((third.resets, third.cause), (2, ResetCause::Wanted));

    let mut hurt = kept.bytes.get();
    hurt[20] ^= 4;
    kept.bytes.set(hurt);
    assert!(Retained::load(&kept).is_none());
    let fourth = status(device(&kept));
    assert_eq!((fourth.resets, fourth.cause), (0, ResetCause::Power));
}

/// What the program left when it failed is told until the power goes, and made the next start alone.
#[test]
fn a_crash_is_told() {
    let kept = Kept::after_power_on();
    let first = device(&kept);
    let sent = Message::Sample(sample(30, Some(8000.0), 20));
    let Message::Decision(decision) = ask(first, &sent) else { panic!("no decision") };
    // As long as one can be.
    let crash = Crash {
        cause: ResetCause::HardFault,
        text: "é".repeat(48).as_str().try_into().unwrap(),
        registers: [u32::MAX; 10].into_iter().collect(),
    };
    assert!(firmware::sealed_crash(&crash).is_some());
    *kept.crash.borrow_mut() = Some(crash.clone());
    let told = |cause| {
        let status = status(device(&kept));
        assert_eq!((status.cause, status.crash), (cause, Some(crash.clone())));
        assert_eq!(status.jobs, Some(decision.jobs));
    };
    told(ResetCause::HardFault);
    told(ResetCause::Watchdog);
}

#[test]
fn the_longest_record_fits() {
    let crash = Crash {
        cause: ResetCause::HardFault,
        text: "x".repeat(96).as_str().try_into().unwrap(),
        registers: [u32::MAX; 10].into_iter().collect(),
    };
    let retained = Retained {
        resets: u32::MAX,
        ends: Some(ResetCause::Board),
        cause: ResetCause::HardFault,
        crash: Some(crash),
        jobs: Some(Jobs(u32::MAX)),
        config: Some(Config { max_jobs: u32::MAX, ..Config::from(&first_settings()) }),
    };
    let kept = Kept::after_power_on();
    retained.save(&mut kept.clone());
    assert_eq!(Retained::load(&kept), Some(retained));
}

/// What an image of another version left in the RAM is sound, and yet says nothing to this one.
#[test]
fn a_record_of_another_version_is_no_record() {
    let kept = Kept::after_power_on();
    let retained = Retained { resets: 3, jobs: Some(Jobs(7)), ..Retained::default() };
    retained.save(&mut kept.clone());
    assert_eq!(Retained::load(&kept), Some(retained.clone()));

    let sealed = |record: &[u8]| {
        let mut bytes = [0; RETAINED];
        bytes[4..4 + record.len()].copy_from_slice(record);
        let check = crc::Crc::<u32>::new(&crc::CRC_32_ISO_HDLC).checksum(&bytes[4..]);
        bytes[..4].copy_from_slice(&check.to_le_bytes());
        bytes
    };
    let mut room = [0; RETAINED];
    let record = postcard::to_slice(&retained, &mut room).unwrap();
    let next = [&b"R\x04"[..], record].concat();
    for other in [&*record, &next] {
        kept.bytes.set(sealed(other));
        assert_eq!(Retained::load(&kept), None);
        assert_eq!(status(device(&kept)).resets, 0);
    }
}

/// A board of which everything can be seen; its line ends with what it was given.
#[derive(Clone, Default)]
struct Bench {
    input: Rc<RefCell<VecDeque<u8>>>,
    output: Rc<RefCell<Vec<u8>>>,
    alarm: Rc<RefCell<Vec<bool>>>,
    fed: Rc<Cell<u32>>,
    time: Rc<Cell<u32>>,
}

#[derive(Debug)]
struct Ended;

impl core::fmt::Display for Ended {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("the line has ended")
    }
}

impl core::error::Error for Ended {}

impl embedded_io::Error for Ended {
    fn kind(&self) -> embedded_io::ErrorKind {
        embedded_io::ErrorKind::Other
    }
}

impl ErrorType for Bench {
    type Error = Ended;
}

impl ReadReady for Bench {
    /// A thousand seconds of silence after the last byte, then the end.
    fn read_ready(&mut self) -> Result<bool, Ended> {
        if !self.input.borrow().is_empty() {
            return Ok(true);
        }
        self.time.set(self.time.get() + 100);
        if self.time.get() > 1000 { Err(Ended) } else { Ok(false) }
    }
}

impl Read for Bench {
    fn read(&mut self, bytes: &mut [u8]) -> Result<usize, Ended> {
        let byte = self.input.borrow_mut().pop_front().ok_or(Ended)?;
        bytes[0] = byte;
        Ok(1)
    }
}

impl Write for Bench {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, Ended> {
        self.output.borrow_mut().extend(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> Result<(), Ended> {
        Ok(())
    }
}

impl PinError for Bench {
    type Error = Infallible;
}

impl OutputPin for Bench {
    fn set_low(&mut self) -> Result<(), Infallible> {
        self.alarm.borrow_mut().push(false);
        Ok(())
    }
    fn set_high(&mut self) -> Result<(), Infallible> {
        self.alarm.borrow_mut().push(true);
        Ok(())
    }
}

impl Watchdog for Bench {
    fn feed(&mut self) {
        self.fed.set(self.fed.get() + 1);
    }
}

impl Clock for Bench {
    fn seconds(&mut self) -> u32 {
        self.time.get()
    }
    fn micros(&mut self) -> u32 {
        self.time.get()
    }
}

#[test]
fn the_alarm_is_on_while_the_device_is_blind_and_the_watchdog_is_fed() {
    let bench = Bench::default();
    let frame = encode(1, &Message::Sample(sample(30, Some(3000.0), 10))).unwrap();
    bench.input.borrow_mut().extend(&frame);
    let mut board = Board {
        uart: bench.clone(),
        alarm: bench.clone(),
        watchdog: bench.clone(),
        clock: bench.clone(),
    };
    let ended = serve(&mut board, device(&Kept::after_power_on()), |_| {});
    assert!(matches!(ended, Err(Failure::Uart(Ended))));
    let mut alarm = bench.alarm.borrow().clone();
    alarm.dedup();
    // Before the first sample, and when it is older than five minutes.
    assert_eq!(alarm, [true, false, true]);
    assert!(matches!(read(&bench.output.borrow()).message, Message::Decision(_)));
    assert!(bench.fed.get() > 10);
}
