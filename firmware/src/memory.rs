//! Where a board's device and what it retains lie.
#![allow(unsafe_code)]

use crate::retained::{CRASHED, Memory, RETAINED, sealed_crash, unsealed_crash};
use crate::store::Slot;
use core::cell::UnsafeCell;
use core::mem::MaybeUninit;
use core::ops::Range;
use cortex_m_rt::STACK_PAINT_VALUE;
use scaleiq_core::wire::{Crash, ResetCause};

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
/// As well, written while the program ends.
#[unsafe(link_section = ".uninit.crashed")]
static LEFT: Owned<[u8; CRASHED]> = Owned::new();

/// What is retained, in RAM. A board makes one.
#[derive(Debug)]
pub struct Kept {
    /// What the chip says made this start, where it does.
    pub cause: Option<ResetCause>,
}

impl Kept {
    /// Leaves `crash` for the next start: nothing runs after it but the reset.
    pub fn save_crash(crash: &Crash) {
        if let Some(bytes) = sealed_crash(crash) {
            // SAFETY: any bytes are valid; volatile, since nothing here reads them.
            unsafe { LEFT.0.get().cast::<[u8; CRASHED]>().write_volatile(bytes) }
        }
    }
}

impl Memory for Kept {
    fn load(&self) -> [u8; RETAINED] {
        // SAFETY: any bytes are valid; volatile, since the compiler does not know who wrote them.
        unsafe { KEPT.0.get().cast::<[u8; RETAINED]>().read_volatile() }
    }

    fn save(&mut self, bytes: &[u8; RETAINED]) {
        // SAFETY: as above; nothing refers to it.
        unsafe { KEPT.0.get().cast::<[u8; RETAINED]>().write_volatile(*bytes) }
    }

    fn take_crash(&mut self) -> Option<Crash> {
        let left = LEFT.0.get().cast::<[u8; CRASHED]>();
        // SAFETY: as above.
        let bytes = unsafe { left.read_volatile() };
        // SAFETY: as above.
        unsafe { left.write_volatile([0; CRASHED]) };
        unsealed_crash(&bytes)
    }

    fn cause(&self) -> Option<ResetCause> {
        self.cause
    }

    /// The start-up code paints the stack; what was used is not as it was painted.
    fn stack_unused(&self) -> Option<u32> {
        let stack = stack();
        let words = (stack.end as usize).saturating_sub(stack.start as usize) / 4;
        // SAFETY: within the stack, of which this reads what may be written meanwhile.
        let word = |k: usize| unsafe { stack.start.add(k).read_volatile() };
        let used = (0..words).find(|k| word(*k) != STACK_PAINT_VALUE);
        Some(4 * used.unwrap_or(words) as u32)
    }
}

unsafe extern "C" {
    static mut _store_start: u8;
    static _store_length: u8;
    static _stack_end: u32;
    static _stack_start: u32;
}

/// Where the stack lies: it grows from the end to the start.
pub(crate) fn stack() -> Range<*const u32> {
    &raw const _stack_end..&raw const _stack_start
}

/// The part of the program's memory that the board's `memory.x` leaves to uploads: where it begins,
/// and its length in bytes.
#[must_use]
pub fn store() -> (*mut u8, usize) {
    (&raw mut _store_start, &raw const _store_length as usize)
}

/// All of it.
///
/// # Safety
/// Nothing writes to that part of it which is used while it is used.
#[must_use]
pub unsafe fn stored() -> &'static [u8] {
    let (start, room) = store();
    // SAFETY: within the store; any bytes are valid, and they do not change meanwhile.
    unsafe { core::slice::from_raw_parts(start, room) }
}

/// The first `length` bytes of a slot, of which the store has two.
///
/// # Safety
/// Nothing writes there while what this gave is used.
#[must_use]
pub unsafe fn slot(slot: Slot, length: usize) -> &'static [u8] {
    let (start, room) = store();
    let from = slot.offset(room as u32 / 2) as usize;
    // SAFETY: within the store; any bytes are valid, and they do not change meanwhile.
    unsafe { core::slice::from_raw_parts(start.add(from), length.min(room / 2)) }
}
