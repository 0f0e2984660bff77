//! Times where no clock but the sender's is at hand: what comes has to follow what came.
//!
//! A hole is a hole, but one sample far ahead must not shut out all that follow, and a clock that was
//! set back must not shut out its next hour. So what does not follow is kept until others agree.

use super::share::time_limit_s;
use scaleiq_core::sample::Sample;
use scaleiq_core::units::{DAY_S, UnixSeconds};

/// A hole no longer than this, than four intervals or than twice the one before needs no second sample
/// to be believed.
const HOLE_S: i64 = 3600;
/// Samples that agree on a time ahead.
const AHEAD: usize = 2;
/// Samples that agree on a time in the past.
const BACK: usize = 3;
/// The same, if each is what was taken before at that time: more likely they are sent again.
const BACK_AGAIN: usize = 10;

/// The order of one sender's samples.
#[derive(Clone, Debug, Default)]
pub(super) struct Order {
    last: Option<Sample>,
    /// Seconds between it and the one before.
    step_s: i64,
    /// Seconds to be added to its times.
    shift_s: i64,
    /// Samples that do not follow the last one and follow each other.
    kept: Vec<Sample>,
    /// Whether all of those are what was taken before.
    again: bool,
}

/// What becomes of a sample.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Placed {
    /// It follows, and with it perhaps others that were kept.
    Follows(Vec<Sample>),
    /// It and those kept are a clock that was set: by so many seconds.
    Set(Vec<Sample>, i64),
    /// It was taken before.
    Again,
    /// It is kept: it is so many seconds from the last one.
    Kept(i64),
}

impl Order {
    /// Seconds to be added to its times.
    pub(super) fn shift_s(&self) -> i64 {
        self.shift_s
    }

    /// Begins beside others, the furthest of which is at `newest`: a sender comes when they do, so a
    /// clock that is off by minutes shows. Gives the seconds by which it is corrected.
    pub(super) fn join(&mut self, first: &Sample, newest: UnixSeconds) -> i64 {
        let ahead_s = first.end.since(newest);
        if self.last.is_some() || ahead_s.saturating_abs() <= time_limit_s(first) {
            return 0;
        }
        if ahead_s.saturating_abs() <= HOLE_S {
            self.shift_s = -ahead_s;
        } else if ahead_s > 0 {
            self.last = Some(Sample { end: newest, ..*first });
        }
        self.shift_s
    }

    /// Takes the next sample; `is_known` tells whether a sample was taken before.
    pub(super) fn place(&mut self, told: &Sample, is_known: impl Fn(&Sample) -> bool) -> Placed {
        let sample = Sample { end: told.end.plus(self.shift_s), ..*told };
        let Some(last) = self.last.filter(|last| !follows(last, &sample, 2 * self.step_s)) else {
            self.kept.clear();
            self.step_s = self.last.map_or(0, |last| sample.end.since(last.end));
            self.last = Some(sample);
            return Placed::Follows(vec![sample]);
        };
        // Samples that are rare agree as well, if they are no rarer than the first one of them was.
        let jumped_s = self.kept.first().map_or(0, |first| first.end.since(last.end));
        if self.kept.last().is_some_and(|kept| !follows(kept, &sample, 2 * jumped_s)) {
            self.kept.clear();
        }
        self.again = is_known(&sample) && (self.again || self.kept.is_empty());
        self.kept.push(sample);
        let jump_s = sample.end.since(last.end);
        let first = self.kept.first().copied().unwrap_or(sample);
        let back_s = last.end.since(first.end).saturating_add(i64::from(first.interval_s));
        let is_back = first.end <= last.end;
        let needed = match (is_back, self.again) {
            (true, true) => BACK_AGAIN,
            (true, false) => BACK,
            (false, _) => AHEAD,
        };
        if self.kept.len() < needed {
            return if is_known(&sample) { Placed::Again } else { Placed::Kept(jump_s) };
        }
        let by_s = if is_back { whole_days(back_s) } else { 0 };
        let mut taken = std::mem::take(&mut self.kept);
        for sample in &mut taken {
            sample.end = sample.end.plus(by_s);
        }
        self.shift_s = self.shift_s.saturating_add(by_s);
        if let [.., before, last] = taken.as_slice() {
            self.step_s = last.end.since(before.end);
        }
        self.last = taken.last().copied();
        if is_back { Placed::Set(taken, -by_s) } else { Placed::Follows(taken) }
    }
}

