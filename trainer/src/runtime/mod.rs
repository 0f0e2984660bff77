//! What every room stands on: devices, threads, files, stopping, progress.

pub mod device;
pub mod device_choice;
pub mod files;
pub mod frame;
pub mod progress;
mod stderr;
pub mod stop;
pub mod threads;
