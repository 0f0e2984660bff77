//! REST, metrics and the dashboard.

mod access;
mod annotations;
mod api;
mod body;
pub mod dashboard;
mod error;
mod health;
mod ingest;
#[cfg_attr(not(feature = "grpc"), path = "keda_left_out.rs")]
mod keda;
mod listen;
mod moment;
mod overrides;
pub mod page;
mod predict;
mod published;
mod routes;
mod served;
mod server;
mod status;

pub use access::Access;
pub use api::Api;
pub use health::Watch;
pub use keda::Keda;
pub use listen::Listen;
pub use routes::router;
pub use served::Served;
pub use server::Server;
