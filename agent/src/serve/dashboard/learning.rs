//! What traffic in these intervals can teach, and how far it has.

use scaleiq_core::forecast::STEPS;
use scaleiq_core::history::FOUR_WEEKS;
use scaleiq_core::units::{DAY_S, WEEK_S};
use serde::Serialize;

/// What an interval means.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Learning {
    /// The interval's length,
    pub interval_s: u32,
    /// how far forecasts reach,
    pub reach_s: u32,
    /// and how far back is remembered.
    pub memory_s: u32,
    /// Seasons that are learned, or could be with longer intervals.
    pub seasons: Vec<Season>,
}

/// A season.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Season {
    /// Its length.
    pub length_s: u32,
    /// Whether one is remembered as a whole, so that the next can be told from it.
    pub fits: bool,
}

impl Learning {
    /// What intervals of this length can teach of day, week and the user's own seasons.
    #[must_use]
    pub fn new(interval_s: u32, own_s: &[u32]) -> Self {
        let memory_s = interval_s.saturating_mul(FOUR_WEEKS as u32);
        let season = |length_s| Season { length_s, fits: length_s < memory_s };
        let mut seasons: Vec<Season> = own_s.iter().copied().map(season).collect();
        seasons.extend([DAY_S, WEEK_S].map(season));
        let reach_s = interval_s.saturating_mul(STEPS as u32);
        Self { interval_s, reach_s, memory_s, seasons }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_intervals_reach_less_far_and_remember_less() {
        let usual = Learning::new(120, &[]);
        assert_eq!((usual.reach_s, usual.seasons.len()), (2880, 2));
        assert!(usual.seasons.iter().all(|season| season.fits));
        let short = Learning::new(10, &[28_800]);
        assert_eq!(short.reach_s, 240);
        assert_eq!(short.seasons.iter().map(|s| s.fits).collect::<Vec<_>>(), [true, true, false]);
    }
}
