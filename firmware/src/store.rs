//! Where an upload lies.

use crate::signed::Key;

/// Why a store did not take bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoreError;

/// One of the two places in a store: while one is in use, the other one is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
    /// The one that is used first.
    First,
    /// The other one.
    Second,
}

impl Slot {
    /// Both.
    pub const BOTH: [Self; 2] = [Self::First, Self::Second];

    /// The one that this is not.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::First => Self::Second,
            Self::Second => Self::First,
        }
    }

    /// Where it begins in a store of twice `room` bytes.
    #[must_use]
    pub fn offset(self, room: u32) -> u32 {
        match self {
            Self::First => 0,
            Self::Second => room,
        }
    }
}

/// Memory for two uploads, outside the program.
pub trait Store<'m> {
    /// Makes room for `length` bytes; what was in that slot is lost, and the device uses nothing that
    /// [`Store::read`] gave of it.
    ///
    /// # Errors
    /// If there is no such room, or it cannot be erased.
    fn begin(&mut self, slot: Slot, length: u32) -> Result<(), StoreError>;

    /// Writes `bytes` at `offset`; offsets ascend without holes, in the slot that was begun last.
    ///
    /// # Errors
    /// If they do not fit, or writing failed.
    fn write(&mut self, slot: Slot, offset: u32, bytes: &[u8]) -> Result<(), StoreError>;

    /// The first `length` bytes of a slot.
    fn read(&self, slot: Slot, length: u32) -> &'m [u8];

    /// Makes that nothing is found in a slot any more.
    fn discard(&mut self, slot: Slot) {
        let _ = self.begin(slot, 0);
    }

    /// All of a slot that has outlived the power, to look for a pack in it: any bytes, none where the
    /// memory forgets.
    fn kept(&self, _: Slot) -> &'m [u8] {
        &[]
    }

    /// With which key a model must be signed; none on a bench.
    fn key(&self) -> Option<&Key> {
        None
    }
}

/// A board without such memory.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoStore;

impl<'m> Store<'m> for NoStore {
    fn begin(&mut self, _: Slot, _: u32) -> Result<(), StoreError> {
        Err(StoreError)
    }

    fn write(&mut self, _: Slot, _: u32, _: &[u8]) -> Result<(), StoreError> {
        Err(StoreError)
    }

    fn read(&self, _: Slot, _: u32) -> &'m [u8] {
        &[]
    }
}
