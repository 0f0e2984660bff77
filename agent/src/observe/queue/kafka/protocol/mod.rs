//! The questions, each in one version that brokers from Kafka 1.0 to 4 know.
//!
//! The layouts are those of <https://kafka.apache.org/protocol>. The crate `kafka-protocol` knows all of them
//! in all versions, and sets memory aside for as many items as an answer claims to have: ten bytes end the
//! process.

mod codec;
mod login;
mod metadata;
mod offsets;
mod question;

pub(super) use codec::{Malformed, Reader, Writer};
pub(super) use login::{SaslAuthenticate, SaslHandshake};
pub(super) use metadata::{FindCoordinator, Metadata};
pub(super) use offsets::{End, ListOffsets, OffsetFetch, Told};
pub(super) use question::{ApiVersions, Question};
