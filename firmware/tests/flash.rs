//! The store in flash on a flash that minds its rules, and whose power may go.

mod common;

use common::{Kept, PACK, ask, other_pack, status, upload};
use embedded_storage::nor_flash::{ErrorType, NorFlash, NorFlashErrorKind, ReadNorFlash};
use firmware::{Device, FlashStore, Key, Signer, Slot, Store, first_settings};
use scaleiq_core::engine::Pack;
use scaleiq_core::wire::{Message, Refusal, UploadKind};
use std::cell::{Cell, RefCell};
use std::rc::Rc;

const PAGE: usize = 4096;
/// The store's part of the flash, two slots; the rest is the program's.
const FROM: usize = 3 * PAGE;
const SLOT: usize = 64 * PAGE;
const ROOM: usize = 2 * SLOT;
const PROGRAM: u8 = 0x5A;

/// A chip's flash. Copies share its memory, as do a program and the next one after a reset.
#[derive(Clone)]
struct Chip {
    memory: Rc<RefCell<Vec<u8>>>,
    /// Pages that can be erased and words that can be written until the power goes.
    power: Rc<Cell<usize>>,
}

/// Nobody has to sign.
struct Nobody;

impl Signer for Nobody {
    const KEY: Option<Key> = None;
}

type TestStore = FlashStore<Chip, Box<dyn Fn() -> &'static [u8]>, Nobody>;

impl Chip {
    fn new() -> Self {
        let mut memory = vec![PROGRAM; FROM + ROOM + PAGE];
        // What an earlier owner left.
        memory[FROM..FROM + ROOM].iter_mut().enumerate().for_each(|(k, byte)| *byte = k as u8);
        Self { memory: Rc::new(RefCell::new(memory)), power: Rc::new(Cell::new(usize::MAX)) }
    }

    /// One step; gives the part of the bytes that it still reaches.
    fn step(&self, of: usize) -> Result<usize, NorFlashErrorKind> {
        let left = self.power.get();
        self.power.set(left.saturating_sub(1));
        match left {
            0 => Err(NorFlashErrorKind::Other),
            1 => Ok(of / 2),
            _ => Ok(of),
        }
    }

    fn bytes(&self) -> Vec<u8> {
        let memory = self.memory.borrow();
        let (program, rest) = memory.split_at(FROM);
        let (store, beyond) = rest.split_at(ROOM);
        assert!(program.iter().chain(beyond).all(|byte| *byte == PROGRAM), "the program was hurt");
        store.to_vec()
    }

    /// What is read is leaked, as references into flash are.
    fn store(&self) -> TestStore {
        let own = self.clone();
        let view = Box::new(move || &*Vec::leak(own.bytes()));
        FlashStore::new(self.clone(), FROM as u32, ROOM as u32, view)
    }

    /// A device that starts with this flash.
    fn device(&self) -> &'static mut Device<'static, Kept, TestStore> {
        self.power.set(usize::MAX);
        let place = Box::leak(Box::new_uninit());
        let kept = Kept::after_power_on();
        Device::make(place, first_settings(), PACK, kept, self.store()).unwrap()
    }
}

impl ErrorType for Chip {
    type Error = NorFlashErrorKind;
}

impl ReadNorFlash for Chip {
    const READ_SIZE: usize = 1;

    fn read(&mut self, _: u32, _: &mut [u8]) -> Result<(), NorFlashErrorKind> {
        unreachable!("the store reads through memory")
    }

    fn capacity(&self) -> usize {
        self.memory.borrow().len()
    }
}

impl NorFlash for Chip {
    const WRITE_SIZE: usize = 4;
    const ERASE_SIZE: usize = PAGE;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), NorFlashErrorKind> {
        let (from, to) = (from as usize, to as usize);
        assert!(
            from.is_multiple_of(PAGE) && to == from + PAGE,
            "{from} to {to}: one page at a time"
        );
        let reached = self.step(PAGE)?;
        self.memory.borrow_mut()[from..from + reached].fill(0xFF);
        Ok(())
    }

    fn write(&mut self, at: u32, bytes: &[u8]) -> Result<(), NorFlashErrorKind> {
        assert!(at.is_multiple_of(4) && bytes.len().is_multiple_of(4), "{at}: not whole words");
        for (k, word) in bytes.chunks(4).enumerate() {
            let at = at as usize + 4 * k;
            let reached = self.step(4)?;
            let to = &mut self.memory.borrow_mut()[at..at + 4];
            assert_eq!(to, [0xFF; 4], "{at}: written without erasing");
            to[..reached].copy_from_slice(&word[..reached]);
        }
        Ok(())
    }
}

