//! How long a pool stood still within a sample.

use crate::sample::{Reading, Sample};
use crate::units::Jobs;

/// A pool that stands still for more than this share of a sample is stalled.
const STALLED_SHARE: f32 = 0.5;
/// Standard deviations of a count (Poisson) that chance is given before a pool is called stalled.
const CHANCE: f32 = 2.0;

/// Seconds of the sample in which a pool of `ready` jobs stood still, judged by what it left undone;
/// `None` where that cannot be told.
pub(super) fn idle_s(sample: &Sample, before: &Sample, ready: Jobs, work_s: f32) -> Option<f32> {
    let span_s = sample.interval_s as f32;
    let ready = ready.as_f32();
    if ready == 0.0 || work_s > span_s {
        // There is no pool that could stand still: its only job crashed, or none is up yet. Or its tasks
        // take so long that what ends within a sample tells nothing.
        return None;
    }
    let could = ready * span_s / work_s;
    let (waiting, arrivals) = (before.backlog_events.known()?, sample.arrivals_events.known()?);
    if waiting + arrivals > could {
        // Busy throughout, or stalled.
        let done = sample.processed_events.known()?;
        // Not `clamp`, which brings everything that formats a float, for a panic that cannot come.
        return Some((span_s * (1.0 - done / could.max(1.0))).max(0.0).min(span_s));
    }
    if waiting * work_s > ready || arrivals <= 0.0 {
        return None;
    }
    // A pause of p seconds leaves a backlog that grows to rate x p and drains at what is spare:
    // its area over time is rate p^2 / 2 / (1 - utilisation).
    let (rate, spare) = (arrivals / span_s, 1.0 - arrivals / could);
    let area = sample.queued_events.known()? * span_s;
    Some(libm::sqrtf(2.0 * area * spare / rate).min(span_s))
}

/// Whether it stood still for so long that chance does not explain it: arrivals come unevenly, each job may hold
/// an event that it has not finished, and some events wait although jobs have time to spare.
pub(super) fn is_stalled(sample: &Sample, before: &Sample, ready: Jobs, work_s: f32) -> bool {
    let Some(arrivals) = sample.arrivals_events.known() else { return false };
    let chance = CHANCE * libm::sqrtf(arrivals);
    let more = |reading: Reading, events: f32| {
        reading.known().map_or(Reading::Missing, |told| Reading::Known((told + events).max(0.0)))
    };
    let surely = Sample {
        arrivals_events: more(sample.arrivals_events, -chance),
        queued_events: more(sample.queued_events, -chance),
        processed_events: more(sample.processed_events, ready.as_f32()),
        ..*sample
    };
    let limit_s = STALLED_SHARE * sample.interval_s as f32;
    idle_s(&surely, before, ready, work_s).is_some_and(|idle_s| idle_s > limit_s)
}
