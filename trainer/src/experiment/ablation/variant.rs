//! Networks that lack a part, each trained as the whole one is: what is that part worth?

use crate::data::{Mask, WindowSet};
use crate::learn::run_loop::{Outcome, RunLoop, Surroundings, Tick};
use crate::learn::supervised::plan::Plan;
use crate::learn::supervised::training::ForecasterTraining;
use crate::model::forecaster::Forecaster;
use crate::runtime::stop::Stop;
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

    /// Trains it; `tick` is told how it goes.
    ///
    /// # Errors
    /// If training diverges or `stop` says so.
    pub(super) fn train(
        self,
        plan: Plan,
        train: &WindowSet,
        validation: &WindowSet,
        device: &Device,
        mut tick: impl FnMut(Tick),
        stop: Stop,
    ) -> Result<Forecaster> {
        let mut training = ForecasterTraining::new(plan, train, validation, device)?;
        if self == Self::NoNullSlot {
            training = training.without_null_slot();
        }
        let mut training = RunLoop::new(training);
        let outcome = training.run(&mut Surroundings {
            checkpoints: None,
            record: &mut |_, _| Ok(()),
            pace: None,
            tick: &mut tick,
            stop,
        })?;
        if outcome == Outcome::Interrupted {
            bail!("interrupted while training `{}`; an ablation is not resumed", self.name());
        }
        Ok(training.trained().network().clone())
    }
}
