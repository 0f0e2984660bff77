//! The device on this machine: what it answers, what it survives.

mod common;

use common::{Kept, PACK, answer, ask, other_pack, read, status, upload};
use embedded_hal::digital::{ErrorType as PinError, OutputPin};
use embedded_io::{ErrorType, Read, ReadReady, Write};
use firmware::{
    Board, Clock, Device, Failure, Memory, RETAINED, Retained, Store, StoreError, Watchdog,
    first_settings, serve,
};
use scaleiq_core::engine::Pack;
use scaleiq_core::forecast::ForecastSource;
use scaleiq_core::policy::{NetworkRole, Stage, can_act};
use scaleiq_core::sample::{RawSample, Reading, Sample};
use scaleiq_core::settings::Settings;
use scaleiq_core::units::{JobLimits, Jobs, UnixSeconds};
use scaleiq_core::wire::{Config, FrameReader, Message, Refusal, Status, encode};
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::convert::Infallible;
use std::rc::Rc;

/// Room for one pack; what is read is leaked, as flash would be.
#[derive(Default)]
struct Room(Vec<u8>);

impl Store<'static> for Room {
    fn begin(&mut self, length: u32) -> Result<(), StoreError> {
        self.0 = Vec::new();
        if length <= 256 << 10 { Ok(()) } else { Err(StoreError) }
    }
    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), StoreError> {
        assert_eq!(offset as usize, self.0.len());
        self.0.extend(bytes);
        Ok(())
    }
    fn read(&self, length: u32) -> &'static [u8] {
        &Vec::leak(self.0.clone())[..length as usize]
    }
}

type TestDevice = Device<'static, Kept, Room>;

fn device(kept: &Kept) -> &'static mut TestDevice {
    let place = Box::leak(Box::new_uninit());
    let settings = Settings { limits: JobLimits::new(1, 50).unwrap(), ..first_settings() };
    Device::make(place, settings, PACK, kept.clone(), Room::default()).unwrap()
}

fn sample(time: i64, arrivals: Option<f64>, ready: u32) -> Sample {
    let raw = RawSample {
        time: time as f64,
        interval_s: 30.0,
        logged_events: arrivals,
        processed_events: arrivals,
        unprocessed_events: Some(0.0),
        avg_processing_ms: Some(100.0),
        jobs_ready: Some(f64::from(ready)),
        jobs_starting: Some(0.0),
        ..RawSample::default()
    };
    raw.gate().unwrap().sample
}

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
        (Message::UploadBegin { length: 1 << 30 }, Refusal::Storage),
        (Message::Refused(Refusal::Kind), Refusal::Kind),
    ] {
        assert_eq!(ask(device, &message), Message::Refused(refusal));
    }
    let noise = answer(device, &[9, 9, 9, 0]).unwrap();
    assert_eq!(read(&noise.frame), Message::Refused(Refusal::Frame));
    assert_eq!(status(device), Status { dropped: 1, ..before });
}

#[test]
fn a_model_is_uploaded_checked_and_then_in_force() {
    let device = device(&Kept::after_power_on());
    let mut bytes = other_pack();
    let Message::Status(after) = upload(device, &bytes) else { panic!("not taken") };
    assert_eq!(after.pack_crc, Pack::crc(&bytes));
    assert_eq!(ask(device, &Message::UploadEnd), Message::Status(after));

    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    assert_eq!(upload(device, &bytes), Message::Refused(Refusal::Pack));
    assert_eq!(status(device).pack_crc, Pack::crc(PACK));
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
        Status { jobs: Some(decision.jobs), resets: 1, by_watchdog: true, ..status(first) };
    assert_eq!(status(second), Status { epoch: 0, ..expected });
    let Message::Decision(held) = ask(second, &Message::Time(UnixSeconds(40))) else { panic!() };
    assert_eq!((held.jobs, held.stage), (decision.jobs, Stage::Hold));
    // Fresh data asks for fewer: not before the window is over.
    let sent = Message::Sample(sample(60, Some(600.0), decision.jobs.0));
    let Message::Decision(next) = ask(second, &sent) else { panic!("no decision") };
    assert_eq!(next.jobs, decision.jobs);

    // Intervals of another length: the device wants a restart, which is not the watchdog's.
    let frame = encode(&Message::Configure(Config { interval_s: 60, ..config })).unwrap();
    assert!(answer(second, &frame).unwrap().restart);
    let third = status(device(&kept));
    assert_eq!((third.resets, third.by_watchdog), (2, false));

    let mut hurt = kept.load();
    hurt[20] ^= 4;
    kept.0.set(hurt);
    assert!(Retained::load(&kept).is_none());
    assert_eq!(status(device(&kept)).resets, 0);
}

