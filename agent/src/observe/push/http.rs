//! Samples that are posted to `/ingest`.

use crate::observe::source::{Delivery, Source, SourceVariant};
use std::io;
use std::sync::Arc;

/// `source: {type: http}`.
pub const HTTP: SourceVariant = SourceVariant {
    word: "http",
    about: "samples are posted to /ingest",
    example: "{type: http, clock: receiver}",
    fields: |_| Some(Arc::new(Http)),
};

/// The server takes the samples: there is nothing to set and nothing to run.
#[derive(Clone, Copy, Debug)]
pub struct Http;

impl Source for Http {
    fn describe(&self) -> String {
        "POST /ingest".into()
    }

    fn is_posted(&self) -> bool {
        true
    }

    fn run(&self, _: &Delivery<'_>) -> io::Result<String> {
        Ok("samples are posted".into())
    }
}
