//! Where samples come from.

use super::{Inlet, Trust};
use crate::config::{Choice, Fields, Variant};
use crate::platform::supervise::Lifecycle;
use scaleiq_core::units::UnixSeconds;
use std::fmt;
use std::io;
use std::sync::Arc;

/// A source of samples, as it is configured.
pub trait Source: fmt::Debug + Send + Sync {
    /// What it is, for people.
    fn describe(&self) -> String;

    /// What is sound and may not be meant, such as a file that is not there yet.
    fn note(&self) -> Option<String> {
        None
    }

    /// Whether samples are posted to `/ingest`, so that there is nothing to run.
    fn is_posted(&self) -> bool {
        false
    }

    /// Delivers samples until there are no more, on a thread of its own; returns why no more come. It may
    /// be called again after an error.
    ///
    /// # Errors
    /// What kept it from going on.
    fn run(&self, to: &Delivery<'_>) -> io::Result<String>;
}

/// Where a source delivers.
pub struct Delivery<'a> {
    /// Takes samples.
    pub inlet: &'a dyn Inlet,
    /// Seconds of a sample of which nothing tells the length.
    pub interval_s: u32,
    /// End of the last sample that is known from before, if any is.
    pub last_end: Option<UnixSeconds>,
    /// Is told when the source waits and when it goes on.
    pub lifecycle: &'a Lifecycle,
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
