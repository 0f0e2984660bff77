//! Classical forecasters to compare a model with.
//!
//! Each chooses its parameters on the validation stretch, an eighth of the rows before the test
//! part, and then only goes forward: a forecast knows the rows up to its origin and none after.
//! They give medians alone, so their bands are not scored.

mod holt_winters;
mod mixture;
mod naive;
mod past;
mod ridge;
mod scale;
mod smoothing;

pub use mixture::mixture;
pub use past::Past;

use crate::runtime::stop::Stop;
use scaleiq_core::forecast::STEPS;
use std::fmt;
use std::str::FromStr;

/// Medians of the next [`STEPS`] intervals in events.
pub type Medians = [f32; STEPS];

/// Name of the mixture of all baselines in tables.
pub const MIXTURE: &str = "mixture";

/// A classical forecaster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Baseline {
    /// As now.
    Persistence,
    /// As at the same time yesterday.
    SeasonalNaiveDay,
    /// As at the same time a week ago.
    SeasonalNaiveWeek,
    /// Simple exponential smoothing.
    Smoothing,
    /// Level, trend and daily season.
    HoltWinters,
    /// Linear regression on the last 24 intervals.
    Ridge24,
    /// On the last 336.
    Ridge336,
    /// On the last 96 and on the same moment 1, 2, 7 and 14 days ago.
    Ridge96Seasonal,
}

impl Baseline {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Persistence,
        Self::SeasonalNaiveDay,
        Self::SeasonalNaiveWeek,
        Self::Smoothing,
        Self::HoltWinters,
        Self::Ridge24,
        Self::Ridge336,
        Self::Ridge96Seasonal,
    ];

    /// Its name in tables and on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Persistence => "persistence",
            Self::SeasonalNaiveDay => "seasonal_naive_day",
            Self::SeasonalNaiveWeek => "seasonal_naive_week",
            Self::Smoothing => "smoothing",
            Self::HoltWinters => "holt_winters",
            Self::Ridge24 => "ridge_24",
            Self::Ridge336 => "ridge_336",
            Self::Ridge96Seasonal => "ridge_96_seasonal",
        }
    }

    /// Fits to the rows before the test part and forecasts from each of `origins`, ascending rows
    /// of the test part. `None` if the series is too short for it, or `stop` says so.
    #[must_use]
    pub fn forecasts(self, past: &Past, origins: &[usize], stop: Stop) -> Option<Vec<Medians>> {
        match self {
            Self::Persistence => Some(naive::persistence(past, origins)),
            Self::SeasonalNaiveDay => naive::seasonal(past, past.day(), origins),
            Self::SeasonalNaiveWeek => naive::seasonal(past, 7 * past.day(), origins),
            Self::Smoothing => smoothing::forecasts(past, origins, stop),
            Self::HoltWinters => holt_winters::forecasts(past, origins, stop),
            Self::Ridge24 => ridge::forecasts(past, 24, false, origins, stop),
            Self::Ridge336 => ridge::forecasts(past, 336, false, origins, stop),
            Self::Ridge96Seasonal => ridge::forecasts(past, 96, true, origins, stop),
        }
    }
}

/// A name that is no baseline's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownBaseline(String);

impl fmt::Display for UnknownBaseline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = Baseline::ALL.map(Baseline::name).join(", ");
        write!(f, "there is no baseline `{}`; there are: {known}", self.0)
    }
}

impl std::error::Error for UnknownBaseline {}

impl FromStr for Baseline {
    type Err = UnknownBaseline;

    fn from_str(name: &str) -> Result<Self, UnknownBaseline> {
        Self::ALL.into_iter().find(|p| p.name() == name).ok_or_else(|| UnknownBaseline(name.into()))
    }
}

/// Baselines that were asked for: `all`, `none`, or names with commas between.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chosen(pub Vec<Baseline>);

impl FromStr for Chosen {
    type Err = UnknownBaseline;

    fn from_str(text: &str) -> Result<Self, UnknownBaseline> {
        let mut chosen = match text {
            "all" => Baseline::ALL.to_vec(),
            "none" => Vec::new(),
            names => names.split(',').map(|name| name.trim().parse()).collect::<Result<_, _>>()?,
        };
        // Asked for twice is asked for once, and the table keeps one order.
        chosen.sort();
        chosen.dedup();
        Ok(Self(chosen))
    }
}

#[cfg(test)]
mod tests;
