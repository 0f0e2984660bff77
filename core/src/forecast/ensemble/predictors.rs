//! What the regressions look at: recent changes, what followed the same moment in past seasons, and
//! the clock.
//!
//! All are differences to an anchor on a warped scale (logarithm or square root), so that level and
//! unit of the counts do not matter.

use crate::forecast::grid::STEPS;
use crate::history::ModelHistory;
use crate::interval::IntervalLength;
use crate::units::{DAY_S, UnixSeconds, WEEK_S};
use nalgebra::SVector;

/// Intervals back to which recent changes reach.
const LAGS: [usize; 23] =
    [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 14, 16, 18, 20, 24, 28, 32, 40, 48, 60, 72, 95];
/// Intervals before the anchor of a past season at which its points begin.
const BEFORE: usize = 12;
/// Days ago of the seasons that are looked at one by one, and the distance of their points.
const DAYS: [usize; 4] = [1, 2, 7, 14];
const DAY_SPACING: usize = 4;
const DAY_POINTS: usize = points(DAY_SPACING);
/// Days ago of the seasons that are averaged, and the distance of their points.
const MEANS: [&[usize]; 2] = [&[1, 2, 3, 4, 5, 6, 7], &[7, 14, 21, 28]];
const MEAN_SPACING: usize = 2;
const MEAN_POINTS: usize = points(MEAN_SPACING);
/// Predictors of all seasons.
const SEASONS: usize = DAYS.len() * DAY_POINTS + MEANS.len() * MEAN_POINTS;
/// Sines and cosines: four harmonics of the day, two of the week.
const CLOCK: usize = 12;
/// Predictors without seasons: one constant and the lags.
pub(crate) const NARROW: usize = 1 + LAGS.len();
/// All predictors.
pub(crate) const WIDE: usize = NARROW + SEASONS + CLOCK;

/// Points of a season, from [`BEFORE`] intervals before its anchor to [`STEPS`] after it.
const fn points(spacing: usize) -> usize {
    (BEFORE + STEPS) / spacing + 1
}

/// A scale on which changes are about as large at low counts as at high ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Warp {
    /// ln(1 + events / (level / 20)): for traffic whose noise grows with it.
    Log,
    /// sqrt(events / level): for counts, whose noise is Poisson's (Anscombe 1948).
    Root,
}

/// Share of the level below which the logarithm turns linear.
const FLOOR: f32 = 0.05;

/// A warp at a level.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Warped {
    pub(crate) warp: Warp,
    /// Typical events per interval, above 0.
    pub(crate) level: f32,
}

impl Warped {
    pub(crate) fn of(self, events: f32) -> f32 {
        match self.warp {
            Warp::Log => libm::log1pf(events / (FLOOR * self.level)),
            Warp::Root => libm::sqrtf(events / self.level),
        }
    }

    /// Events; the warped value may be anything.
    pub(crate) fn back(self, value: f32) -> f32 {
        match self.warp {
            // e^30 levels: far above what is possible, and still finite.
            Warp::Log => libm::expm1f(value.clamp(0.0, 30.0)) * FLOOR * self.level,
            Warp::Root => value.max(0.0) * value.max(0.0) * self.level,
        }
    }
}

/// The past as seen `age` intervals ago.
#[derive(Clone, Copy)]
pub(crate) struct View<'a> {
    pub(crate) history: &'a ModelHistory,
    pub(crate) length: IntervalLength,
    /// End of the last interval that is seen.
    pub(crate) origin: UnixSeconds,
    pub(crate) age: usize,
    pub(crate) scale: Warped,
}

