//! Whether decisions are carried out.

use crate::config::Choice;
use serde::{Deserialize, Serialize};

/// Whether decisions are carried out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Decides, records and reports, and changes nothing.
    #[default]
    Shadow,
    /// Decisions go to the actuator.
    Active,
}

impl Mode {
    /// How it is written in a configuration.
    pub const KIND: Choice<Self> = Choice(&[("shadow", Self::Shadow), ("active", Self::Active)]);

    /// The word for it in configurations and answers.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Shadow => "shadow",
            Self::Active => "active",
        }
    }
}
