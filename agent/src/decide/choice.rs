//! Which model is to decide.

use scaleiq_core::model::{Bundle, CARD_FILE, Card, ModelKey, Origin};
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
    Folder(ModelFolder),
    /// No networks: the plan on the experts' forecasts.
    None,
}

/// A model folder, and whose signature its card must have, if anybody's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelFolder {
    /// The folder.
    pub path: PathBuf,
    /// Who must have signed.
    pub key: Option<ModelKey>,
}

impl From<PathBuf> for ModelFolder {
    fn from(path: PathBuf) -> Self {
        Self { path, key: None }
    }
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
        let path = if !has_card(&folder) && has_card(&exported) { exported } else { folder };
        Self::Folder(path.into())
    }

    /// Where the model is, and who must have signed it; `None` without a model.
    #[must_use]
    pub fn origin(&self) -> Option<Origin<'_>> {
        match self {
            Self::Shipped => Some(Origin::BuiltIn),
            Self::Folder(ModelFolder { path, key }) => {
                Some(Origin::Folder { path, key: key.as_ref() })
            }
            Self::None => None,
        }
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
        Bundle::card_of(self.origin()?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_of_the_trainer_is_a_model() {
        let run = tempfile::tempdir().unwrap();
        let folder = run.path().to_path_buf();
        assert_eq!(
            ModelChoice::in_folder(folder.clone()),
            ModelChoice::Folder(folder.clone().into())
        );
        let exported = folder.join(EXPORTED);
        std::fs::create_dir(&exported).unwrap();
        std::fs::write(exported.join(CARD_FILE), "{}").unwrap();
        assert_eq!(ModelChoice::in_folder(folder.clone()), ModelChoice::Folder(exported.into()));
        std::fs::write(folder.join(CARD_FILE), "{}").unwrap();
        assert_eq!(ModelChoice::in_folder(folder.clone()), ModelChoice::Folder(folder.into()));
    }
}
