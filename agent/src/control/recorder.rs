//! Keeps the journal beside the loop.

use crate::brain::ModelId;
use crate::journal::{Digest, Journal, JournalError};
use crate::metrics::Metrics;
use scaleiq_core::decision::Decision;
use scaleiq_core::sample::Sample;
use serde::Serialize;

/// A decision, and what it can be traced back to.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Traced {
    /// The decision.
    #[serde(flatten)]
    pub decision: Decision,
    /// Hash over all that it followed from; `None` without a journal.
    pub input_sha256: Option<Digest>,
    /// The model.
    pub model: ModelId,
}

/// Records what the loop takes and decides. When the journal fails, the loop goes on without: a full
/// disk must not stop the scaling.
#[derive(Debug)]
pub(super) struct Recorder {
    journal: Option<Journal>,
    metrics: Metrics,
    failing: bool,
    last: Option<(Decision, Digest)>,
}

impl Recorder {
    /// Goes on with `journal`, in which `last` was recorded.
    pub(super) fn new(
        journal: Option<Journal>,
        last: Option<(Decision, Digest)>,
        metrics: Metrics,
    ) -> Self {
        if let Some(journal) = &journal {
            metrics.journal_size(journal.size());
        }
        Self { journal, metrics, failing: false, last }
    }

    /// A sample was taken.
    pub(super) fn sample(&mut self, sample: &Sample) {
        let Some(journal) = &mut self.journal else { return };
        if let Err(error) = journal.sample(sample) {
            self.failed(&error);
        }
    }

    /// The loop asked and got `decision`: made anew if `stale`, since then the controller latches
    /// nothing. What is new is durable when this returns (promise J-1). Gives the hash of what it
    /// followed from.
    pub(super) fn decision(&mut self, decision: &Decision, stale: bool) -> Option<Digest> {
        let journal = self.journal.as_mut()?;
        if let Some((last, inputs)) = &self.last
            && last == decision
            && !stale
        {
            return Some(*inputs);
        }
        let (inputs, done) = journal.decision(decision);
        self.last = Some((decision.clone(), inputs));
        self.metrics.journal_size(journal.size());
        match done {
            Ok(()) => {
                if std::mem::take(&mut self.failing) {
                    tracing::info!("the journal is written again");
                }
                self.metrics.recorded(true);
            }
            Err(error) => self.failed(&error),
        }
        Some(inputs)
    }

    fn failed(&mut self, error: &JournalError) {
        self.metrics.recorded(false);
        if !std::mem::replace(&mut self.failing, true) {
            tracing::error!(
                "{error}. The agent goes on deciding and acting WITHOUT a record: a crash now loses \
                 what it learns. It tries again with each decision; is the disk full?"
            );
        }
    }
}
