//! The rules by name.

use super::{Ds2Rule, HpaRule, LagRule, OracleRule, ScalingRule, SeasonalRule, TrendRule};
use crate::sim::{Load, World};

/// A rule by name, to be played at any knob.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Baseline {
    /// [`HpaRule`].
    Hpa,
    /// [`LagRule`].
    Lag,
    /// [`Ds2Rule`].
    Ds2,
    /// [`TrendRule`].
    Trend,
    /// [`SeasonalRule`].
    Seasonal,
    /// [`OracleRule`]: a bound rather than a baseline.
    Oracle,
}

impl Baseline {
    /// All of them, the bound last.
    pub const ALL: [Self; 6] =
        [Self::Hpa, Self::Lag, Self::Ds2, Self::Trend, Self::Seasonal, Self::Oracle];

    /// Its name in tables and on command lines.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hpa => HpaRule::NAME,
            Self::Lag => LagRule::NAME,
            Self::Ds2 => Ds2Rule::NAME,
            Self::Trend => TrendRule::NAME,
            Self::Seasonal => SeasonalRule::NAME,
            Self::Oracle => OracleRule::NAME,
        }
    }

    /// The rule of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|baseline| baseline.name() == name)
    }

    /// Whether it knows what nobody can know, and so is no rule to choose but a bound to all.
    #[must_use]
    pub const fn is_bound(self) -> bool {
        matches!(self, Self::Oracle)
    }

    /// The knob that is documented or usual; one of [`Baseline::knobs`].
    #[must_use]
    pub const fn default_knob(self) -> f32 {
        match self {
            Self::Hpa => HpaRule::DEFAULT_TARGET,
            Self::Lag => LagRule::DEFAULT_THRESHOLD_S,
            Self::Ds2 => Ds2Rule::DEFAULT_TARGET,
            Self::Trend => TrendRule::DEFAULT_TARGET,
            Self::Seasonal => SeasonalRule::DEFAULT_TARGET,
            Self::Oracle => OracleRule::DEFAULT_HEAD_ROOM,
        }
    }

    /// The knobs worth a try, cheapest first.
    #[must_use]
    pub const fn knobs(self) -> &'static [f32] {
        match self {
            Self::Hpa => &HpaRule::TARGETS,
            Self::Lag => &LagRule::THRESHOLDS_S,
            Self::Ds2 => &Ds2Rule::TARGETS,
            Self::Trend => &TrendRule::TARGETS,
            Self::Seasonal => &SeasonalRule::TARGETS,
            Self::Oracle => &OracleRule::HEAD_ROOMS,
        }
    }

    /// The rule at `knob`. Only the oracle looks at the load and the world.
    #[must_use]
    pub fn build<'a>(self, knob: f32, load: &'a Load, world: World) -> Box<dyn ScalingRule + 'a> {
        match self {
            Self::Hpa => Box::new(HpaRule::new(knob)),
            Self::Lag => Box::new(LagRule::new(knob)),
            Self::Ds2 => Box::new(Ds2Rule::new(knob)),
            Self::Trend => Box::new(TrendRule::new(knob)),
            Self::Seasonal => Box::new(SeasonalRule::new(knob)),
            Self::Oracle => Box::new(OracleRule::new(knob, load, world)),
        }
    }
}
