//! Gathers samples of any cadence into the model's intervals (2 minutes by default).
//!
//! Intervals lie on the grid of the epoch: their ends are whole multiples of the length. A sample
//! that crosses a border is split in proportion to time; an interval of which less than half was
//! observed is *missing*, never zero.

use crate::learned::learned;
use crate::sample::Sample;
use crate::units::{DAY_S, UnixSeconds};
use core::fmt;
use core::num::NonZeroU32;
use serde::{Deserialize, Serialize};

/// Length of a model interval: 1 s to 1 day, and a whole fraction of a day, so that a day is a
/// whole number of steps.
///
/// ```
/// use scaleiq_core::interval::IntervalLength;
///
/// assert_eq!(IntervalLength::TWO_MINUTES.steps_per_day(), 720);
/// assert!(IntervalLength::new(7).is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct IntervalLength(NonZeroU32);

impl IntervalLength {
    /// The reference system's interval.
    pub const TWO_MINUTES: IntervalLength = match Self::new(120) {
        Ok(length) => length,
        Err(_) => unreachable!(),
    };

    /// Checks a length in seconds.
    ///
    /// # Errors
    /// If it is 0 or does not divide a day.
    pub const fn new(seconds: u32) -> Result<Self, IntervalLengthError> {
        match NonZeroU32::new(seconds) {
            Some(length) if DAY_S.is_multiple_of(seconds) => Ok(Self(length)),
            _ => Err(IntervalLengthError(seconds)),
        }
    }

    /// The length in seconds.
    #[must_use]
    pub const fn seconds(self) -> u32 {
        self.0.get()
    }

    /// Intervals in a day.
    #[must_use]
    pub const fn steps_per_day(self) -> usize {
        (DAY_S / self.0.get()) as usize
    }
}

impl TryFrom<u32> for IntervalLength {
    type Error = IntervalLengthError;
    fn try_from(seconds: u32) -> Result<Self, Self::Error> {
        Self::new(seconds)
    }
}

impl From<IntervalLength> for u32 {
    fn from(length: IntervalLength) -> u32 {
        length.0.get()
    }
}

/// An interval length that does not divide a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IntervalLengthError(pub u32);

impl fmt::Display for IntervalLengthError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an interval of {} s is no whole fraction of a day (86400 s)", self.0)
    }
}

impl core::error::Error for IntervalLengthError {}

/// What happened in one model interval. `None` means not observed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// End of the interval, a whole multiple of its length.
    pub end: UnixSeconds,
    /// Events that arrived.
    pub arrivals_events: Option<f32>,
    /// Events that were finished.
    pub processed_events: Option<f32>,
    /// Backlog at the end (last one observed).
    pub backlog_events: Option<f32>,
    /// Mean backlog.
    pub queued_events: Option<f32>,
    /// Mean work of one event on one job in milliseconds, weighted by events processed.
    pub work_ms: Option<f32>,
    /// Mean number of jobs that worked.
    pub jobs_ready: Option<f32>,
}

impl Interval {
    /// An interval in which nothing was observed.
    #[must_use]
    pub fn missing(end: UnixSeconds) -> Self {
        Self { end, ..Self::default() }
    }
}

/// Why a sample was not gathered. The gatherer is unchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeError {
    /// The sample ends at or before the last one: a duplicate, or the clock went back.
    NotAfter {
        /// End of the last sample that was taken.
        last: UnixSeconds,
        /// End of the refused sample.
        given: UnixSeconds,
    },
}

impl fmt::Display for TimeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAfter { last, given } if last == given => {
                write!(f, "duplicate time {}", given.0)
            }
            Self::NotAfter { last, given } => {
                write!(f, "time {} is before the last sample's {}", given.0, last.0)
            }
        }
    }
}

impl core::error::Error for TimeError {}

/// A sum over the seconds in which it was observed.
#[derive(Clone, Copy, Debug, Default)]
struct Part {
    sum: f32,
    seconds: f32,
}
learned!(Part { sum, seconds });

impl Part {
    fn add(&mut self, value: f32, seconds: f32) {
        self.sum += value;
        self.seconds += seconds;
    }

