//! The model card: what a model is, what it was made from and how well it does.

use super::error::ModelError;
use crate::features;
use crate::forecast::{HORIZONS, QUANTILES, STEPS};
use crate::parameters::Parameters;
use crate::policy::{MULTIPLIERS, OBSERVATION_NAMES, can_act};
use crate::settings::Base;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::Path;

/// Version of the card and of the networks' inputs and outputs.
pub const SCHEMA_VERSION: u32 = 3;
/// The oldest version that is read as well: it has no [`PolicyCard::parameters`], and means the defaults.
const BEFORE_PARAMETERS: u32 = 1;
/// The last version with [`FORMER_NAMES`].
const BEFORE_NAMES: u32 = 2;
/// Fields of the policy, and what they were named before.
const FORMER_NAMES: [(&str, &str); 2] = [("observation", "state"), ("min_advantage", "caution")];
/// File name to SHA-256 in lower-case hex.
pub type Files = BTreeMap<String, String>;

/// A model's description, stored as `card.json` beside its files.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Card {
    /// [`SCHEMA_VERSION`].
    pub schema_version: u32,
    /// Name of the model.
    pub name: String,
    /// The command that made it.
    pub command: String,
    /// Version of the trainer.
    pub trainer_version: String,
    /// Parameters of the forecaster.
    pub parameters: u64,
    /// Names of the streaming features, in the order of the network's `context` input.
    pub features: Vec<String>,
    /// Mean and standard deviation of each feature (compressed, see `forecast::ModelInput`) over the
    /// training part. They are constants inside the graph; stated here for people.
    pub scalers: Vec<[f32; 2]>,
    /// Intervals forecast.
    pub steps: usize,
    /// Horizons reported.
    pub horizons: Vec<usize>,
    /// Quantile levels.
    pub quantiles: Vec<f32>,
    /// The Q-network.
    pub policy: PolicyCard,
    /// Name to fingerprint of the data it was trained on.
    pub data: BTreeMap<String, String>,
    /// Figures measured on held-out data when it was made.
    pub metrics: BTreeMap<String, f64>,
    /// Why the int8 engine, and so a microcontroller, cannot run it: hosts run it in tract then. `None`
    /// where there is a [`super::PACK`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub too_large: Option<String>,
    /// The other files.
    pub files: Files,
}

/// What the Q-network's numbers mean.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyCard {
    /// Names of the observation's numbers.
    #[serde(alias = "state")]
    pub observation: Vec<String>,
    /// The actions' multipliers.
    pub multipliers: Vec<f32>,
    /// What they were trained to multiply.
    pub base: Base,
    /// By how much an action must be worth more than leaving the plan as it is, to be taken: chosen
    /// on held-out loads, and beyond reach where the plan alone did best there.
    #[serde(alias = "caution")]
    pub min_advantage: f32,
    /// The tuned numbers of plan, guard, nowcast and margin that it was judged with, where they are others
    /// than the defaults.
    #[serde(default, skip_serializing_if = "is_default")]
    pub parameters: Parameters,
}

fn is_default(parameters: &Parameters) -> bool {
    *parameters == Parameters::DEFAULT
}

impl PolicyCard {
    /// The description of the policy that this program runs.
    #[must_use]
    pub fn current(base: Base, min_advantage: f32) -> Self {
        Self {
            observation: OBSERVATION_NAMES.map(String::from).to_vec(),
            multipliers: MULTIPLIERS.to_vec(),
            base,
            min_advantage,
            parameters: Parameters::DEFAULT,
        }
    }

    /// Whether the Q-network can ever move the plan.
    #[must_use]
    pub fn can_act(&self) -> bool {
        can_act(self.min_advantage)
    }
}

impl Card {
    /// Parses and checks a card; `path` is for error messages.
    ///
    /// # Errors
    /// If it is not valid JSON, or describes a model for another version of this program.
    pub fn parse(json: &[u8], path: &Path) -> Result<Self, ModelError> {
        let card: Self = serde_json::from_slice(json).map_err(|e| ModelError::Card {
            path: path.into(),
            line: e.line(),
            message: e.to_string(),
        })?;
        card.check(path)?;
        Ok(card)
    }

    /// Returns all that the card says, in the words of its version: what tells one model from another,
    /// whatever a program that reads it calls its fields.
    ///
    /// # Errors
    /// If it cannot be written as JSON.
    pub fn identity(&self) -> serde_json::Result<String> {
        let text = serde_json::to_string(self)?;
        if self.schema_version > BEFORE_NAMES {
            return Ok(text);
        }
        let renamed = |text: String, (now, before): (&str, &str)| {
            text.replacen(&format!("\"{now}\":"), &format!("\"{before}\":"), 1)
        };
        Ok(FORMER_NAMES.into_iter().fold(text, renamed))
    }

