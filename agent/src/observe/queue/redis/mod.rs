//! Queues in Redis, or in Valkey: streams that consumer groups read, and lists.

mod list;
mod server;
mod stream;

pub use list::REDIS_LIST;
pub use stream::REDIS_STREAM;
