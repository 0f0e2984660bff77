//! ScaleIQ's core behind a serial line: samples in, decisions out, an alarm pin while it is blind.
//!
//! Independent of any board. A board brings a UART ([`embedded_io`]), an alarm pin
//! ([`embedded_hal`]), a [`Watchdog`], a [`Clock`], memory that survives a reset ([`Memory`]) and
//! memory for an uploaded model ([`Store`]); [`serve`] does the rest. What is said over the line is
//! in `core/SPEC.md`.
#![no_std]

#[cfg(target_os = "none")]
pub mod board;
#[cfg(target_os = "none")]
pub mod crash;
mod device;
mod flash;
#[cfg(target_os = "none")]
pub mod memory;
#[cfg(target_os = "none")]
pub mod registers;
mod retained;
mod sealed;
mod serve;
mod signed;
mod store;

pub use device::{Answer, Device, Event};
pub use flash::FlashStore;
pub use retained::{CRASHED, Memory, RETAINED, Retained, sealed_crash, unsealed_crash};
pub use serve::{Board, Clock, Failure, Watchdog, serve};
pub use signed::{Key, Signer};
pub use store::{NoStore, Slot, Store, StoreError};

use scaleiq_core::settings::Settings;
use scaleiq_core::units::JobLimits;

/// Settings until the host sends its own: one to ten jobs, a minute of SLA and of start-up.
#[must_use]
pub fn first_settings() -> Settings {
    const LIMITS: JobLimits = match JobLimits::new(1, 10) {
        Ok(limits) => limits,
        Err(_) => unreachable!(),
    };
    Settings::new(LIMITS, 60.0, 60.0)
}
