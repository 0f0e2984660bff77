//! How a device is.

use crate::policy::NetworkRole;
use crate::units::{Jobs, UnixSeconds};
use heapless::{String, Vec};
use serde::{Deserialize, Serialize};

/// Most bytes of a crash's text.
pub const CRASH_TEXT: usize = 96;
/// Registers that a crash tells at most.
pub const CRASH_REGISTERS: usize = 10;

/// How a device is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// CRC-32 of the body of the pack that decides.
    pub pack_crc: u32,
    /// The part that the pack's Q-network has in decisions.
    pub network_role: NetworkRole,
    /// Whether a model is taken that nobody has signed.
    pub takes_unsigned: bool,
    /// Samples taken since the device began to learn.
    pub epoch: u64,
    /// End of the last sample taken.
    pub last_end: Option<UnixSeconds>,
    /// Jobs decided last, also before the last reset.
    pub jobs: Option<Jobs>,
    /// Resets since the power came on.
    pub resets: u32,
    /// What made the last start.
    pub cause: ResetCause,
    /// What the program left when it failed last, since the power came on.
    pub crash: Option<Crash>,
    /// Frames that were dropped since the start.
    pub dropped: u32,
    /// Times since the start that the receiver lost bytes.
    pub overruns: u32,
    /// Bytes of the upload in progress that are stored.
    pub uploaded: u32,
    /// Microseconds that the last decision took.
    pub decision_us: u32,
    /// Bytes of the stack that were never used since the start, where the board can tell.
    pub stack_unused: Option<u32>,
}

/// What made a start. New members go to the end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ResetCause {
    /// The power came on, or nothing was retained that this version reads.
    #[default]
    Power,
    /// A message asked for it.
    Wanted,
    /// The program hung.
    Watchdog,
    /// The program stopped itself.
    Panic,
    /// The processor stopped the program.
    HardFault,
    /// The processor failed at a fault's handling.
    Lockup,
    /// The reset pin, or a debugger.
    Pin,
    /// The line or the alarm pin failed for good.
    Board,
    /// None of these.
    Unknown,
}

/// What a program leaves when it fails.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Crash {
    /// [`ResetCause::Watchdog`], [`ResetCause::Panic`] or [`ResetCause::HardFault`].
    pub cause: ResetCause,
    /// Where and why, as far as the program knows.
    pub text: String<CRASH_TEXT>,
    /// r0 to r3, r12, lr, pc, xpsr, CFSR and HFSR; none after a panic.
    pub registers: Vec<u32, CRASH_REGISTERS>,
}
