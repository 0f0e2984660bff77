//! A store in NOR flash: what was uploaded outlives the power.

use crate::signed::{Key, Signer};
use crate::store::{Slot, Store, StoreError};
use core::marker::PhantomData;
use embedded_storage::nor_flash::NorFlash;

/// Bytes of a word: flash is written in words, each of them once.
const WORD: usize = 4;

/// An upload under way.
#[derive(Clone, Copy, Debug)]
struct Writing {
    slot: Slot,
    length: u32,
    /// The next byte.
    next: u32,
    /// Where what was not erased begins.
    erased: u32,
    /// The bytes of the word that is not full yet.
    word: [u8; WORD],
}

/// A part of a NOR flash, which lies in memory as well, for two uploads.
///
/// Pages are erased as the upload reaches them: erasing takes a tenth of a second a page, in which
/// most chips do nothing else, and between two chunks the watchdog is fed. The first page goes
/// before anything is written, and with it the header of what was there; so an upload that the power
/// ended leaves no pack, or bytes whose checksum is wrong.
#[derive(Debug)]
pub struct FlashStore<F, V, K> {
    flash: F,
    view: V,
    from: u32,
    /// Bytes of a slot.
    room: u32,
    writing: Option<Writing>,
    signer: PhantomData<K>,
}

impl<F, V, K> FlashStore<F, V, K>
where
    F: NorFlash,
    V: Fn() -> &'static [u8],
{
    const PAGE: u32 = F::ERASE_SIZE as u32;

    /// A store in `length` bytes of `flash` from `from` on, both whole pages; `view` gives these
    /// bytes in memory. It is called anew after each change, and what it gave of a slot before is not
    /// used any more: see [`Store::begin`].
    pub fn new(flash: F, from: u32, length: u32, view: V) -> Self {
        const { assert!(WORD.is_multiple_of(F::WRITE_SIZE) && F::ERASE_SIZE > 0) };
        let room = length / 2 / Self::PAGE * Self::PAGE;
        Self { flash, view, from, room, writing: None, signer: PhantomData }
    }

    /// Erases the page that begins at `at` of a slot; gives where the next one does.
    fn erase_page(&mut self, slot: Slot, at: u32) -> Result<u32, StoreError> {
        let end = at.checked_add(Self::PAGE).filter(|end| *end <= self.room);
        let end = end.ok_or(StoreError)?;
        let (first, last) = (self.place(slot, at)?, self.place(slot, end)?);
        self.flash.erase(first, last).map_err(|_| StoreError)?;
        Ok(end)
    }

    /// Where in the flash `at` of a slot lies.
    fn place(&self, slot: Slot, at: u32) -> Result<u32, StoreError> {
        let from = self.from.checked_add(slot.offset(self.room)).ok_or(StoreError)?;
        from.checked_add(at).ok_or(StoreError)
    }

    fn slot(&self, slot: Slot) -> &'static [u8] {
        let from = slot.offset(self.room) as usize;
        (self.view)().get(from..from + self.room as usize).unwrap_or_default()
    }

    /// Writes `bytes`, which are next; the last word of all is filled up with erased bytes.
    fn append(&mut self, writing: &mut Writing, bytes: &[u8]) -> Result<(), StoreError> {
        for byte in bytes {
            let place = writing.next as usize % WORD;
            if let Some(to) = writing.word.get_mut(place) {
                *to = *byte;
            }
            writing.next += 1;
            if place + 1 < WORD && writing.next < writing.length {
                continue;
            }
            let at = (writing.next - 1) / WORD as u32 * WORD as u32;
            if at >= writing.erased {
                writing.erased = self.erase_page(writing.slot, at)?;
            }
            let at = self.place(writing.slot, at)?;
            self.flash.write(at, &writing.word).map_err(|_| StoreError)?;
            writing.word = [0xFF; WORD];
        }
        Ok(())
    }
}

impl<F, V, K> Store<'static> for FlashStore<F, V, K>
where
    K: Signer,
    F: NorFlash,
    V: Fn() -> &'static [u8],
{
    fn begin(&mut self, slot: Slot, length: u32) -> Result<(), StoreError> {
        self.writing = None;
        if length > self.room {
            return Err(StoreError);
        }
        let erased = self.erase_page(slot, 0)?;
        self.writing = Some(Writing { slot, length, next: 0, erased, word: [0xFF; WORD] });
        Ok(())
    }

    /// What fails ends the upload: a word must not be written twice.
    fn write(&mut self, slot: Slot, offset: u32, bytes: &[u8]) -> Result<(), StoreError> {
        let mut writing = self.writing.take().ok_or(StoreError)?;
        let end = offset as usize + bytes.len();
        if slot != writing.slot || offset != writing.next || end > writing.length as usize {
            return Err(StoreError);
        }
        self.append(&mut writing, bytes)?;
        self.writing = Some(writing);
        Ok(())
    }

    fn read(&self, slot: Slot, length: u32) -> &'static [u8] {
        self.slot(slot).get(..length as usize).unwrap_or_default()
    }

    fn kept(&self, slot: Slot) -> &'static [u8] {
        self.slot(slot)
    }

    fn key(&self) -> Option<&Key> {
        const { K::KEY.as_ref() }
    }
}
