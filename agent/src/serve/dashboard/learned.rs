//! What was measured of the pool, and how sure that is.

use crate::workload::Learned;
use serde::Serialize;
use std::collections::VecDeque;

/// Hours that are looked back on.
const HOURS: i64 = 24;

/// A measured value, and between which values it was in the last day.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct Measured {
    /// What it is now.
    value: f32,
    low: f32,
    high: f32,
}

/// What was measured of the pool; the estimates of the last day show how sure each is.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct LearnedRanges {
    work_ms: Measured,
    events_per_job_second: Measured,
    start_up_s: Measured,
    pause_s: Measured,
}

/// Lowest and highest of each, by hour.
#[derive(Clone, Debug, Default)]
pub(super) struct Ranges(VecDeque<(i64, [[f32; 2]; 4])>);

fn values(learned: &Learned) -> [f32; 4] {
    [learned.work_ms, learned.events_per_job_second, learned.start_up_s, learned.pause_s]
}

impl Ranges {
    /// At the moment `at` these were the estimates.
    pub(super) fn push(&mut self, at: i64, learned: &Learned) {
        let (hour, values) = (at.div_euclid(3600), values(learned));
        match self.0.back_mut() {
            Some((last, ranges)) if *last == hour => {
                for ([low, high], value) in ranges.iter_mut().zip(values) {
                    (*low, *high) = (low.min(value), high.max(value));
                }
            }
            _ => self.0.push_back((hour, values.map(|value| [value; 2]))),
        }
        while self.0.front().is_some_and(|(old, _)| *old <= hour - HOURS) {
            self.0.pop_front();
        }
    }

    /// `learned`, with the range of each.
    pub(super) fn around(&self, learned: &Learned) -> LearnedRanges {
        let values = values(learned);
        let measured = |k: usize| {
            let of_hours = || self.0.iter().map(|(_, ranges)| ranges[k]);
            Measured {
                value: values[k],
                low: of_hours().map(|[low, _]| low).fold(values[k], f32::min),
                high: of_hours().map(|[_, high]| high).fold(values[k], f32::max),
            }
        };
        LearnedRanges {
            work_ms: measured(0),
            events_per_job_second: measured(1),
            start_up_s: measured(2),
            pause_s: measured(3),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_tells_how_sure_an_estimate_is() {
        let learned = |start_up_s| Learned {
            work_ms: 100.0,
            events_per_job_second: 10.0,
            start_up_s,
            pause_s: 0.0,
            useful_jobs: None,
        };
        let mut ranges = Ranges::default();
        for (hour, start_up_s) in [(0, 200.0), (1, 30.0), (20, 50.0), (24, 40.0)] {
            ranges.push(hour * 3600, &learned(start_up_s));
        }
        let around = ranges.around(&learned(45.0));
        assert_eq!(around.start_up_s, Measured { value: 45.0, low: 30.0, high: 50.0 });
        assert_eq!(around.work_ms.low, around.work_ms.high);
    }
}