impl View<'_> {
    /// The last value, to which all changes are relative; `None` if it is missing.
    pub(crate) fn anchor(&self) -> Option<f32> {
        self.ago(0)
    }

    /// The value `back` intervals before the origin.
    fn ago(&self, back: usize) -> Option<f32> {
        self.history.arrivals_ago(self.age + back).map(|events| self.scale.of(events))
    }

    /// Predictors and what followed, to learn from; `None` unless all that followed is known. Needs
    /// a view of [`STEPS`] intervals ago.
    pub(crate) fn sample(&self) -> Option<(SVector<f32, WIDE>, SVector<f32, STEPS>)> {
        let anchor = self.anchor()?;
        let followed = self.followed(anchor)?;
        Some((self.wide(anchor), followed))
    }

    /// What followed the origin, relative to the anchor.
    fn followed(&self, anchor: f32) -> Option<SVector<f32, STEPS>> {
        let mut changes = SVector::<f32, STEPS>::zeros();
        for (step, change) in changes.iter_mut().enumerate() {
            let events = self.history.arrivals_ago(self.age.checked_sub(step + 1)?)?;
            *change = self.scale.of(events) - anchor;
        }
        Some(changes)
    }

    /// All predictors. Unknown ones are 0: "no change".
    pub(crate) fn wide(&self, anchor: f32) -> SVector<f32, WIDE> {
        let mut out = SVector::<f32, WIDE>::zeros();
        let (recent, rest) = out.as_mut_slice().split_at_mut(NARROW);
        let (seasons, clock) = rest.split_at_mut(SEASONS);
        let (days, means) = seasons.split_at_mut(DAYS.len() * DAY_POINTS);
        self.fill_recent(anchor, recent);
        for (day, points) in DAYS.into_iter().zip(days.chunks_exact_mut(DAY_POINTS)) {
            // Relative to today's anchor: the level of that day against today's is part of it.
            self.add_season(day, Some(anchor), DAY_SPACING, points);
        }
        for (days, points) in MEANS.into_iter().zip(means.chunks_exact_mut(MEAN_POINTS)) {
            let mut known = 0;
            for &day in days {
                known += u8::from(self.add_season(day, None, MEAN_SPACING, points));
            }
            points.iter_mut().for_each(|point| *point /= f32::from(known.max(1)));
        }
        self.fill_clock(clock);
        out
    }

    fn fill_recent(&self, anchor: f32, out: &mut [f32]) {
        let (constant, changes) = out.split_at_mut(1);
        constant.fill(1.0);
        for (change, lag) in changes.iter_mut().zip(LAGS) {
            *change = self.ago(lag).map_or(0.0, |value| value - anchor);
        }
    }

    /// Adds the points of the season `days` ago, relative to `anchor` or else to its own; false if
    /// it is not remembered.
    fn add_season(
        &self,
        days: usize,
        anchor: Option<f32>,
        spacing: usize,
        points: &mut [f32],
    ) -> bool {
        let back = days * self.length.steps_per_day();
        // The oldest point must be known, the newest must lie before the origin.
        if back < STEPS || self.ago(back + BEFORE).is_none() {
            return false;
        }
        let Some(own) = self.ago(back) else { return false };
        let anchor = anchor.unwrap_or(own);
        for (k, point) in points.iter_mut().enumerate() {
            if let Some(value) = self.ago(back + BEFORE - k * spacing) {
                *point += value - anchor;
            }
        }
        true
    }

    fn fill_clock(&self, out: &mut [f32]) {
        let turns = [(DAY_S, 1.0), (DAY_S, 2.0), (DAY_S, 3.0), (DAY_S, 4.0), (WEEK_S, 1.0)];
        let turns = turns.into_iter().chain([(WEEK_S, 2.0)]);
        for ((period_s, harmonic), pair) in turns.zip(out.chunks_exact_mut(2)) {
            let phase = self.origin.0.rem_euclid(i64::from(period_s)) as f32 / period_s as f32;
            let angle = core::f32::consts::TAU * harmonic * phase;
            pair.copy_from_slice(&[libm::sinf(angle), libm::cosf(angle)]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interval::Interval;

    const LENGTH: IntervalLength = IntervalLength::TWO_MINUTES;

    fn history(n: usize, events: impl Fn(usize) -> Option<f32>) -> ModelHistory {
        let mut history = ModelHistory::default();
        for k in 0..n {
            let end = UnixSeconds(120 * (k as i64 + 1));
            history.push(&Interval { arrivals_events: events(k), ..Interval::missing(end) });
        }
        history
    }

    fn view(history: &ModelHistory, n: usize, age: usize) -> View<'_> {
        let origin = UnixSeconds(120 * (n - age) as i64);
        let scale = Warped { warp: Warp::Root, level: 1.0 };
        View { history, length: LENGTH, origin, age, scale }
    }

    #[test]
    fn warps_invert() {
        for warp in [Warp::Log, Warp::Root] {
            let scale = Warped { warp, level: 37.0 };
            for events in [0.0, 0.5, 37.0, 1e6] {
                let back = scale.back(scale.of(events));
                assert!((back - events).abs() <= 1e-4 * events + 1e-5, "{warp:?} {events} {back}");
            }
            assert!(scale.back(f32::MAX).is_finite() || warp == Warp::Root);
            assert_eq!(scale.back(-1.0), 0.0);
        }
    }

    #[test]
    fn a_view_of_the_past_sees_nothing_newer() {
        let n = 720 * 9;
        let old = history(n, |k| Some(((k * 7919) % 997) as f32));
        let both = |k: usize| if k < n { ((k * 7919) % 997) as f32 } else { 1e6 };
        let longer = history(n + 24, |k| Some(both(k)));
        let then = view(&old, n, 0);
        let now = view(&longer, n + 24, 24);
        let anchor = then.anchor().unwrap();
        // Fine counts are exact and old ones packed: the same within the packing.
        let off = (then.wide(anchor) - now.wide(now.anchor().unwrap())).amax();
        assert!(off < 0.2, "{off}");
        let followed = now.followed(anchor).unwrap();
        assert!((followed[0] - (1000.0 - anchor)).abs() < 3.0, "{}", followed[0]);
        assert_eq!(then.followed(anchor), None);
    }

    #[test]
    fn unknown_is_no_change() {
        let h = history(200, |k| (k % 3 != 1).then_some(100.0));
        let v = view(&h, 200, 1);
        let x = v.wide(v.anchor().unwrap());
        assert_eq!(x.rows(1, WIDE - CLOCK - 1).amax(), 0.0);
        assert_eq!(x[0], 1.0);
    }
}
