//! Queues that are looked at: a file for each system, and the sampler that makes samples of what they tell.

pub mod counter;
#[cfg(feature = "kafka")]
mod kafka;
#[cfg(feature = "grpc")]
pub mod keda;
#[cfg(feature = "nats")]
pub mod nats;
pub mod probe;
#[cfg(feature = "http")]
mod prometheus;
#[cfg(feature = "http")]
mod rabbitmq;
pub mod reading;
#[cfg(feature = "redis")]
pub mod redis;
pub mod rising;
pub mod sampler;

#[cfg(feature = "kafka")]
pub use kafka::KAFKA;
pub use probe::{QueueProbe, QueueSettings};
#[cfg(feature = "http")]
pub use prometheus::PROMETHEUS;
#[cfg(feature = "http")]
pub use rabbitmq::RABBITMQ;
pub use reading::{Amount, QueueReading};
pub use sampler::Polled;