    /// The total scaled up to the whole interval; `None` if less than half was observed.
    fn total(self, length_s: f32) -> Option<f32> {
        (self.seconds >= 0.5 * length_s).then(|| self.sum * length_s / self.seconds)
    }

    /// The time-weighted mean (the sum holds value x seconds).
    fn mean(self, length_s: f32) -> Option<f32> {
        (self.seconds >= 0.5 * length_s).then(|| self.sum / self.seconds)
    }
}

#[derive(Clone, Copy, Debug, Default)]
struct Open {
    arrivals: Part,
    processed: Part,
    queued: Part,
    jobs: Part,
    work_ms_events: f32,
    work_events: f32,
    backlog: Option<f32>,
}
learned!(Open { arrivals, processed, queued, jobs, work_ms_events, work_events, backlog });

impl Open {
    /// Adds the `share` (0..=1) of `sample` that overlaps this interval for `seconds`.
    fn add(&mut self, sample: &Sample, share: f32, seconds: f32) {
        if let Some(v) = sample.arrivals_events.known() {
            self.arrivals.add(v * share, seconds);
        }
        if let Some(v) = sample.processed_events.known() {
            self.processed.add(v * share, seconds);
        }
        if let Some(v) = sample.queued_events.known() {
            self.queued.add(v * seconds, seconds);
        }
        if let Some(v) = sample.jobs_ready {
            self.jobs.add(v.as_f32() * seconds, seconds);
        }
        if let Some(work) = sample.work_ms.known() {
            let events = sample.processed_events.known().unwrap_or(1.0) * share;
            self.work_ms_events += work * events;
            self.work_events += events;
        }
        if let Some(v) = sample.backlog_events.known() {
            self.backlog = Some(v);
        }
    }

    fn close(&self, end: UnixSeconds, length_s: f32) -> Interval {
        Interval {
            end,
            arrivals_events: self.arrivals.total(length_s),
            processed_events: self.processed.total(length_s),
            backlog_events: self.backlog,
            queued_events: self.queued.mean(length_s),
            work_ms: (self.work_events > 0.0).then(|| self.work_ms_events / self.work_events),
            jobs_ready: self.jobs.mean(length_s),
        }
    }
}

/// Turns a stream of samples into a gapless stream of intervals.
#[derive(Clone, Debug)]
pub struct Gatherer {
    length: IntervalLength,
    open: Open,
    /// End of the interval being gathered; set by the first sample.
    open_end: Option<UnixSeconds>,
    last_sample: Option<UnixSeconds>,
    max_gap: u32,
}
learned!(Gatherer { open, open_end, last_sample } built { length, max_gap });

impl Gatherer {
    /// A gatherer for intervals of `length`. A hole longer than `max_gap` intervals restarts the
    /// grid instead of being filled with missing intervals one by one (bounded work per sample).
    #[must_use]
    pub fn new(length: IntervalLength, max_gap: u32) -> Self {
        Self { length, open: Open::default(), open_end: None, last_sample: None, max_gap }
    }

    /// The length of the intervals made here.
    #[must_use]
    pub fn length(&self) -> IntervalLength {
        self.length
    }

    /// Whether a sample may be taken now.
    ///
    /// # Errors
    /// If it does not end after the last one.
    pub fn admit(&self, sample: &Sample) -> Result<(), TimeError> {
        match self.last_sample {
            Some(last) if sample.end <= last => {
                Err(TimeError::NotAfter { last, given: sample.end })
            }
            _ => Ok(()),
        }
    }

