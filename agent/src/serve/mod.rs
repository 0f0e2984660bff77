//! REST, metrics and the dashboard.

mod access;
mod api;
pub mod dashboard;
mod health;
mod ingest;
mod server;
mod status;

pub use access::Access;
pub use api::{Api, router};
pub use health::Watch;
pub use server::Server;
