//! Whether decisions are carried out.

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
    /// The word for it in configurations and answers.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Shadow => "shadow",
            Self::Active => "active",
        }
    }
}
