//! What the tests of the device share.

use firmware::{Answer, Device, Memory, RETAINED, Store};
use scaleiq_core::engine::Pack;
use scaleiq_core::wire::{CHUNK, FrameReader, Message, Status, encode};
use std::cell::Cell;
use std::rc::Rc;

pub(crate) static PACK: &[u8] = include_bytes!("../../../models/edge/model.pack");

/// Memory that outlives its device.
#[derive(Clone)]
pub(crate) struct Kept(pub(crate) Rc<Cell<[u8; RETAINED]>>);

impl Kept {
    pub(crate) fn after_power_on() -> Self {
        Self(Rc::new(Cell::new([0xA5; RETAINED])))
    }
}

impl Memory for Kept {
    fn load(&self) -> [u8; RETAINED] {
        self.0.get()
    }
    fn save(&mut self, bytes: &[u8; RETAINED]) {
        self.0.set(*bytes);
    }
}

pub(crate) fn answer<S: Store<'static>>(
    device: &mut Device<'static, Kept, S>,
    bytes: &[u8],
) -> Option<Answer> {
    bytes.iter().find_map(|byte| device.receive(*byte))
}

pub(crate) fn read(frame: &[u8]) -> Message {
    let mut reader = FrameReader::default();
    frame.iter().find_map(|byte| reader.push(*byte)).unwrap().unwrap()
}

pub(crate) fn ask<S: Store<'static>>(
    device: &mut Device<'static, Kept, S>,
    message: &Message,
) -> Message {
    read(&answer(device, &encode(message).unwrap()).unwrap().frame)
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
    ask(device, &Message::UploadBegin { length: bytes.len() as u32 });
    for (k, part) in bytes.chunks(CHUNK).enumerate() {
        let part = part.iter().copied().collect();
        let chunk = Message::UploadChunk { offset: (k * CHUNK) as u32, bytes: part };
        let (first, again) = (ask(device, &chunk), ask(device, &chunk));
        assert_eq!(first, again);
    }
    ask(device, &Message::UploadEnd)
}
