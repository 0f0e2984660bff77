//! Zeros that are not zero: an exporter that lost its source says 0 (kubernetes#104387, keda#8036).

use super::doubt::DOUBT_S;
use crate::learned::learned;
use crate::units::UnixSeconds;

/// A zero where at least this many events were expected is not chance (probability e^-20 even if
/// they came one by one).
const SURE_EVENTS: f32 = 20.0;
/// Seconds over which the expected rate is averaged.
const MEMORY_S: f32 = 120.0;

/// Doubts a silence that begins all at once, once: what has lasted is believed until it ends.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Silence {
    rate: Option<f32>,
    since: Option<UnixSeconds>,
    /// Whether the present silence is believed.
    believed: bool,
}
learned!(Silence { rate, since, believed });

impl Silence {
    /// Takes the counts of a sample of `span_s` seconds; says whether they are doubted.
    pub(super) fn doubts(
        &mut self,
        end: UnixSeconds,
        span_s: f32,
        arrived: f32,
        done: f32,
    ) -> bool {
        let silent = arrived <= 0.0 && done <= 0.0;
        if !silent {
            // Work that goes on after the last arrival shows that the source is there.
            (self.since, self.believed) = (None, arrived <= 0.0);
        } else if !self.believed && self.rate.unwrap_or(0.0) * span_s >= SURE_EVENTS {
            let since = *self.since.get_or_insert(end);
            if end.since(since) < DOUBT_S {
                return true;
            }
            self.believed = true;
        }
        let keep = libm::expf(-span_s / MEMORY_S);
        let before = self.rate.unwrap_or(arrived / span_s);
        self.rate = Some(before * keep + arrived / span_s * (1.0 - keep));
        false
    }
}
