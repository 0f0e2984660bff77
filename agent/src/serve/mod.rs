//! REST, metrics and the dashboard.

mod access;
mod api;
pub mod dashboard;
mod ingest;
mod server;
mod status;

pub use access::Access;
pub use api::{Api, router};
pub use server::Server;
