//! From samples to intervals.

use super::{Interval, IntervalLength, OpenInterval};
use crate::learned::learned;
use crate::sample::Sample;
use crate::units::{Jobs, UnixSeconds};
use core::fmt;

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

/// Turns a stream of samples into a gapless stream of intervals.
#[derive(Clone, Debug)]
pub struct Gatherer {
    length: IntervalLength,
    open: OpenInterval,
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
        Self { length, open: OpenInterval::default(), open_end: None, last_sample: None, max_gap }
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
        let row = observed(sample);
        let first_end = (start.div_euclid(length_s) + 1) * length_s;
        let mut end = match self.open_end {
            Some(end) if first_end.saturating_sub(end.0) / length_s <= i64::from(self.max_gap) => {
                end.0
            }
            _ => {
                self.open = OpenInterval::default();
                first_end
            }
        };
        loop {
            let from = start.max(end - length_s);
            let to = sample.end.0.min(end);
            if to > from {
                let seconds = (to - from) as f64;
                self.open.add(&row, seconds / span as f64, seconds, sample.end.0 <= end);
            }
            if sample.end.0 < end {
                break;
            }
            let is_last = sample.end.0 < end.saturating_add(length_s);
            closed(self.open.close(UnixSeconds(end), self.length.seconds()), is_last);
            self.open = OpenInterval::default();
            end += length_s;
        }
        self.open_end = Some(UnixSeconds(end));
        Ok(())
    }
}

/// What a sample says of the time that it was taken over.
fn observed(sample: &Sample) -> Interval {
    Interval {
        end: sample.end,
        arrivals_events: sample.arrivals_events.known(),
        processed_events: sample.processed_events.known(),
        backlog_events: sample.backlog_events.known(),
        queued_events: sample.queued_events.known(),
        work_ms: sample.work_ms.known(),
        jobs_ready: sample.jobs_ready.map(Jobs::as_f32),
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
    fn a_backlog_stands_where_it_was_measured() {
        let waiting = |time| {
            let mut sample = sample(time, 120, Some(1.0));
            sample.backlog_events = crate::sample::Reading::Known(time as f32);
            sample
        };
        let out = gather(&[waiting(180), waiting(300)]);
        let got: Vec<_> = out.iter().map(|i| i.backlog_events).collect();
        assert_eq!(got, [None, Some(180.0)]);
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
