//! Tells a brain again what was recorded.

use super::record::{Record, Terms, bytes};
use crate::decide::{Brain, ModelId};
use scaleiq_core::decision::Decision;
use scaleiq_core::units::{Jobs, UnixSeconds};

/// Follows whose decisions were carried out while a brain is told of them. Where another model took
/// over, the last number decided before counts as the brain's own, so that nothing is scaled down for
/// want of a window.
#[derive(Debug, Default)]
pub(super) struct Teller {
    model: Option<ModelId>,
    last: Option<(Jobs, UnixSeconds)>,
    /// Whether it was in shadow mode.
    shadow: bool,
}

impl Teller {
    /// Tells `brain` what a record says; what it decides, if the record is a decision.
    pub(super) fn tell(&mut self, brain: &mut dyn Brain, record: &Record) -> Option<Decision> {
        match record {
            Record::Header(_, header) => self.begin(brain, &header.run.terms),
            Record::Run(run) => self.begin(brain, &run.terms),
            Record::Sample(sample) => {
                // Only samples that were taken are recorded, so this one is taken again.
                let _ = brain.observe(sample);
            }
            Record::Decision(recorded) => {
                self.last = recorded.decision().map(|decision| (decision.jobs, decision.at));
                return Some(brain.decide(recorded.at));
            }
            Record::Gap => {}
        }
        None
    }

    /// A run begins under `terms`. What a device decided is never the brain's own, and what was decided
    /// in shadow mode was never carried out.
    pub(super) fn begin(&mut self, brain: &mut dyn Brain, terms: &Terms) {
        let Terms { model, shadow, .. } = terms;
        let takes_over = self.model.as_ref().is_some_and(|last| last.sha256 != model.sha256);
        if std::mem::replace(&mut self.shadow, *shadow) != *shadow {
            self.last = None;
        }
        if let Some((jobs, at)) = self.last
            && (takes_over || model.is_device())
        {
            brain.resume(jobs, at);
        }
        brain.set_shadow(*shadow);
        self.model = Some(model.clone());
    }

    /// Whether `model` made the decisions that are told now.
    pub(super) fn is_of(&self, model: &ModelId) -> bool {
        self.model.as_ref().is_some_and(|now| now.sha256 == model.sha256)
    }
}

/// Whether `made` is what was recorded as `decision`, to the bit.
pub(super) fn is_same(made: &Decision, decision: &[u8]) -> bool {
    bytes(made).is_ok_and(|bytes| bytes == decision)
}
