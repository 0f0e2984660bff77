//! What a forecaster said from the origins of a series.

use super::forecasts::Origin;
use scaleiq_core::forecast::{Q50, QUANTILES, STEPS};

/// Forecasts, origin by origin.
#[derive(Clone, Debug)]
pub enum Made {
    /// All quantiles.
    Quantiles(Vec<Origin>),
    /// Medians alone: the origin's row, and events in each of the intervals after it.
    Medians(Vec<(usize, [f32; STEPS])>),
}

impl Made {
    /// Origins.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Quantiles(all) => all.len(),
            Self::Medians(all) => all.len(),
        }
    }

    /// Whether nothing was forecast.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The row of each origin, and the median of the interval `ahead` (from 1) after it.
    pub fn medians(&self, ahead: usize) -> Box<dyn Iterator<Item = (usize, f32)> + '_> {
        let step = ahead.clamp(1, STEPS) - 1;
        match self {
            Self::Quantiles(all) => {
                Box::new(all.iter().map(move |o| (o.row, o.forecast.events[step][Q50])))
            }
            Self::Medians(all) => Box::new(all.iter().map(move |(row, m)| (*row, m[step]))),
        }
    }

    /// The row of each origin, and the medians of all intervals after it.
    pub fn all_medians(&self) -> impl Iterator<Item = (usize, [f32; STEPS])> + '_ {
        let (quantiles, medians) = match self {
            Self::Quantiles(all) => (all.as_slice(), [].as_slice()),
            Self::Medians(all) => ([].as_slice(), all.as_slice()),
        };
        let middle = |origin: &Origin| (origin.row, origin.forecast.events.map(|step| step[Q50]));
        quantiles.iter().map(middle).chain(medians.iter().copied())
    }

    /// The row of each origin, and the quantiles of the interval `ahead` (from 1) after it; none where
    /// medians alone were forecast.
    pub fn quantiles(
        &self,
        ahead: usize,
    ) -> impl Iterator<Item = (usize, [f32; QUANTILES.len()])> + '_ {
        let step = ahead.clamp(1, STEPS) - 1;
        let all = match self {
            Self::Quantiles(all) => all.as_slice(),
            Self::Medians(_) => &[],
        };
        all.iter().map(move |origin| (origin.row, origin.forecast.events[step]))
    }
}
