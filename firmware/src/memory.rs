//! Where a board's device and what it retains lie.
#![allow(unsafe_code)]

use crate::retained::{Memory, RETAINED};
use core::cell::UnsafeCell;
use core::mem::MaybeUninit;

/// A static that one owner uses.
pub struct Owned<T>(UnsafeCell<MaybeUninit<T>>);

// SAFETY: these chips have one core, and whoever calls `get` promises to be the only one.
unsafe impl<T> Sync for Owned<T> {}

impl<T> Owned<T> {
    /// Nothing yet.
    #[must_use]
    #[allow(clippy::new_without_default)]
    pub const fn new() -> Self {
        Self(UnsafeCell::new(MaybeUninit::uninit()))
    }

    /// The memory, to be written before it is read.
    ///
    /// # Safety
    /// Called once.
    #[allow(clippy::mut_from_ref)]
    pub unsafe fn get(&'static self) -> &'static mut MaybeUninit<T> {
        // SAFETY: called once, so that there is no other reference.
        unsafe { &mut *self.0.get() }
    }
}

/// RAM that the start-up code leaves alone, so that it survives a reset.
#[unsafe(link_section = ".uninit.retained")]
static KEPT: Owned<[u8; RETAINED]> = Owned::new();

/// What is retained, in RAM. A board makes one.
#[derive(Debug)]
pub struct Kept;

impl Memory for Kept {
    fn load(&self) -> [u8; RETAINED] {
        // SAFETY: any bytes are valid; volatile, since the compiler does not know who wrote them.
        unsafe { KEPT.0.get().cast::<[u8; RETAINED]>().read_volatile() }
    }

    fn save(&mut self, bytes: &[u8; RETAINED]) {
        // SAFETY: as above; nothing refers to it.
        unsafe { KEPT.0.get().cast::<[u8; RETAINED]>().write_volatile(*bytes) }
    }
}

unsafe extern "C" {
    static mut _store_start: u8;
    static _store_length: u8;
}

/// The part of the program's memory that the board's `memory.x` leaves to an uploaded model: where
/// it begins, and its length in bytes.
#[must_use]
pub fn store() -> (*mut u8, usize) {
    (&raw mut _store_start, &raw const _store_length as usize)
}

/// The first `length` bytes of it, or all.
///
/// # Safety
/// Nothing writes there while what this gave is used.
#[must_use]
pub unsafe fn stored(length: usize) -> &'static [u8] {
    let (start, room) = store();
    // SAFETY: within the store; any bytes are valid, and they do not change meanwhile.
    unsafe { core::slice::from_raw_parts(start, length.min(room)) }
}
