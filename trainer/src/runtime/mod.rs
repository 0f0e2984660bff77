//! What every room stands on: devices, threads, other processes, files, servers, stopping, progress.

pub mod device;
pub mod device_choice;
pub mod files;
pub mod frame;
pub mod graphics;
pub mod http;
pub mod memory;
pub mod progress;
pub mod ranks;
mod stderr;
pub mod stop;
pub mod threads;
