//! A store in NOR flash: what was uploaded outlives the power.

use crate::store::{Store, StoreError};
use embedded_storage::nor_flash::NorFlash;

/// Bytes of a word: flash is written in words, each of them once.
const WORD: usize = 4;

/// An upload under way.
#[derive(Clone, Copy, Debug)]
struct Writing {
    length: u32,
    /// The next byte.
    next: u32,
    /// Where what was not erased begins.
    erased: u32,
    /// The bytes of the word that is not full yet.
    word: [u8; WORD],
}

/// A part of a NOR flash, which lies in memory as well, for one pack.
///
/// Pages are erased as the upload reaches them: erasing takes a tenth of a second a page, in which
/// most chips do nothing else, and between two chunks the watchdog is fed. The first page goes
/// before anything is written, and with it the header of the pack that was there; so an upload that
/// the power ended leaves no pack, or bytes whose checksum is wrong.
#[derive(Debug)]
pub struct FlashStore<F, V> {
    flash: F,
    view: V,
    from: u32,
    length: u32,
    writing: Option<Writing>,
}

impl<F, V> FlashStore<F, V>
where
    F: NorFlash,
    V: Fn() -> &'static [u8],
{
    const PAGE: u32 = F::ERASE_SIZE as u32;

    /// A store in `length` bytes of `flash` from `from` on, both whole pages; `view` gives these
    /// bytes in memory. It is called anew after each change, and what it gave before is not used
    /// any more: see [`Store::begin`].
    pub fn new(flash: F, from: u32, length: u32, view: V) -> Self {
        const { assert!(WORD.is_multiple_of(F::WRITE_SIZE) && F::ERASE_SIZE > 0) };
        Self { flash, view, from, length, writing: None }
    }

    fn erase_page(&mut self, at: u32) -> Result<u32, StoreError> {
        let end = at.checked_add(Self::PAGE).filter(|end| *end <= self.length);
        let end = end.ok_or(StoreError)?;
        let within = |at: u32| self.from.checked_add(at).ok_or(StoreError);
        let (first, last) = (within(at)?, within(end)?);
        self.flash.erase(first, last).map_err(|_| StoreError)?;
        Ok(end)
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
                writing.erased = self.erase_page(at)?;
            }
            let at = self.from.checked_add(at).ok_or(StoreError)?;
            self.flash.write(at, &writing.word).map_err(|_| StoreError)?;
            writing.word = [0xFF; WORD];
        }
        Ok(())
    }
}

impl<F, V> Store<'static> for FlashStore<F, V>
where
    F: NorFlash,
    V: Fn() -> &'static [u8],
{
    fn begin(&mut self, length: u32) -> Result<(), StoreError> {
        self.writing = None;
        if length > self.length {
            return Err(StoreError);
        }
        let erased = self.erase_page(0)?;
        self.writing = Some(Writing { length, next: 0, erased, word: [0xFF; WORD] });
        Ok(())
    }

    /// What fails ends the upload: a word must not be written twice.
    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), StoreError> {
        let mut writing = self.writing.take().ok_or(StoreError)?;
        let end = offset as usize + bytes.len();
        if offset != writing.next || end > writing.length as usize {
            return Err(StoreError);
        }
        self.append(&mut writing, bytes)?;
        self.writing = Some(writing);
        Ok(())
    }

    fn read(&self, length: u32) -> &'static [u8] {
        (self.view)().get(..length as usize).unwrap_or_default()
    }

    fn kept(&self) -> &'static [u8] {
        (self.view)()
    }
}
