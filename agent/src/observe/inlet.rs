//! Where sources deliver samples.

use super::{Refusal, RefusedSample, Reported, Warning};
use scaleiq_core::units::Jobs;

/// Refused samples, and warnings, that an answer tells of each.
const TOLD: usize = 20;

/// What became of the samples that were handed in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ingested {
    /// Samples taken.
    pub accepted: usize,
    /// Samples that had been taken before.
    pub duplicates: usize,
    /// Samples refused for another reason.
    pub refused: usize,
    /// The first that were refused or taken before, with their numbers from 1 up.
    pub errors: Vec<(usize, RefusedSample)>,
    /// What was not taken as it was told, in all.
    pub warned: usize,
    /// The first of that, with the samples' numbers.
    pub warnings: Vec<(usize, Warning)>,
    /// Jobs wanted now; `None` before the first decision.
    pub jobs: Option<Jobs>,
}

impl Ingested {
    /// A sample was not taken.
    pub fn refuse(&mut self, number: usize, refused: RefusedSample) {
        match refused.refusal {
            Refusal::Duplicate => self.duplicates += 1,
            _ => self.refused += 1,
        }
        if self.errors.len() < TOLD {
            self.errors.push((number, refused));
        }
    }

    /// Something was not taken as it was told.
    pub fn warn(&mut self, number: usize, warning: Warning) {
        self.warned += 1;
        if self.warnings.len() < TOLD {
            self.warnings.push((number, warning));
        }
    }
}

/// Nobody takes samples any more: the agent is stopping.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the agent is stopping")]
pub struct Closed;

/// Takes what a source delivers, on a thread that may block.
pub trait Inlet: Send {
    /// Hands samples in, oldest first, and waits until they are taken or refused.
    ///
    /// # Errors
    /// If nobody takes samples any more.
    fn ingest(&self, samples: Vec<Reported>) -> Result<Ingested, Closed>;

    /// Whether nobody takes samples any more.
    fn is_closed(&self) -> bool;

    /// Something was delivered that is no sample.
    fn unread(&self, refusal: Refusal);
}