    /// Takes one sample and hands each interval that it completes to `closed`, oldest first, and whether
    /// it is the last one. Intervals in a hole come out as missing.
    ///
    /// # Errors
    /// If the sample does not end after the last one. Nothing is changed then.
    pub fn push(
        &mut self,
        sample: &Sample,
        mut closed: impl FnMut(Interval, bool),
    ) -> Result<(), TimeError> {
        self.admit(sample)?;
        let length_s = i64::from(self.length.seconds());
        let span = i64::from(sample.interval_s);
        // A sample may not reach back over what was already observed.
        let start = sample.end.0.saturating_sub(span);
        let start = self.last_sample.map_or(start, |last| start.max(last.0));
        self.last_sample = Some(sample.end);
        let first_end = (start.div_euclid(length_s) + 1) * length_s;
        let mut end = match self.open_end {
            Some(end) if first_end.saturating_sub(end.0) / length_s <= i64::from(self.max_gap) => {
                end.0
            }
            _ => {
                self.open = Open::default();
                first_end
            }
        };
        loop {
            let from = start.max(end - length_s);
            let to = sample.end.0.min(end);
            if to > from {
                let seconds = (to - from) as f32;
                self.open.add(sample, seconds / span as f32, seconds);
            }
            if sample.end.0 < end {
                break;
            }
            let is_last = sample.end.0 < end.saturating_add(length_s);
            closed(self.open.close(UnixSeconds(end), length_s as f32), is_last);
            self.open = Open::default();
            end += length_s;
        }
        self.open_end = Some(UnixSeconds(end));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use crate::sample::RawSample;
    use std::vec::Vec;

    fn sample(time: i64, interval_s: u32, arrivals: Option<f64>) -> Sample {
        RawSample {
            time: time as f64,
            interval_s: f64::from(interval_s),
            logged_events: arrivals,
            ..RawSample::default()
        }
        .gate()
        .unwrap()
        .sample
    }

    fn gather(samples: &[Sample]) -> Vec<Interval> {
        let mut g = Gatherer::new(IntervalLength::TWO_MINUTES, 100);
        let mut out = Vec::new();
        for s in samples {
            g.push(s, |i, _| out.push(i)).unwrap();
        }
        out
    }

    #[test]
    fn finer_samples_are_summed() {
        let out = gather(&[30, 60, 90, 120, 150].map(|t| sample(t, 30, Some(10.0))));
        assert_eq!(out.len(), 1);
        assert_eq!(out[0].end, UnixSeconds(120));
        assert_eq!(out[0].arrivals_events, Some(40.0));
    }

    #[test]
    fn coarser_samples_are_spread() {
        let out = gather(&[sample(300, 300, Some(300.0)), sample(600, 300, Some(600.0))]);
        let got: Vec<_> = out.iter().map(|i| i.arrivals_events).collect();
        assert_eq!(got, [Some(120.0), Some(120.0), Some(60.0 + 120.0), Some(240.0), Some(240.0)]);
    }

    #[test]
    fn a_hole_is_missing_and_not_zero() {
        let out = gather(&[sample(120, 120, Some(5.0)), sample(480, 120, Some(0.0))]);
        let got: Vec<_> = out.iter().map(|i| i.arrivals_events).collect();
        assert_eq!(got, [Some(5.0), None, None, Some(0.0)]);
    }

    #[test]
    fn half_observed_is_scaled_up() {
        let out = gather(&[sample(30, 30, None), sample(60, 30, None), sample(120, 60, Some(7.0))]);
        assert_eq!(out[0].arrivals_events, Some(14.0));
    }

    #[test]
    fn time_never_goes_back() {
        let mut g = Gatherer::new(IntervalLength::TWO_MINUTES, 100);
        g.push(&sample(60, 30, Some(1.0)), |_, _| {}).unwrap();
        for t in [60, 30] {
            let error = g.push(&sample(t, 30, Some(1.0)), |_, _| {}).unwrap_err();
            assert_eq!(error, TimeError::NotAfter { last: UnixSeconds(60), given: UnixSeconds(t) });
        }
    }

    #[test]
    fn the_last_of_a_hole_is_told() {
        let mut g = Gatherer::new(IntervalLength::TWO_MINUTES, 100);
        let mut last = Vec::new();
        for t in [120, 150, 480, 960] {
            g.push(&sample(t, 30, Some(1.0)), |i, is_last| last.push((i.end.0, is_last))).unwrap();
        }
        let skipped = [(240, false), (360, false), (600, false), (720, false), (840, false)];
        let forecast = [(120, true), (480, true), (960, true)];
        assert!(skipped.iter().chain(&forecast).all(|told| last.contains(told)), "{last:?}");
        assert_eq!(last.len(), 8);
    }

    #[test]
    fn a_jump_of_years_costs_one_interval() {
        let out = gather(&[sample(120, 120, Some(5.0)), sample(86_400 * 3650, 120, Some(6.0))]);
        assert_eq!(out.len(), 2);
    }
}
