//! Keeps the journal beside the loop.

use super::{Audience, Event};
use crate::decide::ModelId;
use crate::decide::limits::LimitsInForce;
use crate::journal::{Carried, Digest, Journal, JournalError};
use scaleiq_core::decision::{Constraint, Decision};
use scaleiq_core::policy::{NetworkRole, Stage};
use scaleiq_core::sample::Sample;
use scaleiq_core::units::UnixSeconds;
use serde::Serialize;

/// A decision, and what it can be traced back to.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Traced {
    /// The decision.
    #[serde(flatten)]
    pub decision: Decision,
    /// Hash over all that it followed from; `None` without a journal.
    pub input_sha256: Option<Digest>,
    /// Whether it is durable in the journal; `None` without one.
    pub recorded: Option<bool>,
    /// The model.
    pub model: ModelId,
    /// The part that its Q-network has in decisions.
    pub network_role: NetworkRole,
}

impl Traced {
    /// Whether it may be acted on. Promise S-2: on stale data nothing is changed and nothing is tried
    /// again. Where samples are late, or lack what a decision needs, the number that is held may be raised,
    /// as it is in the backtest, and is never lowered. Limits are no data: a person may raise the number
    /// at any time.
    #[must_use]
    pub fn may_be_acted_on(&self) -> bool {
        let Decision { stage, changes, jobs, current_jobs, .. } = &self.decision;
        let may_rise = [Constraint::Missing, Constraint::Limits];
        let may_rise = changes.iter().any(|change| may_rise.contains(&change.by));
        *stage != Stage::Hold || (may_rise && jobs > current_jobs)
    }
}

/// What the journal has to say about a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Receipt {
    /// Hash of what it followed from.
    pub(super) inputs: Digest,
    /// Whether it is durable.
    pub(super) durable: bool,
}

/// Records what the loop takes and decides. When the journal fails, the loop goes on without, since a
/// full disk must not stop the scaling, and says of each decision that it has no record.
#[derive(Debug)]
pub(super) struct Recorder {
    journal: Option<Journal>,
    audience: Audience,
    failing: bool,
    last: Option<(Decision, Receipt)>,
}

impl Recorder {
    /// Goes on with `journal`, in which `last` was recorded.
    pub(super) fn new(
        journal: Option<Journal>,
        last: Option<(Decision, Digest)>,
        audience: Audience,
    ) -> Self {
        if let Some(journal) = &journal {
            audience.tell(Event::JournalSize(journal.size()));
        }
        let last = last.map(|(decision, inputs)| (decision, Receipt { inputs, durable: true }));
        Self { journal, audience, failing: false, last }
    }

    /// A sample was taken.
    pub(super) fn sample(&mut self, sample: &Sample) {
        let Some(journal) = &mut self.journal else { return };
        if let Err(error) = journal.sample(sample) {
            self.failed(&error);
        }
    }

    /// Other limits are in force from `at` on.
    pub(super) fn limits(&mut self, at: UnixSeconds, in_force: &LimitsInForce) {
        let Some(journal) = &mut self.journal else { return };
        if let Err(error) = journal.limits(at, in_force) {
            self.failed(&error);
        }
    }

    /// An order was carried out, or failed.
    pub(super) fn carried(&mut self, carried: &Carried) {
        let Some(journal) = &mut self.journal else { return };
        if let Err(error) = journal.carried(carried) {
            self.failed(&error);
        }
    }

    /// The loop asked and got `decision`: made anew if `stale`, since then the controller latches
    /// nothing. What is new is durable when this returns, if the disk allows (promise J-1).
    pub(super) fn decision(&mut self, decision: &Decision, stale: bool) -> Option<Receipt> {
        let journal = self.journal.as_mut()?;
        if let Some((last, receipt)) = &self.last
            && last == decision
            && !stale
        {
            return Some(*receipt);
        }
        let (inputs, done) = journal.decision(decision);
        let receipt = Receipt { inputs, durable: done.is_ok() };
        self.last = Some((decision.clone(), receipt));
        self.audience.tell(Event::JournalSize(journal.size()));
        match done {
            Ok(()) => {
                if std::mem::take(&mut self.failing) {
                    tracing::info!("the journal is written again");
                }
                self.audience.tell(Event::Recorded { durable: true });
            }
            Err(error) => self.failed(&error),
        }
        Some(receipt)
    }

    fn failed(&mut self, error: &JournalError) {
        self.audience.tell(Event::Recorded { durable: false });
        if !std::mem::replace(&mut self.failing, true) {
            tracing::error!(
                "{error}. The agent goes on deciding WITHOUT a record: it still adds jobs, and takes \
                 none away until it can record why. A crash now loses what it learns. It tries again \
                 with each decision; is the disk full?"
            );
        }
    }
}
