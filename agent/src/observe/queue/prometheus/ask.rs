//! A server that is asked in PromQL: for what is, and at the start for what was.

use super::Named;
use crate::observe::probe::{Answer, ProbeError};
use crate::observe::promql::Server;
use crate::observe::queue::{Amount, QueueProbe, QueueReading};
use scaleiq_core::sample::RawSample;
use scaleiq_core::units::UnixSeconds;
use std::collections::BTreeMap;

/// Puts what a query gives into a sample.
type Put = fn(&mut RawSample, f64);

/// Asks a server.
#[derive(Debug)]
pub(super) struct Asked {
    server: Server,
    named: Named<String>,
    /// Seconds of a sample of the past.
    step_s: i64,
}

impl Asked {
    pub(super) fn new(server: Server, named: Named<String>, step_s: i64) -> Self {
        Self { server, named, step_s }
    }

    /// What a query is now; `None` also without a query.
    async fn now(&self, query: Option<&String>) -> Result<Option<f64>, ProbeError> {
        match query {
            Some(query) => self.server.now(query).await,
            None => Ok(None),
        }
    }

    async fn reading(&self) -> Result<QueueReading, ProbeError> {
        let rate = |rate: Option<f64>| {
            rate.map_or(Amount::Unknown, |events| Amount::Over { events, seconds: 1.0 })
        };
        let named = &self.named;
        Ok(QueueReading {
            arrived: rate(self.now(named.arrived.as_ref()).await?),
            processed: rate(self.now(named.processed.as_ref()).await?),
            waiting: self.now(named.waiting.as_ref()).await?,
            in_progress: self.now(named.in_progress.as_ref()).await?,
            work_ms: self.now(named.work.as_ref()).await?,
            jobs_ready: self.now(named.jobs_ready.as_ref()).await?,
        })
    }

    async fn history(
        &self,
        from: UnixSeconds,
        to: UnixSeconds,
    ) -> Result<Vec<RawSample>, ProbeError> {
        // By the server's clock, whatever ours is.
        let ahead_s = self.server.clock().await?.since(to);
        let to = to.plus(ahead_s).0 / self.step_s * self.step_s;
        let first = (from.plus(ahead_s).0 / self.step_s + 1) * self.step_s;
        let span = [UnixSeconds(first), UnixSeconds(to)];
        let named = &self.named;
        let mut moments: BTreeMap<UnixSeconds, RawSample> = BTreeMap::new();
        let fields: [(&Option<String>, Put); 6] = [
            (&named.arrived, |sample, rate| sample.logged_events = Some(rate * sample.interval_s)),
            (&named.processed, |sample, rate| {
                sample.processed_events = Some(rate * sample.interval_s);
            }),
            (&named.waiting, |sample, events| sample.unprocessed_events = Some(events)),
            (&named.in_progress, |sample, events| {
                if let Some(waiting) = &mut sample.unprocessed_events {
                    *waiting += events;
                }
            }),
            (&named.work, |sample, ms| sample.avg_processing_ms = Some(ms)),
            (&named.jobs_ready, |sample, jobs| sample.jobs_ready = Some(jobs)),
        ];
        for (query, put) in fields {
            let Some(query) = query else { continue };
            for (at, value) in self.server.then(query, span, self.step_s).await? {
                let sample = moments.entry(at).or_insert_with(|| RawSample {
                    time: at.plus(-ahead_s).0 as f64,
                    interval_s: self.step_s as f64,
                    ..RawSample::default()
                });
                put(sample, value);
            }
        }
        let mut samples: Vec<RawSample> = moments.into_values().collect();
        if named.arrived.is_none() {
            derive_arrivals(&mut samples);
        }
        Ok(samples)
    }
}

/// Fills in what arrived: what was processed, and what the backlog grew by since the sample before.
fn derive_arrivals(samples: &mut [RawSample]) {
    let mut before: Option<RawSample> = None;
    for sample in samples {
        let last =
            before.replace(*sample).filter(|last| sample.time - last.time == sample.interval_s);
        let grown =
            last.and_then(|last| Some(sample.unprocessed_events? - last.unprocessed_events?));
        let arrived = sample.processed_events.zip(grown).map(|(done, grown)| done + grown);
        sample.logged_events = arrived.map(|arrived| arrived.max(0.0));
    }
}

impl QueueProbe for Asked {
    fn read(&mut self) -> Answer<'_, QueueReading> {
        Box::pin(self.reading())
    }

    fn past(&mut self, from: UnixSeconds, to: UnixSeconds) -> Answer<'_, Vec<RawSample>> {
        Box::pin(self.history(from, to))
    }
}
