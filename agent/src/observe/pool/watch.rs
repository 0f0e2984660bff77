//! Looks at a pool at its times, and keeps what it tells for samples that do not.

use super::probe::{PoolReading, PoolSettings};
use crate::observe::probe::ProbeError;
use crate::platform::clock::Moment;
use crate::platform::supervise::{Condition, Lifecycle};
use crate::text::told_of;
use scaleiq_core::sample::Sample;
use scaleiq_core::units::UnixSeconds;
use std::io;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};

/// An answer may take so long.
const TIMEOUT: Duration = Duration::from_secs(5);
/// A reading tells of samples that end up to so many seconds from it.
const GOOD_FOR_S: i64 = 30;
/// Time between two lines that tell of the same trouble.
const WARN_EVERY: Duration = Duration::from_secs(60);

/// The pool as it was seen last; cheap to clone.
#[derive(Clone, Debug)]
pub struct PoolWatch(Arc<watch::Sender<Option<(UnixSeconds, PoolReading)>>>);

impl Default for PoolWatch {
    fn default() -> Self {
        Self(Arc::new(watch::channel(None).0))
    }
}

impl PoolWatch {
    /// The pool was seen to be so at `at`, by the machine's clock.
    pub fn saw(&self, at: UnixSeconds, reading: PoolReading) {
        self.0.send_replace(Some((at, reading)));
    }

    /// Returns what was seen last.
    #[must_use]
    pub fn last(&self) -> Option<PoolReading> {
        self.0.borrow().map(|(_, reading)| reading)
    }

    /// Returns `sample` with the pool's jobs where it tells none, if they were seen at its end.
    #[must_use]
    pub fn complete(&self, sample: Sample, now: Moment) -> Sample {
        let seen = *self.0.borrow();
        // Samples are on the agent's clock, and the pool was seen by the machine's.
        let end = sample.end.plus(now.wall.since(now.ours));
        match seen {
            Some((at, reading))
                if sample.jobs_ready.is_none() && at.since(end).abs() <= GOOD_FOR_S =>
            {
                let starting = sample.jobs_starting.or(Some(reading.starting));
                Sample { jobs_ready: Some(reading.ready), jobs_starting: starting, ..sample }
            }
            _ => sample,
        }
    }

    /// Looks at the pool of `settings` until `is_closed`, on a thread of its own.
    ///
    /// # Errors
    /// If the settings cannot be used.
    pub fn run(
        &self,
        settings: &dyn PoolSettings,
        lifecycle: &Lifecycle,
        is_closed: impl Fn() -> bool,
    ) -> io::Result<String> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let mut probe = settings.probe()?;
            let mut ticks = interval(probe.every());
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            let mut warned: Option<Instant> = None;
            loop {
                ticks.tick().await;
                if is_closed() {
                    return Ok("the agent is stopping".into());
                }
                let answer = timeout(TIMEOUT, probe.read()).await.unwrap_or_else(|_| {
                    let limit = TIMEOUT.as_secs();
                    Err(ProbeError::Unreachable(format!("no answer within {limit} s")))
                });
                match answer {
                    Ok(reading) => {
                        warned = None;
                        lifecycle.set(Condition::Running);
                        self.saw(now(), reading);
                    }
                    Err(error) => {
                        let what = told_of(&settings.describe(), &error.to_string());
                        if warned.is_none_or(|at| at.elapsed() >= WARN_EVERY) {
                            tracing::warn!("the pool is not known: {what}");
                            warned = Some(Instant::now());
                        }
                        lifecycle.failed(error.word());
                        lifecycle.set(Condition::Waiting(what));
                    }
                }
            }
        })
    }
}

fn now() -> UnixSeconds {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    UnixSeconds(i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use scaleiq_core::sample::RawSample;
    use scaleiq_core::units::Jobs;

    #[test]
    fn a_sample_without_jobs_gets_those_seen_at_its_end_and_no_others() {
        let raw = RawSample { time: 1e9, interval_s: 10.0, ..RawSample::default() };
        let sample = raw.gate().unwrap().sample;
        let pool = PoolWatch::default();
        let now = Moment { wall: UnixSeconds(sample.end.0 - 100), ours: sample.end };
        assert_eq!(pool.complete(sample, now), sample);
        pool.saw(sample.end.plus(-80), PoolReading { ready: Jobs(7), starting: Jobs(2) });
        let complete = pool.complete(sample, now);
        assert_eq!((complete.jobs_ready, complete.jobs_starting), (Some(Jobs(7)), Some(Jobs(2))));
        let told = Sample { jobs_ready: Some(Jobs(3)), ..sample };
        assert_eq!(pool.complete(told, now), told);
        let old = Sample { end: sample.end.plus(-60), ..sample };
        assert_eq!(pool.complete(old, now), old);
    }
}