/// What an image of another version left in the RAM is sound, and yet says nothing to this one.
#[test]
fn a_record_of_another_version_is_no_record() {
    let kept = Kept::after_power_on();
    let retained = Retained { resets: 3, wanted: false, jobs: Some(Jobs(7)), config: None };
    retained.save(&mut Kept(kept.0.clone()));
    assert_eq!(Retained::load(&kept), Some(retained));

    let sealed = |record: &[u8]| {
        let mut bytes = [0; RETAINED];
        bytes[4..4 + record.len()].copy_from_slice(record);
        let check = crc::Crc::<u32>::new(&crc::CRC_32_ISO_HDLC).checksum(&bytes[4..]);
        bytes[..4].copy_from_slice(&check.to_le_bytes());
        bytes
    };
    let mut room = [0; RETAINED];
    let record = postcard::to_slice(&retained, &mut room).unwrap();
    let next = [&b"R\x03"[..], record].concat();
    for other in [&*record, &next] {
        kept.0.set(sealed(other));
        assert_eq!(Retained::load(&kept), None);
        assert_eq!(status(device(&kept)).resets, 0);
    }
}

/// A day of samples over a line that loses, doubles, adds and flips bytes, with a reset in the middle of
/// a frame every four hours: the host repeats what it gets no sound answer to, and no decision is other
/// than that of a device on a clean line that was reset at the same time.
#[test]
fn a_day_of_noise_changes_no_decision() {
    let kept = [Kept::after_power_on(), Kept::after_power_on()];
    let [mut clean, mut noisy] = kept.each_ref().map(device);
    let mut noise = Noise(7);
    let (mut repeats, mut jobs) = (0, 10);
    for k in 1..=2880 {
        let wave = 3000.0 + 2000.0 * f64::from(k as i32 % 960).mul_add(0.0065, 0.0).sin();
        let frame = encode(&Message::Sample(sample(30 * k, Some(wave.round()), jobs))).unwrap();
        if k % 480 == 0 {
            assert!(frame.iter().take(9).all(|byte| noisy.receive(*byte).is_none()));
            [clean, noisy] = kept.each_ref().map(device);
        }
        let expected = read(&answer(clean, &frame).unwrap().frame);
        let mut tries = 0;
        let got = loop {
            tries += 1;
            assert!(tries < 100, "out of step at sample {k}");
            let mut sent = vec![0];
            sent.extend_from_slice(&frame);
            let sent = noise.on(&sent);
            let answers: Vec<u8> = sent
                .iter()
                .filter_map(|byte| noisy.receive(*byte))
                .flat_map(|answer| noise.on(&answer.frame))
                .collect();
            let mut reader = FrameReader::default();
            let read = answers.iter().filter_map(|byte| reader.push(*byte)).flatten();
            // Only a decision for this very sample is one.
            let own = |m: &Message| matches!(m, Message::Decision(d) if d.at.0 == 30 * k);
            if let Some(decision) = read.into_iter().find(own) {
                break decision;
            }
        };
        repeats += tries - 1;
        assert_eq!(got, expected, "sample {k}");
        let Message::Decision(decision) = got else { unreachable!() };
        jobs = decision.jobs.0;
    }
    assert!(repeats > 500, "{repeats}: that was no noise");
}

/// Hurts about one byte in two hundred.
struct Noise(u32);

impl Noise {
    fn next(&mut self) -> u32 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        self.0 >> 8
    }

    fn on(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        for byte in bytes {
            match self.next() % 900 {
                0 => {}
                1 => out.push(byte ^ (1 << (self.next() % 8))),
                2 => out.extend([*byte, self.next() as u8]),
                3 => out.extend([*byte, *byte]),
                _ => out.push(*byte),
            }
        }
        out
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
    let frame = encode(&Message::Sample(sample(30, Some(3000.0), 10))).unwrap();
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
    assert!(matches!(read(&bench.output.borrow()), Message::Decision(_)));
    assert!(bench.fed.get() > 10);
}
