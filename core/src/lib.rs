//! The heart of ScaleIQ: from samples of a worker to the number of jobs that should run.
//!
//! ```text
//! sample -> interval -> history & features -> forecast -> policy -> guard -> decision
//! ```
//!
//! `no_std` and without an allocator by default: no I/O, no clock, no heap. Callers pass time in.
//! The trainer's environment, the backtest, the live agent and the firmware run this same code.
#![cfg_attr(not(any(feature = "simd", feature = "models", test)), no_std)]
#![cfg_attr(not(feature = "simd"), forbid(unsafe_code))]

pub mod controller;
pub mod decision;
pub mod engine;
pub mod estimation;
pub mod features;
pub mod forecast;
pub mod guard;
pub mod history;
pub mod interval;
pub mod invariant;
pub mod learned;
#[cfg(feature = "models")]
pub mod model;
mod packed;
pub mod parameters;
pub mod plausibility;
pub mod policy;
mod ring;
pub mod sample;
pub mod settings;
pub mod units;
pub mod window;
pub mod wire;
