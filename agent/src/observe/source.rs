//! Where samples come from.

use super::{Inlet, Trust};
use crate::config::{Choice, Fields, Variant};
use std::fmt;
use std::io;
use std::sync::Arc;

/// A source of samples, as it is configured.
pub trait Source: fmt::Debug + Send + Sync {
    /// What it is, for people.
    fn describe(&self) -> String;

    /// Whether what it needs is there.
    ///
    /// # Errors
    /// What is not, naming the field.
    fn check(&self) -> Result<(), String> {
        Ok(())
    }

    /// Whether samples are posted to `/ingest`, so that there is nothing to run.
    fn is_posted(&self) -> bool {
        false
    }

    /// Delivers samples to `inlet` until there are no more, on a thread of its own. Those of which nothing
    /// tells the length are of `interval_s` seconds.
    ///
    /// # Errors
    /// Why no more can be read.
    fn run(&self, inlet: &dyn Inlet, interval_s: u32) -> io::Result<()>;
}

/// A kind of source that a configuration may choose.
pub type SourceVariant = Variant<Arc<dyn Source>>;

/// Whose clock counts, by its words.
const CLOCKS: Choice<Trust> = Choice(&[("receiver", Trust::Receiver), ("sender", Trust::Sender)]);

/// The settings of `source`: one of `variants`, and whose clock places its samples in time.
pub fn fields(
    f: &mut Fields<'_>,
    variants: &[&'static SourceVariant],
) -> Option<(Arc<dyn Source>, Trust)> {
    let clock = f.or(
        "clock",
        "whose clock places samples in time: `sender` where they come minutes late by design",
        CLOCKS,
        Trust::default(),
    );
    let source = f.variant("where samples come from", variants)?;
    Some((source, clock))
}
