//! Which model is to decide.

use scaleiq_core::model::{Bundle, CARD_FILE, Card};
use scaleiq_core::settings::Base;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Name under which [`ModelChoice::None`] goes.
pub const NO_MODEL: &str = "none";

/// Where a run of the trainer has its model.
const EXPORTED: &str = "models";

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
            folder => Self::in_folder(folder.into()),
        }
    }
}

impl ModelChoice {
    /// The model in `folder`, or what a run of the trainer has exported there.
    #[must_use]
    pub fn in_folder(folder: PathBuf) -> Self {
        let exported = folder.join(EXPORTED);
        let has_card = |folder: &Path| folder.join(CARD_FILE).is_file();
        Self::Folder(if !has_card(&folder) && has_card(&exported) { exported } else { folder })
    }

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_of_the_trainer_is_a_model() {
        let run = tempfile::tempdir().unwrap();
        let folder = run.path().to_path_buf();
        assert_eq!(ModelChoice::in_folder(folder.clone()), ModelChoice::Folder(folder.clone()));
        let exported = folder.join(EXPORTED);
        std::fs::create_dir(&exported).unwrap();
        std::fs::write(exported.join(CARD_FILE), "{}").unwrap();
        assert_eq!(ModelChoice::in_folder(folder.clone()), ModelChoice::Folder(exported));
        std::fs::write(folder.join(CARD_FILE), "{}").unwrap();
        assert_eq!(ModelChoice::in_folder(folder.clone()), ModelChoice::Folder(folder));
    }
}
