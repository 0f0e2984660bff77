//! How the workers cope: pressure, efficiency, load, capacity.

use super::series::Summary;
use super::spec::OPERATIONS;
use crate::interval::Interval;
use crate::learned::learned;

/// Weight of the newest interval in the smoothed work: a span of 72 intervals.
const WORK_WEIGHT: f32 = 2.0 / 73.0;

/// Keeps what the operational features need of the past.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Operations {
    smoothed_work_ms: Option<f32>,
}
learned!(Operations { smoothed_work_ms });

impl Operations {
    pub(super) fn push(
        &mut self,
        now: &Interval,
        arrivals: Summary,
        backlog: Summary,
        length_s: f32,
    ) -> [f32; OPERATIONS] {
        let work_change = now.work_ms.map(|work| {
            let old = self.smoothed_work_ms.unwrap_or(work);
            self.smoothed_work_ms = Some(old + WORK_WEIGHT * (work - old));
            ratio(work, old).map_or(0.0, |r| r - 1.0)
        });
        let per = |a: Option<f32>, b: Option<f32>| a.zip(b).map(|(a, b)| a / b.max(1.0));
        let work_s = now.work_ms.map(|ms| ms / 1000.0);
        let job_seconds = now.jobs_ready.map(|jobs| jobs * length_s);
        let load = now.arrivals_events.zip(work_s).zip(job_seconds);
        let waiting = now.backlog_events.zip(work_s).zip(now.jobs_ready);
        let features = [
            per(now.backlog_events, now.arrivals_events),
            per(now.processed_events, now.arrivals_events),
            per(now.arrivals_events, now.processed_events),
            now.queued_events.zip(backlog.largest).and_then(|(q, largest)| ratio(q, largest)),
            load.and_then(|((events, work), seconds)| ratio(events * work, seconds)),
            job_seconds.zip(work_s).and_then(|(seconds, work)| ratio(seconds, work)),
            arrivals.deviation.zip(arrivals.mean).and_then(|(std, mean)| ratio(std, mean)),
            waiting.map(|((events, work), jobs)| events * work / jobs.max(1.0)),
            now.work_ms,
            work_change,
        ];
        features.map(|f| f.unwrap_or(f32::NAN))
    }
}

/// `a / b`, undefined where `b` is 0.
fn ratio(a: f32, b: f32) -> Option<f32> {
    (b > 0.0).then(|| a / b)
}
