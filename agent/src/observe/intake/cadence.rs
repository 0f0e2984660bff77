//! How long the samples of a sender last that does not tell it.

use crate::observe::json::NEIGHBOURS;
use crate::observe::{Warning, WarningKind};
use scaleiq_core::sample::{MAX_INTERVAL_S, Sample};
use scaleiq_core::units::UnixSeconds;

/// A length is told again when it differs from the one told by this factor.
const OTHER: f64 = 1.25;

/// What is known of one sender.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Cadence {
    last: Option<UnixSeconds>,
    /// Length of its last sample, if that was told or seen.
    interval_s: Option<u32>,
    /// Seconds between its last two samples.
    distance_s: i64,
    /// The length that a warning told.
    said_s: Option<u32>,
}

impl Cadence {
    /// Takes the next sample, which tells how long it lasts.
    pub(super) fn told(&mut self, sample: &Sample) {
        self.interval_s = Some(sample.interval_s);
        self.follow(sample.end);
    }

    /// Takes the next sample, which does not tell it and has what is configured instead: it lasts since
    /// the one before or, behind a hole, as long as that one did. Gives its length, and a warning where
    /// that is news.
    pub(super) fn untold(&mut self, sample: &Sample) -> (u32, Option<Warning>) {
        let distance_s = self.last.map_or(0, |last| sample.end.since(last));
        let near = |to_s: i64| distance_s as f64 <= NEIGHBOURS * to_s as f64;
        let follows = match self.interval_s {
            Some(interval_s) => near(i64::from(interval_s)) || near(self.distance_s),
            None => true,
        };
        let seen_s = u32::try_from(distance_s).ok().filter(|s| (1..=MAX_INTERVAL_S).contains(s));
        let seen_s = seen_s.filter(|_| follows).or(self.interval_s);
        self.interval_s = seen_s;
        self.follow(sample.end);
        let interval_s = seen_s.unwrap_or(sample.interval_s);
        let is_news = self.said_s.is_none_or(|said_s| {
            let (said_s, interval_s) = (f64::from(said_s), f64::from(interval_s));
            interval_s > OTHER * said_s || said_s > OTHER * interval_s
        });
        let warning = is_news.then(|| {
            self.said_s = Some(interval_s);
            let why = match seen_s {
                Some(_) => "the time between this sender's samples",
                None => "as configured, until a second sample shows it",
            };
            let message = format!("field `interval_s` is missing: taken as {interval_s} s, {why}");
            Warning::of_field("interval_s", WarningKind::Interval, message)
        });
        (interval_s, warning)
    }

    fn follow(&mut self, end: UnixSeconds) {
        if let Some(last) = self.last.filter(|last| end > *last) {
            self.distance_s = end.since(last);
        }
        self.last = Some(self.last.map_or(end, |last| last.max(end)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use scaleiq_core::sample::RawSample;

    /// The lengths of samples that end at `times` and tell none, and how many warnings there were.
    fn lengths(times: &[u32]) -> (Vec<u32>, usize) {
        let mut cadence = Cadence::default();
        let mut warned = 0;
        let length = |time: &u32| {
            let raw =
                RawSample { time: f64::from(*time), interval_s: 120.0, ..RawSample::default() };
            let (interval_s, warning) = cadence.untold(&raw.gate().unwrap().sample);
            warned += usize::from(warning.is_some());
            interval_s
        };
        (times.iter().map(length).collect(), warned)
    }

    #[test]
    fn a_sample_lasts_since_the_one_before() {
        assert_eq!(lengths(&[600, 630, 660, 691]), (vec![120, 30, 30, 31], 2));
        assert_eq!(lengths(&[600, 720, 840]), (vec![120, 120, 120], 1));
    }

    #[test]
    fn a_hole_makes_no_sample_longer_and_a_new_rhythm_does() {
        assert_eq!(lengths(&[600, 630, 660, 9000, 9030]).0, [120, 30, 30, 30, 30]);
        assert_eq!(lengths(&[600, 630, 660, 960, 1260]).0, [120, 30, 30, 30, 300]);
    }

    #[test]
    fn what_is_sent_again_is_as_long_as_it_was() {
        assert_eq!(lengths(&[600, 630, 660, 660, 630, 690]).0, [120, 30, 30, 30, 30, 30]);
    }
}
