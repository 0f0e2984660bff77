//! A device on a serial line that decides for this host, in the messages of `core/SPEC.md`.
//!
//! ```text
//! decide::DeviceWithFallback ── Client ── Link ── Port ──(line)── firmware
//!         │             └── Errand, Keeper: what the device learned goes here, and back after a reset
//!         └───────── a controller without networks, which stands in while the device does not answer
//! ```

mod client;
mod errand;
mod fault;
mod learned;
mod link;
mod port;
mod request;
mod upload;

pub use client::Client;
pub use fault::{DeviceError, Fault};
pub use link::Link;
pub use port::{Port, Timeouts};
