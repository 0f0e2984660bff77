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
