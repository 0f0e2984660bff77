//! Readings that are valid and yet hard to believe.
//!
//! An exporter that lost its source says 0, or goes on saying what it said last. Most outages of
//! auto-scalers began with such a number (kubernetes#104387, keda#8036). For a while it is doubted:
//! a zero that cannot be chance is taken as missing, and while everything stays the same to the last
//! digit the pool is not made smaller. What lasts longer than that is believed.

use crate::sample::{Reading, Sample};
use crate::units::UnixSeconds;

/// A zero where at least this many events were expected is not chance (probability e^-20 even if
/// they came one by one).
const SURE_EVENTS: f32 = 20.0;
/// Seconds over which the expected rate is averaged.
const MEMORY_S: f32 = 120.0;
/// Equal samples in a row from which on readings count as frozen.
const FROZEN_SAMPLES: u32 = 4;
/// Seconds for which readings are doubted.
const DOUBT_S: i64 = 900;

/// Doubts samples.
#[derive(Clone, Copy, Debug, Default)]
pub struct Skeptic {
    rate: Option<f32>,
    zero_since: Option<UnixSeconds>,
    last: Option<Sample>,
    equal: u32,
    equal_since: UnixSeconds,
}

impl Skeptic {
    /// The sample as far as it can be believed.
    pub fn judge(&mut self, sample: &Sample) -> Sample {
        self.compare(sample);
        let Some(arrivals) = sample.arrivals_events.known() else { return *sample };
        let span_s = sample.interval_s as f32;
        let silent = arrivals <= 0.0 && sample.processed_events.known().unwrap_or(0.0) <= 0.0;
        let expected = self.rate.unwrap_or(0.0) * span_s;
        if silent && expected >= SURE_EVENTS {
            let since = *self.zero_since.get_or_insert(sample.end);
            if sample.end.since(since) < DOUBT_S {
                return Sample {
                    arrivals_events: Reading::Missing,
                    processed_events: Reading::Missing,
                    backlog_events: Reading::Missing,
                    ..*sample
                };
            }
        }
        self.zero_since = None;
        let keep = libm::expf(-span_s / MEMORY_S);
        let before = self.rate.unwrap_or(arrivals / span_s);
        self.rate = Some(before * keep + arrivals / span_s * (1.0 - keep));
        *sample
    }

    /// Whether the readings have stayed the same for so long that they may be frozen, and not yet so
    /// long that they must be believed.
    #[must_use]
    pub fn is_frozen(&self) -> bool {
        let age_s = self.last.map_or(0, |last| last.end.since(self.equal_since));
        self.equal >= FROZEN_SAMPLES && age_s < DOUBT_S
    }

    fn compare(&mut self, sample: &Sample) {
        let readings = |s: &Sample| {
            (s.arrivals_events, s.processed_events, s.backlog_events, s.queued_events, s.work_ms)
        };
        let busy = sample.arrivals_events.known().is_some_and(|events| events > 0.0);
        let same = busy && self.last.as_ref().is_some_and(|l| readings(l) == readings(sample));
        if same {
            self.equal += 1;
        } else {
            (self.equal, self.equal_since) = (1, sample.end);
        }
        self.last = Some(*sample);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::RawSample;

    fn sample(k: u32, arrivals: f64, processed: f64) -> Sample {
        RawSample {
            time: f64::from(30 * k),
            interval_s: 30.0,
            logged_events: Some(arrivals),
            processed_events: Some(processed),
            unprocessed_events: Some(0.0),
            jobs_ready: Some(5.0),
            jobs_starting: Some(0.0),
            ..RawSample::default()
        }
        .gate()
        .unwrap()
        .sample
    }

    #[test]
    fn an_impossible_zero_is_missing_at_first_and_believed_in_the_end() {
        let mut skeptic = Skeptic::default();
        (1..10).for_each(|k| {
            assert_eq!(skeptic.judge(&sample(k, 300.0, 300.0)), sample(k, 300.0, 300.0));
        });
        let known = |s: Sample| s.arrivals_events.known().is_some();
        // What is still worked on shows that the source is there.
        assert!(known(skeptic.judge(&sample(10, 0.0, 40.0))));
        let believed = (11..60).find(|k| known(skeptic.judge(&sample(*k, 0.0, 0.0))));
        assert_eq!(believed, Some(11 + 30));
    }

    #[test]
    fn a_quiet_workload_may_be_silent() {
        let mut skeptic = Skeptic::default();
        (1..10).for_each(|k| {
            skeptic.judge(&sample(k, 10.0, 10.0));
        });
        assert_eq!(skeptic.judge(&sample(10, 0.0, 0.0)), sample(10, 0.0, 0.0));
    }

    #[test]
    fn equal_readings_look_frozen_for_a_while() {
        let mut skeptic = Skeptic::default();
        let frozen: std::vec::Vec<bool> = (1..60)
            .map(|k| {
                skeptic.judge(&sample(k, 300.0, 300.0));
                skeptic.is_frozen()
            })
            .collect();
        assert_eq!(frozen.iter().position(|f| *f), Some(3));
        assert_eq!(frozen.iter().filter(|f| **f).count(), 27);
        skeptic.judge(&sample(60, 301.0, 300.0));
        assert!(!skeptic.is_frozen());
    }
}
