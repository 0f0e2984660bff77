//! What comes of a sample.

use crate::observe::Warning;
use scaleiq_core::sample::Sample;

/// What comes of a sample that was taken.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Admitted {
    /// What the loop takes, oldest first; empty while other senders are waited for.
    pub samples: Vec<Sample>,
    /// What is to be said of it.
    pub warnings: Vec<Warning>,
}
