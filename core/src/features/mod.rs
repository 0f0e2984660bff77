//! Streaming features of a series of intervals: causal, O(1) per interval, no allocator.
//!
//! Each family keeps its own state and writes its own stretch of the array; [`SPECS`] names and
//! documents the features in the same order.
//!
//! A feature that is not defined (its warm-up is not over, or what it needs was not observed) is
//! NaN. Rolling windows skip missing values and need half of their window.

mod calendar;
mod extremes;
mod operations;
mod seasonal;
mod series;
mod spec;

pub use spec::{CALENDAR as CALENDAR_FEATURES, COUNT, FeatureSpec, SPECS, Unit, WarmUp};

use crate::interval::{Interval, IntervalLength};
use crate::learned::{Archive, Learned, learned};
use crate::units::{DAY_S, WEEK_S};
use operations::Operations;
use seasonal::Season;
use series::SeriesFeatures;

/// The features of one interval, in the order of [`SPECS`]; NaN where not defined.
#[derive(Clone, Debug, PartialEq)]
pub struct Features([f32; COUNT]);

impl Default for Features {
    fn default() -> Self {
        Self([0.0; COUNT])
    }
}

impl Learned for Features {
    fn pass(&mut self, archive: &mut Archive<'_>) {
        self.0.pass(archive);
    }
}

impl Features {
    /// All features.
    #[must_use]
    pub fn as_slice(&self) -> &[f32] {
        &self.0
    }

    /// A feature by name; `None` if there is none of that name or it is not defined.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<f32> {
        let index = SPECS.iter().position(|spec| spec.name == name)?;
        self.0.get(index).copied().filter(|value| !value.is_nan())
    }
}

/// State of all families: about 17 KB.
#[derive(Clone, Debug)]
pub struct FeatureBank {
    length_s: f32,
    arrivals: SeriesFeatures,
    processed: SeriesFeatures,
    backlog: SeriesFeatures,
    day: Season<720, 48>,
    week: Season<336, 168>,
    operations: Operations,
}
learned!(FeatureBank { arrivals, processed, backlog, day, week, operations } built { length_s });

impl FeatureBank {
    /// An empty bank for intervals of `length`.
    #[must_use]
    #[inline(always)] // made in its place: see `Controller::new`
    pub fn new(length: IntervalLength) -> Self {
        Self {
            length_s: length.seconds() as f32,
            arrivals: SeriesFeatures::new(),
            processed: SeriesFeatures::new(),
            backlog: SeriesFeatures::new(),
            day: Season::new(DAY_S),
            week: Season::new(WEEK_S),
            operations: Operations::default(),
        }
    }

    /// Takes the interval that follows the last one and gives its features.
    pub fn push(&mut self, interval: &Interval) -> Features {
        let interval = &sound(interval);
        self.arrivals.push(interval.arrivals_events);
        self.processed.push(interval.processed_events);
        self.backlog.push(interval.backlog_events);
        let (arrivals, backlog) = (self.arrivals.summary(), self.backlog.summary());
        let mut writer = Writer { array: [f32::NAN; COUNT], at: 0 };
        writer.write(&calendar::features(interval.end));
        writer.write(&self.arrivals.features());
        writer.write(&self.processed.features());
        writer.write(&self.backlog.features());
        writer.write(&self.day.push(interval));
        writer.write(&self.week.push(interval));
        writer.write(&self.operations.push(interval, arrivals, backlog, self.length_s));
        Features(writer.array.map(|f| if f.is_finite() { f } else { f32::NAN }))
    }
}

/// Readings that no gate should have let through count as missing, so that sums stay finite.
fn sound(interval: &Interval) -> Interval {
    let sound = |v: Option<f32>| v.filter(|v| (0.0..=MAX_READING).contains(v));
    Interval {
        end: interval.end,
        arrivals_events: sound(interval.arrivals_events),
        processed_events: sound(interval.processed_events),
        backlog_events: sound(interval.backlog_events),
        queued_events: sound(interval.queued_events),
        work_ms: sound(interval.work_ms),
        jobs_ready: sound(interval.jobs_ready),
    }
}

/// Beyond this an `f32` square overflows.
const MAX_READING: f32 = 1e15;

struct Writer {
    array: [f32; COUNT],
    at: usize,
}

impl Writer {
    fn write(&mut self, features: &[f32]) {
        let rest = self.array.get_mut(self.at..).unwrap_or_default();
        rest.iter_mut().zip(features).for_each(|(out, f)| *out = *f);
        self.at += features.len();
    }
}

#[cfg(test)]
mod tests;
