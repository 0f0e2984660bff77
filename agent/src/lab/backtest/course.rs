//! What is the same for every policy: the load, and what was forecast of it.

use super::track::{Buckets, Keep, Series};
use crate::drift::ForecastTracker;
use crate::lab::replay::{Moment, Replay};
use scaleiq_core::units::UnixSeconds;
use serde::Serialize;

/// What is the same for every policy, and what was forecast of it 12 minutes before.
#[derive(Clone, Debug, Serialize)]
pub struct Course {
    /// Where what is judged begins.
    pub begin: i64,
    /// End of each bucket.
    pub times: Vec<i64>,
    /// Arrivals per second.
    pub arrivals: Series,
    /// Jobs that the load keeps fully busy.
    pub need: Series,
    /// 0.1 quantile forecast 12 minutes before.
    pub q10: Series,
    /// Median forecast 12 minutes before.
    pub q50: Series,
    /// 0.9 quantile forecast 12 minutes before.
    pub q90: Series,
}

/// How good the forecasts 12 minutes ahead were.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct ForecastQuality {
    /// Sum of the median's errors over the sum of arrivals.
    pub wape: f64,
    /// Share of intervals between the 0.1 and the 0.9 quantile: 0.8 is right.
    pub coverage: f64,
    /// Intervals judged.
    pub intervals: u64,
}

/// Fills a [`Course`] and judges forecasts.
pub(super) struct CourseRecorder {
    pub(super) course: Course,
    tracker: ForecastTracker,
    warm_until: UnixSeconds,
    /// Arrivals since the last model interval ended, and their seconds.
    open: (f64, f64),
    error_events: f64,
    events: f64,
    covered: u64,
    intervals: u64,
}

impl CourseRecorder {
    pub(super) fn new(buckets: Buckets) -> Self {
        let mean = || Series::new(buckets, Keep::Mean);
        Self {
            course: Course {
                begin: buckets.begin().0,
                times: buckets.times(),
                arrivals: mean(),
                need: mean(),
                q10: mean(),
                q50: mean(),
                q90: mean(),
            },
            tracker: ForecastTracker::default(),
            warm_until: buckets.begin(),
            open: (0.0, 0.0),
            error_events: 0.0,
            events: 0.0,
            covered: 0,
            intervals: 0,
        }
    }

    pub(super) fn add(&mut self, moment: &Moment, replay: &Replay) {
        let sample = &moment.sample;
        let end = sample.end;
        let span_s = f64::from(sample.interval_s.max(1));
        if let Some(events) = sample.arrivals_events.known() {
            self.course.arrivals.add(end, f64::from(events) / span_s);
            self.open.0 += f64::from(events);
            self.open.1 += span_s;
        }
        if let Some(s) = &moment.estimate {
            self.course.need.add(end, f64::from(s.offered_load(s.rate.0)));
        }
        let held = self.tracker.rates(end.0).map(|rates| rates.map(f64::from));
        if let Some([q10, q50, q90]) = held {
            self.course.q10.add(end, q10);
            self.course.q50.add(end, q50);
            self.course.q90.add(end, q90);
        }
        if moment.new_forecast {
            let (events, seconds) = std::mem::take(&mut self.open);
            if let (Some([q10, q50, q90]), true) = (held, seconds > 0.0 && end > self.warm_until) {
                self.error_events += (q50 * seconds - events).abs();
                self.events += events;
                self.covered += u64::from((q10 * seconds..=q90 * seconds).contains(&events));
                self.intervals += 1;
            }
            if let Some(forecast) = replay.forecast() {
                self.tracker.push(forecast);
            }
        }
    }

    pub(super) fn quality(&self) -> ForecastQuality {
        ForecastQuality {
            wape: self.error_events / self.events.max(1.0),
            coverage: self.covered as f64 / self.intervals.max(1) as f64,
            intervals: self.intervals,
        }
    }
}