/// Whether `next` is after `last` and not far ahead of it: no further than `usual_s` at least.
fn follows(last: &Sample, next: &Sample, usual_s: i64) -> bool {
    let max_s = HOLE_S.max(4 * i64::from(next.interval_s)).max(usual_s);
    (1..=max_s).contains(&next.end.since(last.end))
}

/// A clock that was set back by a day or more keeps the time of day.
fn whole_days(seconds: i64) -> i64 {
    let day_s = i64::from(DAY_S);
    if seconds < day_s { seconds } else { (seconds + day_s - 1) / day_s * day_s }
}

#[cfg(test)]
mod tests {
    use super::*;
    use scaleiq_core::sample::RawSample;

    fn at(time: i64) -> Sample {
        let raw = RawSample { time: time as f64, interval_s: 30.0, ..RawSample::default() };
        raw.gate().unwrap().sample
    }

    /// The ends of what is taken at each of `times`.
    fn taken(times: &[i64]) -> Vec<Vec<i64>> {
        let mut order = Order::default();
        let take = |time: &i64| ends(order.place(&at(*time), |_| false));
        times.iter().map(take).collect()
    }

    fn ends(placed: Placed) -> Vec<i64> {
        match placed {
            Placed::Follows(samples) | Placed::Set(samples, _) => {
                samples.iter().map(|s| s.end.0).collect()
            }
            Placed::Kept(_) | Placed::Again => Vec::new(),
        }
    }

    const T: i64 = 1_000_000;
    const YEARS: i64 = 315_360_000;

    #[test]
    fn holes_are_holes() {
        let hours = taken(&[T, T + 30, T + 3630, T + 3660]);
        assert_eq!(hours, [[T], [T + 30], [T + 3630], [T + 3660]]);
        let days = T + 5 * 86_400;
        let got = taken(&[T, days, days + 30, days + 60]);
        assert_eq!(got, [vec![T], vec![], vec![days, days + 30], vec![days + 60]]);
    }

    #[test]
    fn rare_samples_are_a_rhythm() {
        let day = 86_400;
        let got = taken(&[T, T + day, T + 2 * day, T + 3 * day, T + 5 * day]);
        assert_eq!(got[1..3], [vec![], vec![T + day, T + 2 * day]]);
        assert_eq!(got[3..], [[T + 3 * day], [T + 5 * day]]);
    }

    #[test]
    fn one_sample_far_ahead_shuts_nobody_out() {
        let got = taken(&[T, T + YEARS, T + 30, T + YEARS, T + 60]);
        assert_eq!(got, [vec![T], vec![], vec![T + 30], vec![], vec![T + 60]]);
        // Also as the first one: then the others agree, and keep the time of day.
        let got = taken(&[T + YEARS + 7, T, T + 30, T + 60, T + 90]);
        let to = T + YEARS + 86_400;
        assert_eq!(got[1..], [vec![], vec![], vec![to, to + 30, to + 60], vec![to + 90]]);
    }

    #[test]
    fn a_clock_that_was_set_back_goes_on() {
        let got = taken(&[T, T + 30, T - 3540, T - 3510, T - 3480, T - 3450]);
        let next = [T + 60, T + 90, T + 120];
        assert_eq!(got[2..], [vec![], vec![], next.to_vec(), vec![T + 150]]);
    }

    #[test]
    fn samples_that_are_sent_again_are_no_clock_unless_they_go_on() {
        let mut order = Order::default();
        order.place(&at(T), |_| false);
        let again = (0..12).map(|k| order.place(&at(T - 3600 + 30 * k), |_| true));
        let taken: Vec<usize> = again.map(|placed| ends(placed).len()).collect();
        assert_eq!(taken, [0, 0, 0, 0, 0, 0, 0, 0, 0, 10, 1, 1]);
    }

    #[test]
    fn one_late_sample_is_late() {
        let got = taken(&[T, T + 30, T - 30, T + 60, T - 60, T + 60, T + 90]);
        assert_eq!(got[2..], [vec![], vec![T + 60], vec![], vec![], vec![T + 90]]);
    }
}
