//! What a consumer group of Kafka has not finished yet: the ends of its topics, less what it committed.
//!
//! The few questions that this takes are asked over a connection of its own (`connection`), in one version
//! each (`protocol`), of the brokers that the cluster names for them (`cluster`); `lag` makes a reading of
//! the answers.

mod address;
mod cluster;
mod connection;
mod failure;
mod lag;
mod opening;
mod partition;
mod probe;
mod protocol;
mod sasl;
mod scram;
mod settings;

pub use settings::KAFKA;
