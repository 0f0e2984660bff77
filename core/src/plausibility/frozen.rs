//! Readings that stay the same to the last digit.

use super::doubt::DOUBT_S;
use crate::learned::learned;
use crate::sample::Sample;
use crate::units::UnixSeconds;

/// Equal samples in a row from which on readings count as frozen.
const FROZEN_SAMPLES: u32 = 4;

/// Counts equal samples.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Frozen {
    last: Option<Sample>,
    equal: u32,
    since: UnixSeconds,
}
learned!(Frozen { last, equal, since });

impl Frozen {
    /// Takes a sample as it was read.
    pub(super) fn push(&mut self, sample: &Sample) {
        let readings = |s: &Sample| {
            (s.arrivals_events, s.processed_events, s.backlog_events, s.queued_events, s.work_ms)
        };
        let busy = sample.arrivals_events.known().is_some_and(|events| events > 0.0);
        let same = busy && self.last.as_ref().is_some_and(|l| readings(l) == readings(sample));
        if same {
            self.equal += 1;
        } else {
            (self.equal, self.since) = (1, sample.end);
        }
        self.last = Some(*sample);
    }

    /// Whether the readings have stayed the same for so long that they may be frozen, and not yet so
    /// long that they must be believed.
    pub(super) fn is_frozen(&self) -> bool {
        let age_s = self.last.map_or(0, |last| last.end.since(self.since));
        self.equal >= FROZEN_SAMPLES && age_s < DOUBT_S
    }
}
