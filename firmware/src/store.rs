//! Where an uploaded model lies.

/// Why a store did not take bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoreError;

/// Memory for one pack, outside the program.
pub trait Store<'m> {
    /// Makes room for `length` bytes; what was there is lost. The device lets go of everything that
    /// [`Store::read`] gave before it calls this.
    ///
    /// # Errors
    /// If there is no such room, or it cannot be erased.
    fn begin(&mut self, length: u32) -> Result<(), StoreError>;

    /// Writes `bytes` at `offset`; offsets ascend without holes.
    ///
    /// # Errors
    /// If they do not fit, or writing failed.
    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), StoreError>;

    /// The first `length` bytes.
    fn read(&self, length: u32) -> &'m [u8];

    /// All that has outlived the power, to look for a pack in it: any bytes, none where the memory
    /// forgets.
    fn kept(&self) -> &'m [u8] {
        &[]
    }
}

/// A board without such memory.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoStore;

impl<'m> Store<'m> for NoStore {
    fn begin(&mut self, _: u32) -> Result<(), StoreError> {
        Err(StoreError)
    }

    fn write(&mut self, _: u32, _: &[u8]) -> Result<(), StoreError> {
        Err(StoreError)
    }

    fn read(&self, _: u32) -> &'m [u8] {
        &[]
    }
}
