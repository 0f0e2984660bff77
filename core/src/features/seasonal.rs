//! Causal decomposition into trend, season and rest.
//!
//! The reference system decomposes a whole file with a centred filter, so that the future leaks
//! into its features. Here the trend is a trailing mean over one period and the season an
//! exponentially smoothed profile by phase; both know only the past.

use super::spec::PER_SEASON;
use crate::interval::Interval;
use crate::learned::learned;
use crate::ring::Ring;

/// Weight of the newest period in the profile.
const LEARNING: f32 = 0.3;

/// Decomposition over one period, with a profile of at most `PHASES` bins and a trend over `BINS`
/// bins.
#[derive(Clone, Debug)]
pub(super) struct Season<const PHASES: usize, const BINS: usize> {
    period_s: i64,
    profile: [f32; PHASES],
    /// Bins of the period that is passing, for the trailing mean.
    bins: Ring<(f32, u32), BINS>,
    bin: (f32, u32),
    bin_index: Option<i64>,
    sum: f64,
    count: u64,
}
learned!(
    [const PHASES: usize, const BINS: usize] Season<PHASES, BINS> {
        profile, bins, bin, bin_index, sum, count
    } built { period_s }
);

impl<const PHASES: usize, const BINS: usize> Season<PHASES, BINS> {
    pub(super) fn new(period_s: u32) -> Self {
        Self {
            period_s: i64::from(period_s),
            profile: [f32::NAN; PHASES],
            bins: Ring::default(),
            bin: (0.0, 0),
            bin_index: None,
            sum: 0.0,
            count: 0,
        }
    }

    /// Takes the next interval; gives trend, season and rest as known before this interval's value
    /// was learned (the trend includes it).
    pub(super) fn push(&mut self, interval: &Interval) -> [f32; PER_SEASON] {
        // An interval belongs to the phase in which it ends, its end excluded.
        let at = interval.end.0.saturating_sub(1);
        // The period is a day or a week, which the compiler does not know.
        let period_s = self.period_s.max(BINS as i64);
        self.roll(at.div_euclid(period_s / BINS as i64));
        if let Some(value) = interval.arrivals_events {
            self.bin.0 += value;
            self.bin.1 += 1;
            self.sum += f64::from(value);
            self.count += 1;
        }
        if self.count == 0 {
            return [f32::NAN; PER_SEASON];
        }
        let trend = (self.sum / self.count as f64) as f32;
        let phase = at.rem_euclid(period_s) * PHASES as i64 / period_s;
        let Some(profile) = self.profile.get_mut(phase as usize) else {
            return [f32::NAN; PER_SEASON];
        };
        // Nothing learned of this phase yet: no season.
        let learned = !profile.is_nan();
        let season = if learned { *profile } else { 0.0 };
        let Some(value) = interval.arrivals_events else { return [trend, season, f32::NAN] };
        let excess = value - trend;
        *profile = if learned { season + LEARNING * (excess - season) } else { excess };
        [trend, season, excess - season]
    }

    /// Closes bins up to `index`. Bins that passed unobserved are empty; a gap of more than a
    /// period empties all of them, no more.
    fn roll(&mut self, index: i64) {
        let passed = self.bin_index.map_or(0, |last| index.saturating_sub(last));
        self.bin_index = Some(index);
        for _ in 0..passed.clamp(0, BINS as i64 + 1) {
            let closed = core::mem::take(&mut self.bin);
            if let Some((sum, count)) = self.bins.push(closed) {
                self.sum -= f64::from(sum);
                self.count = self.count.saturating_sub(u64::from(count));
            }
        }
        if passed > 0 {
            self.recount();
        }
    }

    /// Subtraction leaves crumbs; a new bin is rare enough to sum all of them again.
    fn recount(&mut self) {
        let bins = || (0..self.bins.len()).filter_map(|age| self.bins.ago(age));
        self.sum = bins().map(|(sum, _)| f64::from(sum)).sum::<f64>() + f64::from(self.bin.0);
        self.count = bins().map(|(_, n)| u64::from(n)).sum::<u64>() + u64::from(self.bin.1);
    }
}
