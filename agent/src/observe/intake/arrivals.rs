//! Arrivals that nobody counts.

use crate::observe::{Warning, WarningKind};
use scaleiq_core::sample::{Reading, Sample};
use scaleiq_core::units::UnixSeconds;

/// Completes the samples of a workload whose arrivals were never told: what was processed, and what the
/// backlog grew by, arrived. Arrivals that were told once and are missing now are an outage, and stay so.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Arrivals {
    were_told: bool,
    was_said: bool,
    /// End and backlog of the last sample.
    last: Option<(UnixSeconds, f32)>,
}

impl Arrivals {
    /// Completes `sample`, which follows the one before; what is to be said of that, the first time.
    pub(super) fn complete(&mut self, sample: &mut Sample) -> Option<Warning> {
        self.were_told |= sample.arrivals_events != Reading::Missing;
        let now = sample.backlog_events.known();
        let before = std::mem::replace(&mut self.last, now.map(|backlog| (sample.end, backlog)));
        if self.were_told {
            return None;
        }
        let begin = sample.end.plus(-i64::from(sample.interval_s));
        let (_, waited) = before.filter(|(end, _)| *end == begin)?;
        let arrived = sample.processed_events.known()? + now? - waited;
        sample.arrivals_events = Reading::Known(arrived.max(0.0));
        if std::mem::replace(&mut self.was_said, true) {
            return None;
        }
        let message =
            "field `logged_events` is derived: what was processed, and what the backlog grew by";
        Some(Warning::of_field("logged_events", WarningKind::Derived, message))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use scaleiq_core::sample::RawSample;

    fn sample(time: f64, arrived: Option<f64>, processed: f64, backlog: f64) -> Sample {
        let raw = RawSample {
            time,
            interval_s: 30.0,
            logged_events: arrived,
            processed_events: Some(processed),
            unprocessed_events: Some(backlog),
            ..RawSample::default()
        };
        raw.gate().unwrap().sample
    }

    #[test]
    fn arrivals_that_nobody_counts_follow_from_the_rest_and_that_is_said_once() {
        let mut arrivals = Arrivals::default();
        let mut complete = |sample: Sample| {
            let mut sample = sample;
            let warning = arrivals.complete(&mut sample);
            (sample.arrivals_events.known(), warning.map(|w| w.kind))
        };
        assert_eq!(complete(sample(30.0, None, 50.0, 10.0)), (None, None));
        let derived = Some(WarningKind::Derived);
        assert_eq!(complete(sample(60.0, None, 50.0, 25.0)), (Some(65.0), derived));
        assert_eq!(complete(sample(90.0, None, 50.0, 5.0)), (Some(30.0), None));
        // Over a hole nobody knows what arrived.
        assert_eq!(complete(sample(150.0, None, 50.0, 5.0)), (None, None));
        // Counted once, they are missing where they are not.
        assert_eq!(complete(sample(180.0, Some(7.0), 50.0, 5.0)), (Some(7.0), None));
        assert_eq!(complete(sample(210.0, None, 50.0, 5.0)), (None, None));
    }
}
