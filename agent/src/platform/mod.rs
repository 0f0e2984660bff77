//! The machine that the agent runs on: its clock, signals, processes and streams. Nothing here knows of
//! samples or decisions.

pub mod backoff;
#[cfg(feature = "grpc")]
pub mod channel;
#[cfg(unix)]
pub(crate) mod children;
pub mod clock;
#[cfg(feature = "grpc")]
pub mod door;
#[cfg_attr(not(unix), path = "group_elsewhere.rs")]
pub(crate) mod group;
#[cfg(feature = "http")]
pub mod http;
pub mod logging;
pub mod outlet;
pub mod serial;
pub mod stop;
pub mod supervise;
#[cfg(feature = "tls")]
pub mod tls;
