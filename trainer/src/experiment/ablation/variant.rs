//! Networks that lack a part, each trained as the whole one is: what is that part worth?

use crate::data::{Mask, WindowSet};
use crate::learn::supervised::forecaster::{ForecasterTrainer, Plan};
use crate::model::forecaster::Forecaster;
use crate::runtime::stop;
use anyhow::{Result, bail};
use burn::tensor::Device;

/// A network that is trained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Variant {
    /// Nothing is missing.
    Whole,
    /// Does not see past seasons.
    NoSeasons,
    /// Must copy from a past season wherever one is known.
    NoNullSlot,
    /// Sees the last 24 intervals and the calendar alone.
    Window,
}

/// All of them.
pub(super) const VARIANTS: [Variant; 4] =
    [Variant::Whole, Variant::NoSeasons, Variant::NoNullSlot, Variant::Window];

impl Variant {
    /// Its name in tables.
    #[must_use]
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Whole => "whole",
            Self::NoSeasons => "no seasonal keys",
            Self::NoNullSlot => "no null slot",
            Self::Window => "24-step window only",
        }
    }

    /// What its network does not see, in training as in use.
    #[must_use]
    pub(super) fn mask(self) -> Option<Mask> {
        match self {
            Self::Whole | Self::NoNullSlot => None,
            Self::NoSeasons => Some(Mask::Seasons),
            Self::Window => Some(Mask::AllButWindow),
        }
    }

    /// Trains it; `tick` is told the steps done and the best validation loss.
    ///
    /// # Errors
    /// If training diverges or Ctrl-C was pressed.
    pub(super) fn train(
        self,
        plan: Plan,
        train: &WindowSet,
        validation: &WindowSet,
        device: &Device,
        mut tick: impl FnMut(usize, f32),
    ) -> Result<Forecaster> {
        let mut trainer = ForecasterTrainer::new(plan, train, device)?;
        if self == Self::NoNullSlot {
            trainer = trainer.without_null_slot(device);
        }
        let mut best = f32::INFINITY;
        while !trainer.is_done() {
            let report = trainer.step(train, validation)?;
            best = report.validation.map_or(best, |loss| best.min(loss));
            tick(report.step, best);
            if stop::requested() {
                bail!("interrupted while training `{}`; an ablation is not resumed", self.name());
            }
        }
        Ok(trainer.network().clone())
    }
}
