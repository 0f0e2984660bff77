//! REST, metrics and the dashboard.

mod access;
mod api;
pub mod dashboard;

pub use access::Access;
pub use api::{Api, router};
