//! What is asked over HTTP: whom, as whom, and a client that follows no redirects and reads no answer without
//! end.

mod client;
mod settings;

pub use client::{Client, Failure};
pub use reqwest::{Method, Url};
pub use settings::HttpSettings;
