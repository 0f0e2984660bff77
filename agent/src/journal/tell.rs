//! Tells a decider again what was recorded.

use super::record::{Record, RunContext, bytes};
use crate::decide::{Decider, ModelId};
use scaleiq_core::decision::Decision;
use scaleiq_core::units::{Jobs, UnixSeconds};

/// Follows whose decisions were carried out while a decider is told of them. Where another model took
/// over, the last number decided before counts as the decider's own, so that nothing is scaled down for
/// want of a window.
#[derive(Debug, Default)]
pub(super) struct Teller {
    model: Option<ModelId>,
    last: Option<(Jobs, UnixSeconds)>,
    /// Whether it was in shadow mode.
    shadow: bool,
}

impl Teller {
    /// Tells `decider` what a record says; what it decides, if the record is a decision.
    pub(super) fn tell(&mut self, decider: &mut dyn Decider, record: &Record) -> Option<Decision> {
        match record {
            Record::Header(_, header) => self.begin(decider, &header.run.context),
            Record::Run(run) => {
                // What people want now is told anew.
                decider.set_limits(run.context.settings.limits);
                self.begin(decider, &run.context);
            }
            Record::Limits(limits) => decider.set_limits(limits.limits()),
            Record::Sample(sample) => {
                // Only samples that were taken are recorded, so this one is taken again.
                let _ = decider.observe(sample);
            }
            Record::Decision(recorded) => {
                self.last = recorded.decision().map(|decision| (decision.jobs, decision.at));
                return Some(decider.decide(recorded.at));
            }
            Record::Gap | Record::Carried(_) => {}
        }
        None
    }

    /// A run begins under `context`. What a device decided is never the decider's own, and what was decided
    /// in shadow mode was never carried out.
    pub(super) fn begin(&mut self, decider: &mut dyn Decider, context: &RunContext) {
        let RunContext { model, shadow, .. } = context;
        let takes_over = self.model.as_ref().is_some_and(|last| last.sha256 != model.sha256);
        if std::mem::replace(&mut self.shadow, *shadow) != *shadow {
            self.last = None;
        }
        if let Some((jobs, at)) = self.last
            && (takes_over || model.is_device())
        {
            decider.resume(jobs, at);
        }
        decider.set_shadow(*shadow);
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