#[test]
fn parts_of_any_length_become_whole_words() {
    for (length, slot) in [1, 4, 5, PAGE - 1, PAGE, PAGE + 1, 3 * PAGE + 2]
        .into_iter()
        .flat_map(|length| Slot::BOTH.map(|slot| (length, slot)))
    {
        let chip = Chip::new();
        let mut store = chip.store();
        let bytes: Vec<u8> = (0..length).map(|k| (k * 7 + 3) as u8).collect();
        // Twice: the second upload finds what the first one left.
        for _ in 0..2 {
            store.begin(slot, length as u32).unwrap();
            let (mut rest, mut sizes) = (bytes.as_slice(), [1, 2, 256, 3, 255, 64].iter().cycle());
            while !rest.is_empty() {
                let (part, after) = rest.split_at(rest.len().min(*sizes.next().unwrap()));
                store.write(slot, (length - rest.len()) as u32, part).unwrap();
                rest = after;
            }
            assert_eq!(store.read(slot, length as u32), bytes);
        }
        // The last word is filled up with erased bytes; pages that were not reached are as they were.
        let from = slot.offset(SLOT as u32) as usize;
        let (word, page) = (length.next_multiple_of(4), length.next_multiple_of(PAGE));
        let stored = chip.bytes();
        assert!(stored[from + length..from + word].iter().all(|byte| *byte == 0xFF), "{length}");
        let rest = (0..from).chain(from + page..ROOM);
        assert!(rest.into_iter().all(|k| stored[k] == k as u8), "{length}");
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    let chip = Chip::new();
    let mut store = chip.store();
    let before = chip.bytes();
    let [first, second] = Slot::BOTH;
    assert!(store.write(first, 0, &[1; 4]).is_err());
    assert!(store.begin(second, SLOT as u32 + 1).is_err());
    assert_eq!(chip.bytes(), before);
    assert!(store.read(first, SLOT as u32 + 1).is_empty());

    store.begin(first, 8).unwrap();
    assert!(store.write(first, 4, &[1; 4]).is_err());
    store.begin(first, 8).unwrap();
    assert!(store.write(second, 0, &[1; 4]).is_err());
    store.begin(first, 8).unwrap();
    assert!(store.write(first, 0, &[1; 9]).is_err());
    // What failed has ended the upload.
    assert!(store.write(first, 0, &[1; 4]).is_err());

    // All of it can be used.
    for slot in Slot::BOTH {
        store.begin(slot, SLOT as u32).unwrap();
        for at in (0..SLOT).step_by(256) {
            store.write(slot, at as u32, &[7; 256]).unwrap();
        }
    }
    assert_eq!(chip.bytes(), vec![7; ROOM]);
    store.discard(second);
    assert_eq!(store.kept(second)[..PAGE], [0xFF; PAGE]);
    assert_eq!(store.kept(first), [7; SLOT]);
}

#[test]
fn an_uploaded_model_outlives_the_power_and_what_comes_to_nothing_after_it() {
    let chip = Chip::new();
    let device = chip.device();
    assert_eq!(status(device).pack_crc, Pack::crc(PACK));
    let other = other_pack();
    let Message::Status(after) = upload(device, &other) else { panic!("not taken") };
    assert_eq!(after.pack_crc, Pack::crc(&other));

    let device = chip.device();
    assert_eq!(status(device).pack_crc, Pack::crc(&other));
    let long = Message::UploadBegin { length: SLOT as u32 + 1, kind: UploadKind::Model };
    assert_eq!(ask(device, &long), Message::Refused(Refusal::Storage));
    let mut hurt = other.clone();
    hurt[other.len() / 2] ^= 1;
    assert_eq!(upload(device, &hurt), Message::Refused(Refusal::Pack));
    for device in [device, chip.device()] {
        assert_eq!(status(device).pack_crc, Pack::crc(&other));
    }
    // The next one takes its place, here and at the next start.
    let device = chip.device();
    assert!(matches!(upload(device, PACK), Message::Status(_)));
    for device in [device, chip.device()] {
        assert_eq!(status(device).pack_crc, Pack::crc(PACK));
    }
}

#[test]
fn the_power_may_go_at_any_step_of_an_upload() {
    let other = other_pack();
    // A step is a page or a word; the first ones, some in between, and the last ones.
    let words = other.len().div_ceil(4);
    let steps = words + other.len().div_ceil(PAGE);
    let lost = (0..8).chain((1..8).map(|k| k * steps / 8)).chain(steps - 4..steps);
    for steps in lost {
        let chip = Chip::new();
        // A model is there already, and as many other bytes are sent.
        assert!(matches!(upload(chip.device(), &other), Message::Status(_)));
        let device = chip.device();
        assert_eq!(status(device).pack_crc, Pack::crc(&other));
        chip.power.set(steps);
        let mut sent = other.clone();
        sent[20..].reverse();
        let refused = upload(device, &sent);
        assert!(matches!(refused, Message::Refused(Refusal::Upload | Refusal::Storage)));
        for device in [device, chip.device()] {
            assert_eq!(status(device).pack_crc, Pack::crc(&other), "{steps}");
        }
        // And takes a model as before.
        let Message::Status(after) = upload(chip.device(), PACK) else { panic!("not taken") };
        assert_eq!(after.pack_crc, Pack::crc(PACK));
    }
}

/// The power goes while the former model is put away: one of the two decides, and both are good.
#[test]
fn two_models_are_better_than_none() {
    let other = other_pack();
    let steps = PACK.len().div_ceil(4) + PACK.len().div_ceil(PAGE);
    for more in [0, 1] {
        let chip = Chip::new();
        let device = chip.device();
        assert!(matches!(upload(device, &other), Message::Status(_)));
        chip.power.set(steps + more);
        assert!(matches!(upload(device, PACK), Message::Status(_)));
        let decides = status(chip.device()).pack_crc;
        assert!([Pack::crc(&other), Pack::crc(PACK)].contains(&decides));
    }
}
