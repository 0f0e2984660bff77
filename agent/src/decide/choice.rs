//! Which model is to decide.

use scaleiq_core::model::{Bundle, Card};
use scaleiq_core::settings::Base;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Name under which [`ModelChoice::None`] goes.
pub const NO_MODEL: &str = "none";

/// Which model decides: `--model`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ModelChoice {
    /// The one built into the program.
    #[default]
    Shipped,
    /// A model folder.
    Folder(PathBuf),
    /// No networks: the plan on the experts' forecasts.
    None,
}

impl From<&str> for ModelChoice {
    fn from(text: &str) -> Self {
        match text {
            NO_MODEL => Self::None,
            "shipped" => Self::Shipped,
            folder => Self::Folder(folder.into()),
        }
    }
}

impl ModelChoice {
    /// What its multipliers are applied to; where there is no card to tell, the jobs required. A card
    /// that cannot be read is an error of opening the model.
    #[must_use]
    pub fn base(&self) -> Base {
        self.card().map_or_else(Base::default, |card| card.policy.base)
    }

    /// The histories that it was trained on, with their fingerprints, as its card tells them.
    #[must_use]
    pub fn learned_from(&self) -> BTreeMap<String, String> {
        self.card().map_or_else(BTreeMap::new, |card| card.data)
    }

    fn card(&self) -> Option<Card> {
        match self {
            Self::Shipped => Bundle::card_of(None).ok(),
            Self::Folder(folder) => Bundle::card_of(Some(folder)).ok(),
            Self::None => None,
        }
    }
}
