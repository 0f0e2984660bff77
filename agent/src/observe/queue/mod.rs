//! Queues that are looked at: a file for each system, and the sampler that makes samples of what they tell.

pub mod counter;
#[cfg(feature = "nats")]
pub mod nats;
pub mod probe;
pub mod reading;
pub mod rising;
pub mod sampler;

pub use probe::{QueueProbe, QueueSettings};
pub use reading::{Amount, QueueReading};
pub use sampler::Polled;
