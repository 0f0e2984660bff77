//! Memory-mapped registers: the one place with raw addresses.
#![allow(unsafe_code)]

/// A 32-bit register of a peripheral.
#[derive(Clone, Copy, Debug)]
pub struct Register(*mut u32);

impl Register {
    /// The register at `address`.
    ///
    /// # Safety
    /// `address` is that of a 32-bit register of this chip, reading and writing it has no effect on
    /// Rust's memory, and no other code uses it.
    #[must_use]
    pub const unsafe fn at(address: usize) -> Self {
        Self(address as *mut u32)
    }

    /// Reads it.
    #[must_use]
    pub fn read(self) -> u32 {
        // SAFETY: see `at`.
        unsafe { self.0.read_volatile() }
    }

    /// Writes it.
    pub fn write(self, value: u32) {
        // SAFETY: see `at`.
        unsafe { self.0.write_volatile(value) }
    }
}

/// A peripheral's registers.
#[derive(Clone, Copy, Debug)]
pub struct Block(usize);

impl Block {
    /// The registers from `address` on.
    ///
    /// # Safety
    /// What [`Register::at`] asks for holds for all that are asked for by [`Block::register`].
    #[must_use]
    pub const unsafe fn at(address: usize) -> Self {
        Self(address)
    }

    /// The register that lies so many bytes behind the first.
    #[must_use]
    pub const fn register(self, offset: usize) -> Register {
        // SAFETY: see `at`.
        unsafe { Register::at(self.0 + offset) }
    }
}

/// Configurable and hard fault status of a Cortex-M (Arm DDI 0403): why the processor stopped a program.
#[must_use]
pub fn fault_status() -> [u32; 2] {
    // SAFETY: these registers only tell, and are read here alone.
    [0xE000_ED28, 0xE000_ED2C].map(|at| unsafe { Register::at(at) }.read())
}
