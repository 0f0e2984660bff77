//! What a sample says of the pool, with what follows where nobody says it.

use crate::sample::{Reading, Sample};
use crate::units::Jobs;

/// The sample that follows `before`, of a pool in which `assumed` jobs should work. Where the work of an
/// event is not told, jobs that nobody tells are those, and what arrived and does not wait was processed:
/// both are needed to learn the work, without which a backlog is no number of jobs.
pub(super) fn counted(sample: &Sample, before: Option<&Sample>, assumed: Option<Jobs>) -> Sample {
    let mut counted = *sample;
    if counted.work_ms.known().is_some() {
        return counted;
    }
    counted.jobs_ready = sample.jobs_ready.or(assumed);
    let waited = before.and_then(|before| before.backlog_events.known());
    if sample.processed_events == Reading::Missing
        && let (Some(waited), Some(arrived), Some(waits)) =
            (waited, sample.arrivals_events.known(), sample.backlog_events.known())
    {
        counted.processed_events = Reading::Known((waited + arrived - waits).max(0.0));
    }
    counted
}

/// The sample without the events of its backlog that `working` jobs are at, one each.
pub(super) fn waiting(sample: &Sample, working: Jobs) -> Sample {
    let rest = |reading: Reading| match reading {
        Reading::Known(events) => Reading::Known((events - working.as_f32()).max(0.0)),
        unknown => unknown,
    };
    Sample {
        backlog_events: rest(sample.backlog_events),
        queued_events: rest(sample.queued_events),
        ..*sample
    }
}
