//! What the tests of the device share.

#![allow(dead_code)] // each test uses a part of it

use firmware::{Answer, Device, Key, Memory, RETAINED, Slot, Store, StoreError, first_settings};
use scaleiq_core::engine::Pack;
use scaleiq_core::sample::{RawSample, Sample};
use scaleiq_core::settings::Settings;
use scaleiq_core::units::JobLimits;
use scaleiq_core::wire::{CHUNK, Crash, Frame, FrameReader, Message, Status, UploadKind, encode};
use std::cell::{Cell, RefCell};
use std::rc::Rc;

pub(crate) static PACK: &[u8] = include_bytes!("../../../models/edge/model.pack");

/// Memory that outlives its device.
#[derive(Clone)]
pub(crate) struct Kept {
    pub(crate) bytes: Rc<Cell<[u8; RETAINED]>>,
    pub(crate) crash: Rc<RefCell<Option<Crash>>>,
}

impl Kept {
    pub(crate) fn after_power_on() -> Self {
        Self { bytes: Rc::new(Cell::new([0xA5; RETAINED])), crash: Rc::default() }
    }
}

impl Memory for Kept {
    fn load(&self) -> [u8; RETAINED] {
        self.bytes.get()
    }
    fn save(&mut self, bytes: &[u8; RETAINED]) {
        self.bytes.set(*bytes);
    }
    fn take_crash(&mut self) -> Option<Crash> {
        self.crash.take()
    }
}

/// Room for two uploads; what is read is leaked, as flash would be.
#[derive(Default)]
pub(crate) struct Room {
    pub(crate) slots: [Vec<u8>; 2],
    pub(crate) key: Option<Key>,
}

impl Store<'static> for Room {
    fn begin(&mut self, slot: Slot, length: u32) -> Result<(), StoreError> {
        if length > 256 << 10 {
            return Err(StoreError);
        }
        self.slots[slot as usize].clear();
        Ok(())
    }
    fn write(&mut self, slot: Slot, offset: u32, bytes: &[u8]) -> Result<(), StoreError> {
        assert_eq!(offset as usize, self.slots[slot as usize].len());
        self.slots[slot as usize].extend(bytes);
        Ok(())
    }
    fn read(&self, slot: Slot, length: u32) -> &'static [u8] {
        &Vec::leak(self.slots[slot as usize].clone())[..length as usize]
    }
    fn key(&self) -> Option<&Key> {
        self.key.as_ref()
    }
}

pub(crate) type TestDevice = Device<'static, Kept, Room>;

pub(crate) fn device_with(kept: &Kept, room: Room) -> &'static mut TestDevice {
    let place = Box::leak(Box::new_uninit());
    let settings = Settings { limits: JobLimits::new(1, 50).unwrap(), ..first_settings() };
    Device::make(place, settings, PACK, kept.clone(), room).unwrap()
}

pub(crate) fn device(kept: &Kept) -> &'static mut TestDevice {
    device_with(kept, Room::default())
}

pub(crate) fn sample(time: i64, arrivals: Option<f64>, ready: u32) -> Sample {
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

pub(crate) fn answer<S: Store<'static>>(
    device: &mut Device<'static, Kept, S>,
    bytes: &[u8],
) -> Option<Answer> {
    bytes.iter().find_map(|byte| device.receive(*byte, &mut || {}))
}

pub(crate) fn read(bytes: &[u8]) -> Frame {
    let mut reader = FrameReader::default();
    bytes.iter().find_map(|byte| reader.push(*byte)).unwrap().unwrap()
}

pub(crate) fn ask<S: Store<'static>>(
    device: &mut Device<'static, Kept, S>,
    message: &Message,
) -> Message {
    let frame = read(&answer(device, &encode(300, message).unwrap()).unwrap().frame);
    assert_eq!(frame.sequence, 300);
    frame.message
}

pub(crate) fn status<S: Store<'static>>(device: &mut Device<'static, Kept, S>) -> Status {
    match ask(device, &Message::Ask) {
        Message::Status(status) => status,
        other => panic!("{other:?}"),
    }
}

/// The same networks with other values of the Q-network: what decides can be told apart.
pub(crate) fn other_pack() -> Vec<u8> {
    let mut pack = Pack::parse(PACK).unwrap();
    pack.q_network.value.last_mut().unwrap().bias.0 = &[0; 4];
    let mut bytes = vec![0; PACK.len() + 100];
    let length = pack.write(&mut bytes).unwrap();
    bytes.truncate(length);
    assert_ne!(Pack::crc(&bytes), Pack::crc(PACK));
    bytes
}

/// Sends a model, each chunk twice; gives the answer to its end.
pub(crate) fn upload<S: Store<'static>>(
    device: &mut Device<'static, Kept, S>,
    bytes: &[u8],
) -> Message {
    upload_as(device, UploadKind::Model, bytes)
}

pub(crate) fn upload_as<S: Store<'static>>(
    device: &mut Device<'static, Kept, S>,
    kind: UploadKind,
    bytes: &[u8],
) -> Message {
    let begun = ask(device, &Message::UploadBegin { length: bytes.len() as u32, kind });
    if let Message::Refused(_) = begun {
        return begun;
    }
    for (k, part) in bytes.chunks(CHUNK).enumerate() {
        let part = part.iter().copied().collect();
        let chunk = Message::UploadChunk { offset: (k * CHUNK) as u32, bytes: part };
        let (first, again) = (ask(device, &chunk), ask(device, &chunk));
        assert_eq!(first, again);
    }
    ask(device, &Message::UploadEnd)
}

/// All that it has learned.
pub(crate) fn learned(device: &mut TestDevice) -> Vec<u8> {
    let mut all = Vec::new();
    loop {
        let asked = Message::AskLearned { offset: all.len() as u32 };
        let Message::Learned { epoch, length, offset, bytes } = ask(device, &asked) else {
            panic!("nothing learned")
        };
        assert_eq!((epoch, offset as usize), (status(device).epoch, all.len()));
        if bytes.is_empty() {
            assert_eq!(length as usize, all.len());
            return all;
        }
        all.extend_from_slice(&bytes);
    }
}
