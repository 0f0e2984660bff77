//! What survives a warm reset: the last decision, the settings, how often it happened and why.
//!
//! An image that was replaced by another over a warm reset finds what the other one wrote: of another
//! version nothing is read, and the device begins as after power came on.

use crate::sealed::{seal, unseal};
use scaleiq_core::units::Jobs;
use scaleiq_core::wire::{Config, Crash, ResetCause};
use serde::{Deserialize, Serialize};

/// Bytes that a board must keep through a reset.
pub const RETAINED: usize = 256;
/// Bytes that it must keep beside them for [`Crash`].
pub const CRASHED: usize = 176;
const TAG: [u8; 2] = *b"R\x03";
const CRASH_TAG: [u8; 2] = *b"C\x01";

/// Memory that a reset leaves as it is, and that holds anything after power came on.
pub trait Memory {
    /// What is there.
    fn load(&self) -> [u8; RETAINED];

    /// Overwrites it.
    fn save(&mut self, bytes: &[u8; RETAINED]);

    /// Takes what the program left when it failed; what was taken is not there any more.
    fn take_crash(&mut self) -> Option<Crash> {
        None
    }

    /// What made this start, where the chip tells.
    fn cause(&self) -> Option<ResetCause> {
        None
    }

    /// Bytes of the stack that were never used, where the board can tell.
    fn stack_unused(&self) -> Option<u32> {
        None
    }
}

/// What is remembered through a reset.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Retained {
    /// Resets since the power came on.
    pub resets: u32,
    /// What the program itself is about to make a reset for.
    pub ends: Option<ResetCause>,
    /// What made the last start.
    pub cause: ResetCause,
    /// What the program left when it failed last.
    pub crash: Option<Crash>,
    /// Jobs decided last.
    pub jobs: Option<Jobs>,
    /// Settings that the host sent.
    pub config: Option<Config>,
}

impl Retained {
    /// What was saved before a reset; `None` if the power was off, the bytes were hurt, or another
    /// version wrote them.
    pub fn load(memory: &impl Memory) -> Option<Self> {
        unseal(&memory.load(), TAG)
    }

    /// Saves it.
    pub fn save(&self, memory: &mut impl Memory) {
        // A test holds the longest record to its room.
        if let Some(bytes) = seal(self, TAG) {
            memory.save(&bytes);
        }
    }

    /// What is remembered at a start, which is counted with its cause.
    #[inline(never)] // its frame would be part of the one in which the device is made
    pub(crate) fn begin(memory: &mut impl Memory) -> Self {
        let crash = memory.take_crash();
        let before = Self::load(memory);
        let told = crash.as_ref().map(|crash| crash.cause);
        let said = before.as_ref().map(|before| before.ends.or(memory.cause()));
        // A reset that nothing else explains is that of a watchdog.
        let cause = told.or(said.map(|said| said.unwrap_or(ResetCause::Watchdog)));
        let mut retained = before.map_or_else(Self::default, |before| Self {
            resets: before.resets.saturating_add(1),
            ..before
        });
        retained.ends = None;
        retained.cause = cause.unwrap_or_default();
        retained.crash = crash.or(retained.crash);
        retained.save(memory);
        retained
    }
}

/// A crash as a board keeps it through a reset.
#[must_use]
pub fn sealed_crash(crash: &Crash) -> Option<[u8; CRASHED]> {
    seal(crash, CRASH_TAG)
}

/// The crash that these bytes hold, if any.
#[must_use]
pub fn unsealed_crash(bytes: &[u8; CRASHED]) -> Option<Crash> {
    unseal(bytes, CRASH_TAG)
}