    fn check(&self, path: &Path) -> Result<(), ModelError> {
        let names: Vec<_> = features::SPECS.iter().map(|s| s.name.to_string()).collect();
        let policy = PolicyCard::current(self.policy.base, self.policy.min_advantage);
        if !(BEFORE_PARAMETERS..=SCHEMA_VERSION).contains(&self.schema_version) {
            return Err(ModelError::Mismatch {
                path: path.into(),
                field: "schema_version",
                found: self.schema_version.to_string(),
                expected: format!("{BEFORE_PARAMETERS} to {SCHEMA_VERSION}"),
            });
        }
        if self.schema_version == BEFORE_PARAMETERS {
            same(path, "policy.parameters", &self.policy.parameters, &Parameters::DEFAULT)?;
        }
        if let Some(number) = self.policy.parameters.table().find(|p| !p.is_sound()) {
            return Err(ModelError::Mismatch {
                path: path.into(),
                field: "policy.parameters",
                found: format!("{}.{} = {}", number.group, number.name, number.value),
                expected: "finite numbers that are not negative".into(),
            });
        }
        same(path, "features", &self.features, &names)?;
        same(path, "steps", &self.steps, &STEPS)?;
        same(path, "horizons", &self.horizons, &HORIZONS.to_vec())?;
        same(path, "quantiles", &self.quantiles, &QUANTILES.to_vec())?;
        same(path, "policy.observation", &self.policy.observation, &policy.observation)?;
        same(path, "policy.multipliers", &self.policy.multipliers, &policy.multipliers)
    }
}

fn same<T: PartialEq + std::fmt::Debug>(
    path: &Path,
    field: &'static str,
    found: &T,
    expected: &T,
) -> Result<(), ModelError> {
    if found == expected {
        return Ok(());
    }
    Err(ModelError::Mismatch {
        path: path.into(),
        field,
        found: format!("{found:?}"),
        expected: format!("{expected:?}"),
    })
}

/// SHA-256 in lower-case hex.
#[must_use]
pub fn sha256_hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(change: impl FnOnce(&mut serde_json::Value)) -> Result<Card, String> {
        let shipped = include_bytes!("../../../models/edge/card.json");
        let mut card: serde_json::Value = serde_json::from_slice(shipped).unwrap();
        change(&mut card);
        let json = serde_json::to_vec(&card).unwrap();
        Card::parse(&json, Path::new("card.json")).map_err(|error| error.to_string())
    }

    #[test]
    fn a_card_without_parameters_means_the_defaults() {
        for version in [1, 2, 3] {
            let card = parse(|card| card["schema_version"] = version.into()).unwrap();
            assert_eq!(card.policy.parameters, Parameters::DEFAULT);
            // Nothing is written where there is nothing to say.
            assert!(!serde_json::to_string(&card).unwrap().contains("guard"));
        }
        let error = parse(|card| card["schema_version"] = 4.into()).unwrap_err();
        assert!(
            error.contains("field `schema_version` is 4, this program needs 1 to 3"),
            "{error}"
        );
    }

    #[test]
    fn former_names_are_read_and_the_present_ones_written() {
        let card = parse(|card| {
            card["schema_version"] = BEFORE_NAMES.into();
            let policy = card["policy"].as_object_mut().unwrap();
            for (now, before) in FORMER_NAMES {
                let value = policy.remove(now).unwrap();
                policy.insert(before.into(), value);
            }
        });
        let card = card.unwrap();
        let written = serde_json::to_value(&card).unwrap();
        assert_eq!(written["policy"]["min_advantage"], f32::MAX);
        assert!(written["policy"].get("caution").or(written["policy"].get("state")).is_none());
        let read = Card::parse(written.to_string().as_bytes(), Path::new("card.json")).unwrap();
        assert_eq!(read, card);
        // It stays the model that it was.
        let identity = card.identity().unwrap();
        assert!(identity.contains("\"caution\":") && !identity.contains("min_advantage"));
        let renewed = Card { schema_version: 3, ..card };
        assert!(renewed.identity().unwrap().contains("\"min_advantage\":"));
    }

    #[test]
    fn parameters_are_read_and_nonsense_is_named() {
        let tuned = |version: u32, guard: serde_json::Value| {
            parse(|card| {
                card["schema_version"] = version.into();
                card["policy"]["parameters"] = serde_json::json!({ "guard": guard });
            })
        };
        let card = tuned(2, serde_json::json!({ "floor_wait": 0.5 })).unwrap();
        let mut expected = Parameters::DEFAULT;
        expected.guard.floor_wait = 0.5;
        assert_eq!(card.policy.parameters, expected);

        let error = tuned(2, serde_json::json!({ "floor_wait": -0.5 })).unwrap_err();
        assert!(error.contains("guard.floor_wait = -0.5"), "{error}");
        let error = tuned(2, serde_json::json!({ "flor_wait": 0.5 })).unwrap_err();
        assert!(error.contains("flor_wait"), "{error}");
        assert!(tuned(1, serde_json::json!({ "floor_wait": 0.5 })).is_err());
    }
}
