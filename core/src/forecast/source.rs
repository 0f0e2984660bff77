//! Who made a forecast, and what the network has in it.

use super::grid::HORIZONS;
use crate::learned::{Archive, Learned};
use serde::{Deserialize, Serialize};

/// Who made a forecast.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ForecastSource {
    /// The trained network among the other experts.
    #[serde(rename = "network")]
    Model,
    /// The other experts alone: no network, or it failed.
    #[default]
    #[serde(rename = "experts")]
    Baseline,
}

impl Learned for ForecastSource {
    fn pass(&mut self, archive: &mut Archive<'_>) {
        let mut is_model = *self == Self::Model;
        is_model.pass(archive);
        *self = if is_model { Self::Model } else { Self::Baseline };
    }
}

/// Name of the expert that stands in for a network that is not there or failed.
pub const STAND_IN: &str = "baseline";

impl ForecastSource {
    /// Words for people.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Model => "network and experts",
            Self::Baseline => "experts alone",
        }
    }
}

/// Who made a forecast, and what the network has in it at each of [`HORIZONS`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Basis {
    /// Who made it.
    pub source: ForecastSource,
    /// Weight of the network among the experts, 0..=1; 0 without it.
    pub network_weight: [f32; HORIZONS.len()],
    /// By what share of itself the median would be less without the network (negative: more), which is
    /// little, whatever its weight, where it says what the others say.
    pub network_effect: [f32; HORIZONS.len()],
}
