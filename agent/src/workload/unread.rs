//! A body of samples on its way in.

use crate::observe::{Ingested, Reported};
use tokio::sync::oneshot;

/// A body of which the rest is to be read.
#[derive(Debug)]
pub(super) struct Unread {
    /// What is left.
    pub(super) samples: std::vec::IntoIter<Reported>,
    /// What became of the others.
    pub(super) ingested: Ingested,
    /// Whether the loop took a sample of it.
    pub(super) observed: bool,
    /// Number of its last sample.
    pub(super) newest: usize,
    /// Who is told.
    pub(super) reply: oneshot::Sender<Ingested>,
}
